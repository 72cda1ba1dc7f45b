"""The steps of a sweep: how latency rises with the offered rate."""

from ragmeter.core.requests.figure import metric_label
from ragmeter.core.result.result import RunResult
from ragmeter.core.stats.estimate import Estimate
from ragmeter.core.verdicts.records import SloVerdict
from ragmeter.core.verdicts.step_verdicts import outcomes_by_rate, sweep_sentence
from ragmeter.core.verdicts.steps import Step
from ragmeter.report.html.curve import ttft_over_rate
from ragmeter.report.html.layout import Row, badge, code, section, stacked, table
from ragmeter.report.words.format import UNKNOWN, count, figure, interval, quantity, unit_of
from ragmeter.report.words.markup import Html, element, join

_HEAD = (
    "Step",
    "Offered rate",
    "Sent",
    "Requests",
    "Failed",
    "Tokens out",
    "TTFT p50",
    "TTFT p95",
    "TPOT p50",
    "Latency p95",
    "Peak concurrency",
)


def sweep(result: RunResult, ident: str) -> Html | None:
    if not result.steps:
        return None
    title = "Time to first token over the rate"
    outcomes = outcomes_by_rate(result.verdicts)
    drawing = ttft_over_rate(result.steps, title=title, ident=f"{ident}-sweep", outcomes=outcomes)
    marks = "; hollow where an SLO is not met" if outcomes else ""
    caption = element(
        "figcaption", f"TTFT p50 (solid) and p95 (dashed), ms, by the offered rate, requests per second{marks}"
    )
    return section(
        "Steps of the sweep",
        None if drawing is None else element("figure", caption, drawing),
        table("Figures of each step", _HEAD, map(_row, result.steps), numbers_from=1, hide_caption=True),
        _quality(result),
        _verdicts(result),
        lead=_lead(result),
    )


def _lead(result: RunResult) -> str:
    found = sweep_sentence(result.verdicts)
    said = "" if found is None else f"{found[:1].upper()}{found[1:]}. "
    rule = "Each step begins when the one before has ended; few random starts are off the offered rate by chance."
    return f"{said}{rule}"


def _quality(result: RunResult) -> Html | None:
    """A row for each step, a column for each figure of quality that any of them has."""
    names = list(dict.fromkeys(name for at in result.steps for name in at.quality))
    if not names:
        return None
    rows = (
        (str(at.step + 1), quantity(at.rate_per_s, "/s"), *(_known(name, at.quality.get(name)) for name in names))
        for at in result.steps
    )
    return table("Passages and answers at each step", ("Step", "Offered rate", *map(metric_label, names)), rows)


def _known(name: str, at: Estimate | None) -> Html | str:
    if at is None:
        return UNKNOWN
    return stacked(figure(name, at.value), f"{interval(at, unit_of(name))}, n = {count(at.n)}")


def _verdicts(result: RunResult) -> Html | None:
    """A row for each step, a column for each SLO: what it is there, and its outcome."""
    judged = [verdict for verdict in result.verdicts if verdict.steps]
    if not judged:
        return None
    rows = (
        (str(at.step + 1), quantity(at.rate_per_s, "/s"), *(_at_step(verdict, at.step) for verdict in judged))
        for at in result.steps
    )
    head = ("Step", "Offered rate", *(code(verdict.slo) for verdict in judged))
    return table("SLOs at each step", head, rows)


def _at_step(verdict: SloVerdict, step: int) -> Html | str:
    at = next((at for at in verdict.steps if at.step == step), None)
    if at is None:
        return "not of this step"
    known = Estimate(value=at.value, low=at.low, high=at.high, n=at.n, enough=True)
    basis = f"{interval(known, unit_of(verdict.metric))}, n = {count(at.n)}"
    return stacked(join(badge(at.outcome), " ", figure(verdict.metric, at.value)), basis)


def _row(at: Step) -> Row:
    latencies = (at.ttft_p50_ms, at.ttft_p95_ms, at.tpot_p50_ms, at.latency_p95_ms)
    return (
        str(at.step + 1),
        quantity(at.rate_per_s, "/s"),
        quantity(at.achieved_rate_per_s, "/s"),
        count(at.requests),
        count(at.errors),
        figure("output_tokens_per_s", at.output_tokens_per_s),
        *(figure("_ms", value) for value in latencies),
        count(at.peak_concurrency),
    )
