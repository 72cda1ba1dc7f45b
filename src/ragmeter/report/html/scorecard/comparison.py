"""Several runs side by side: figures with intervals, and configuration differences. It names no winner."""

from collections.abc import Sequence
from typing import Any, Final, Literal

from ragmeter.core.money.cost import Cost
from ragmeter.core.result.result import RunResult
from ragmeter.core.stats.estimate import Estimate
from ragmeter.report.html.charts import estimate_strip
from ragmeter.report.html.layout import Row, badge, code, section, stacked, table
from ragmeter.report.html.scale import Scale, fitting
from ragmeter.report.words.format import (
    TOO_SMALL,
    UNKNOWN,
    Unit,
    figure,
    interval,
    quantity,
    shown,
    unit_of,
    unit_of_all,
)
from ragmeter.report.words.markup import Html, element, join
from ragmeter.report.words.naming import run_name

_NOT_AN_IDENTITY: Final = frozenset({"provider", "timestamp"})


def comparison(results: Sequence[RunResult], ident: str) -> Html:
    return section(
        "Runs in this report",
        table("Figures of each run", _HEAD, _rows(results, ident), hide_caption=True, kind="comparison"),
        _differences(results),
        lead="Figures with their intervals; none is ranked here. Runs that were interleaved in one session have a "
        "page that compares them; runs made one after another are no paired comparison.",
        of_page=True,
    )


_HEAD: Final = (
    "Run",
    "Outcome",
    "TTFT p50",
    "TTFT p95",
    "",
    "TPOT p50",
    "End-to-end p95",
    "Throughput",
    "Good",
    "Errors",
    "Per 1M tokens",
)


def _rows(results: Sequence[RunResult], ident: str) -> list[Row]:
    scale = _ttft_scale(results)
    return [_row(result, scale, f"{ident}-run{index}", index) for index, result in enumerate(results, start=1)]


def _ttft_scale(results: Sequence[RunResult]) -> Scale | None:
    found = (at for result in results if (at := _ttft_p95(result)) is not None)
    ends = [end for at in found for end in (at.low, at.value, at.high) if end is not None]
    return fitting(ends, from_zero=True) if ends else None


def _ttft_p95(result: RunResult) -> Estimate | None:
    """None of a sweep: its steps pooled are a figure of no load."""
    figures = None if result.steps else result.estimates.get("ttft_ms")
    return figures.p95 if figures else None


def _row(result: RunResult, scale: Scale | None, ident: str, index: int) -> Row:
    return (
        element("a", run_name(result), href=f"#ragmeter-{index}"),
        badge(result.outcome),
        _latency_cell(result, "ttft_ms", "p50"),
        _latency_cell(result, "ttft_ms", "p95"),
        _strip(_ttft_p95(result), scale, run_name(result), ident),
        _latency_cell(result, "tpot_ms", "p50"),
        _latency_cell(result, "e2e_ms", "p95"),
        *(
            _cell(result.rates.get(name), unit_of(name))
            for name in ("output_tokens_per_s", "good_ratio", "error_ratio")
        ),
        _price(result.cost),
    )


def _price(at: Cost | None) -> str:
    if at is None:
        return UNKNOWN
    return (
        figure("usd_per_1m_tokens", at.usd_per_1m_tokens) if at.withheld is None else stacked("withheld", at.withheld)
    )


def _strip(at: Estimate | None, scale: Scale | None, name: str, ident: str) -> str:
    if at is None or at.value is None or scale is None:
        return ""
    return estimate_strip(at, scale, "ms", title=f"TTFT p95 of {name}", ident=ident)


def _latency_cell(result: RunResult, name: str, statistic: Literal["p50", "p95"]) -> Html:
    figures = result.estimates.get(name)
    if result.steps:
        return join("each step apart")
    if figures is None:
        return join(UNKNOWN)
    return _cell(figures.p50 if statistic == "p50" else figures.p95, unit_of_all(figures))


def _cell(at: Estimate | None, unit: Unit) -> Html:
    if at is None or at.value is None:
        return join(UNKNOWN)
    return stacked(quantity(at.value, unit), interval(at, unit) if at.enough else TOO_SMALL)


def _differences(results: Sequence[RunResult]) -> Html | None:
    """What is not the same in all runs and could explain a difference in their figures."""
    compared = [_identity(result) for result in results]
    keys = dict.fromkeys(key for identity in compared for key in identity)
    rows = [
        (code(key), *(shown(identity.get(key)) for identity in compared))
        for key in keys
        if len({shown(identity.get(key)) for identity in compared}) > 1
    ]
    head = ("Field", *(run_name(result) for result in results))
    return table("Configuration differences", head, rows, kind="wide") if rows else None


def _identity(result: RunResult) -> dict[str, Any]:
    metadata = {key: value for key, value in result.run_metadata.items() if key not in _NOT_AN_IDENTITY}
    return {
        "workload_manifest_hash": result.workload_manifest_hash,
        "definitions_version": result.definitions_version,
        "ragmeter_version": result.ragmeter_version,
        "seed": result.seed,
        **metadata,
    }
