"""The steps of a sweep: how latency rises with the offered rate."""

from ragmeter.core.result import RunResult, Step
from ragmeter.report.curve import ttft_over_rate
from ragmeter.report.format import count, figure, quantity
from ragmeter.report.markup import Html, element
from ragmeter.report.scorecard.layout import Row, section, table

_HEAD = (
    "Step",
    "Rate asked",
    "Sent",
    "Requests",
    "Failed",
    "Tokens out",
    "TTFT p50",
    "TTFT p95",
    "TPOT p50",
    "Latency p95",
    "Most in flight",
)


def sweep(result: RunResult, ident: str) -> Html | None:
    if not result.steps:
        return None
    title = "Time to first token over the rate"
    drawing = ttft_over_rate(result.steps, title=title, ident=f"{ident}-sweep")
    caption = element("figcaption", "TTFT p50 (solid) and p95 (dashed), ms, by the rate asked, requests per second")
    return section(
        "Steps of the sweep",
        None if drawing is None else element("figure", caption, drawing),
        table("Figures of each step", _HEAD, map(_row, result.steps), numbers_from=1, hide_caption=True),
        lead="Each step begins when the one before has ended; few random starts are off the rate asked by chance. The "
        "SLOs are judged over all steps together.",
    )


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
