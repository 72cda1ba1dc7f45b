"""TTFT breakdown: two waterfalls, the mean and the tail, that each add up; and the stages that spans told."""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from ragmeter.core.figures.stages import Stage
from ragmeter.core.result.result import RunResult
from ragmeter.core.verdicts.records import Outcome
from ragmeter.report.html.charts import waterfall_bar
from ragmeter.report.html.layout import section, stacked, table
from ragmeter.report.html.scale import Scale
from ragmeter.report.words.breakdown import beside_waterfall, between
from ragmeter.report.words.format import count, percent, quantity
from ragmeter.report.words.markup import Html, element
from ragmeter.report.words.naming import stage_label
from ragmeter.report.words.service.spans import SPAN_HEAD, span_rows, span_sentences

_BASIS: Final = {
    "server": "reported by the server",
    "client": "measured by the client's kernel",
    "probe": "measured by the east-west probe",
    "histogram": "measured by the server's histogram",
    "bounded": "bounded by the server's histogram",
    "remainder": "inferred: what remains",
}


def waterfall(result: RunResult, ident: str) -> Html | None:
    at = result.attribution
    if at is None or result.outcome is Outcome.INVALID:
        return None
    means = _table(f"Mean of {count(at.n)} requests", at.stages, at.ttft_mean_ms, f"{ident}-mean")
    tail = None
    if at.tail is not None and at.tail_ttft_mean_ms is not None:
        tail = _table("Mean of the slowest 5 %", at.tail, at.tail_ttft_mean_ms, f"{ident}-tail")
    return section(
        "TTFT breakdown",
        element("div", means, tail, class_="waterfalls"),
        lead=" ".join(f"{said[:1].upper()}{said[1:]}." for said in beside_waterfall(at)),
    )


def spans(result: RunResult) -> Html | None:
    at = result.traced
    if at is None:
        return None
    rows = span_rows(at)
    return section(
        "Stages from spans",
        *(element("p", f"{words[:1].upper()}{words[1:]}.") for words in span_sentences(at)),
        table("Stages from spans", SPAN_HEAD, rows, hide_caption=True, numbers_from=1) if rows else None,
        lead=(
            "Means over the requests that have the stage, by the OpenTelemetry spans that came during the run. Each "
            "moment counts for the innermost span that it is in; times of two machines are never subtracted."
        ),
    )


def _table(caption: str, stages: Sequence[Stage], total_ms: float, ident: str) -> Html | None:
    rows = [*_rows(stages, total_ms, ident), ("Client's TTFT", "", quantity(total_ms, "ms"), percent(1))]
    return table(caption, ("Stage", "", "Mean", "Share"), rows, numbers_from=2, kind="waterfall")


def _scale(ends_ms: Sequence[float]) -> Scale:
    """From 0 to the TTFT, and as far beyond as a remainder below 0 reaches."""
    low, high = min(ends_ms), max(ends_ms)
    return Scale(low=low, high=high if high > low else low + 1.0)


def _rows(stages: Sequence[Stage], total_ms: float, ident: str) -> Iterator[tuple[str, ...]]:
    starts = list(accumulate((stage.mean_ms for stage in stages), initial=0.0))
    scale = _scale([*starts, total_ms])
    for stage, start_ms in zip(stages, starts, strict=False):
        yield (
            stacked(stage_label(stage), _BASIS[stage.basis]),
            waterfall_bar(stage, start_ms, scale, ident=f"{ident}-{stage.name}"),
            stacked(quantity(stage.mean_ms, "ms"), between(stage)),
            percent(stage.share_ratio),
        )
