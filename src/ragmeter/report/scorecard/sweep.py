"""The steps of a sweep: how latency rises with the offered rate."""

from ragmeter.core.result import RunResult, Step
from ragmeter.report.format import count, figure, quantity
from ragmeter.report.markup import Html
from ragmeter.report.scorecard.layout import Row, section, table

_HEAD = (
    "Step",
    "Rate asked",
    "Achieved",
    "Requests",
    "Failed",
    "Tokens out",
    "TTFT p50",
    "TTFT p95",
    "TPOT p50",
    "Latency p95",
    "Most in flight",
)


def sweep(result: RunResult) -> Html | None:
    if not result.steps:
        return None
    return section(
        "Steps of the sweep",
        table("Figures of each step", _HEAD, map(_row, result.steps), numbers_from=1, hide_caption=True),
        lead="Each step begins when the one before has ended. The SLOs are judged over all steps together.",
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
