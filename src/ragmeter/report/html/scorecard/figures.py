"""The main figures as tiles, and every estimate in one table."""

from collections.abc import Mapping
from typing import Final, TypeAlias

from ragmeter.core.compare.regression import Regression
from ragmeter.core.figures.series import Distribution
from ragmeter.core.figures.summary import PhaseFigures
from ragmeter.core.requests.figure import Figure, metric_label
from ragmeter.core.result.result import RunResult
from ragmeter.core.stats.estimate import Estimate
from ragmeter.report.html.layout import Row, code, folded, section, stacked, table
from ragmeter.report.html.scorecard.baseline import change_beside
from ragmeter.report.words.format import (
    TOO_SMALL,
    UNKNOWN,
    Unit,
    count,
    figure,
    interval,
    interval_name,
    quantity,
    span,
    unit_of,
    unit_of_all,
)
from ragmeter.report.words.markup import Html, element, join
from ragmeter.report.words.naming import counted_by, why_missing

_TILES_OF_LATENCY: Final = ("ttft_ms", "tpot_ms", "e2e_ms")
_TILES_OF_RATES: Final = ("output_tokens_per_s", "requests_per_s", "goodput_rps", "good_ratio", "error_ratio")


Gate: TypeAlias = Mapping[Figure, Regression]


def tiles(result: RunResult, gate: Gate) -> Html:
    """gate: the verdicts against the baseline, which stand below the figures that have one."""
    known = [(name, result.estimates[name]) for name in _TILES_OF_LATENCY if name in result.estimates]
    latencies = [_latency_tile(name, at, gate, why_missing(result, name)) for name, at in known]
    rates = [_rate_tile(result, name, gate) for name in _TILES_OF_RATES if name in result.rates]
    against = " Below it stands the change against the baseline." if gate else ""
    return section("Main figures", _grid(latencies, "tiles"), _grid(rates, "tiles small"), lead=_lead(result) + against)


def _grid(shown: list[Html], kind: str) -> Html | None:
    return element("div", *shown, class_=kind) if shown else None


def _lead(result: RunResult) -> str:
    example = next(iter(result.rates.values()), None) or next((at.p50 for at in result.estimates.values()), None)
    named = "" if example is None else f" Small print is the {interval_name(example)}."
    failed = f"{count(result.errors)} of {count(result.measured_requests)} measured requests failed"
    how = counted_by(result.token_source)
    counted = f" Tokens are {how}." if how else ""
    return f"Latencies are of the {count(result.success)} successes; {failed}.{counted}{named}"


def _latency_tile(name: str, at: Distribution, gate: Gate, why: str | None) -> Html:
    unit = unit_of_all(at)
    rows = (
        element(
            "tr",
            element("th", label, scope="row"),
            element("td", *_estimate_parts(estimate, unit), change_beside(gate.get(Figure(name, label)))),
        )
        for label, estimate in (("p50", at.p50), ("p95", at.p95), ("p99", at.p99))
    )
    return element(
        "div",
        element("h4", metric_label(name), " ", code(name)),
        element(
            "table", element("caption", f"{metric_label(name)}, n = {at.n}", class_="unseen"), element("tbody", *rows)
        ),
        element("p", f"n = {count(at.n)}", class_="n"),
        element("p", why, class_="n") if why else None,
        class_="tile",
    )


def _estimate_parts(at: Estimate, unit: Unit) -> tuple[Html, Html]:
    small = "no samples" if at.value is None else interval(at, unit) if at.enough else TOO_SMALL
    return element("span", quantity(at.value, unit), class_="main"), element("small", small)


def _rate_tile(result: RunResult, name: str, gate: Gate) -> Html:
    at = result.rates[name]
    unit = unit_of(name)
    return element(
        "div",
        element("h4", metric_label(name), " ", code(name)),
        element("p", *_big(quantity(at.value, unit)), class_="big"),
        element("p", interval(at, unit), class_="range"),
        change_beside(gate.get(Figure(name))),
        element("p", f"n = {count(at.n)}", "" if at.enough else f", {TOO_SMALL}", class_="n"),
        class_="tile",
    )


def _big(words: str) -> tuple[str, Html]:
    """The number large, its unit small."""
    digits, _, unit = words.partition(" ")
    return digits, element("small", f" {unit}")


def every_estimate(result: RunResult) -> Html:
    """All distributions, rates and phases: what the tiles leave out."""
    per_request = ("Metric", "n", "Mean", "p50", "p90", "p95", "p99", "Min", "Max")
    metrics = [_metric_row(*at) for at in result.estimates.items()]
    whole = [_whole_row(*at) for at in result.rates.items()]
    return folded(
        "All figures",
        table("Per-request metrics of the measured phase", per_request, metrics, numbers_from=1),
        table("Figures of the whole measured phase", ("Figure", "Value", "n"), whole, numbers_from=1, kind="compact"),
        _phases(result.phases),
    )


def _metric_row(name: str, at: Distribution) -> Row:
    unit = unit_of_all(at)
    stats = (at.mean, at.p50, at.p90, at.p95, at.p99)
    ends = (quantity(at.min, unit), quantity(at.max, unit))
    return (code(name), count(at.n), *(_estimate_cell(estimate, unit) for estimate in stats), *ends)


def _estimate_cell(at: Estimate, unit: Unit) -> Html:
    if at.value is None:
        return join(UNKNOWN)
    return stacked(quantity(at.value, unit), f"{interval(at, unit)}{'' if at.enough else f'; {TOO_SMALL}'}")


def _whole_row(name: str, at: Estimate) -> Row:
    return code(name), _estimate_cell(at, unit_of(name)), count(at.n)


def _phases(phases: dict[str, PhaseFigures]) -> Html | None:
    head = ("Phase", "Requests", "Success", "Errors", "Duration", "TTFT p50", "TTFT p95", "Latency p95", "Tokens out")
    return table("Figures of each phase", head, [_phase_row(*at) for at in phases.items()], numbers_from=1)


def _phase_row(name: str, at: PhaseFigures) -> Row:
    latencies = (figure("_ms", value) for value in (at.ttft_p50_ms, at.ttft_p95_ms, at.latency_p95_ms))
    counts = (count(at.requests), count(at.success), count(at.errors))
    return name, *counts, span(at.duration_seconds), *latencies, count(at.total_tokens)
