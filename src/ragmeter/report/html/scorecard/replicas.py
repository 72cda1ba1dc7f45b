"""The replicas of a service side by side."""

from ragmeter.core.figures.replicas import LEAST_REQUESTS, MEASURES, SHOWN, Ratio, Replica
from ragmeter.core.requests.figure import metric_short
from ragmeter.core.result.result import RunResult
from ragmeter.report.html.layout import code, section, stacked, table
from ragmeter.report.words.format import UNKNOWN, count, quantity
from ragmeter.report.words.markup import Html, element, join
from ragmeter.report.words.service.replicas import ratio_words

_METRICS = tuple(MEASURES)


def replicas(result: RunResult) -> Html | None:
    if not result.replicas:
        return None
    head = ["Replica", "Requests", "Failed", "TTFT p50", "TTFT p95", "TPOT p50"]
    head += [f"{metric_short(metric)} beside its siblings" for metric in _METRICS]
    return section(
        "Replicas",
        table("Replicas", head, [_row(each) for each in result.replicas], hide_caption=True),
        lead=(
            f"Those with the most requests, {SHOWN} at most. Each is compared with all of its siblings in the same "
            f"stretches of the run, from {LEAST_REQUESTS} successes on; the intervals hold for the whole table at once."
        ),
    )


def _row(each: Replica) -> list[Html]:
    return [
        join(code(each.name)),
        join(count(each.requests)),
        join(count(each.failed)),
        join(quantity(each.ttft_p50_ms, "ms")),
        join(quantity(each.ttft_p95_ms, "ms")),
        join(quantity(each.tpot_p50_ms, "ms")),
        *(_ratio(each.ratios.get(metric)) for metric in _METRICS),
    ]


def _ratio(ratio: Ratio | None) -> Html:
    if ratio is None:
        return join(UNKNOWN)
    change, span = ratio_words(ratio)
    return stacked(element("strong", f"{change}, slower") if ratio.is_slower else change, span)
