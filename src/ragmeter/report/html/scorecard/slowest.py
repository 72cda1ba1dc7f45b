"""The slowest requests: when they were, where their time went, and the traces to open."""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Final

from ragmeter.core.figures.attribution import DECODE
from ragmeter.core.figures.slowest import SHOWN, SlowRequest
from ragmeter.core.figures.stages import Stage
from ragmeter.core.result.result import RunResult
from ragmeter.core.urls import is_web_address
from ragmeter.report.html import svg
from ragmeter.report.html.layout import code, section, stacked, table
from ragmeter.report.html.scale import Scale
from ragmeter.report.words.format import UNKNOWN, count, percent, quantity
from ragmeter.report.words.markup import Html, element, join
from ragmeter.report.words.naming import stage_label
from ragmeter.report.words.service.serving import meanwhile

Column = tuple[str, Callable[[SlowRequest], str]]


def slowest(result: RunResult, ident: str) -> Html | None:
    found = result.slowest
    if not found:
        return None
    scale = Scale(low=0.0, high=max(one.elapsed_ms for one in found) or 1.0)
    columns = _columns(found, scale, ident)
    rows = [[cell(one) for _, cell in columns] for one in found]
    head = [title for title, _ in columns]
    return section(
        "Slowest requests",
        table("Slowest requests", head, rows, hide_caption=True, kind="slowest"),
        lead=_lead(result),
    )


def _columns(found: Sequence[SlowRequest], scale: Scale, ident: str) -> list[Column]:
    columns: list[Column] = [
        ("Request", _request),
        ("Sent at", lambda one: quantity(round(one.t_s, 3), "s")),
        ("TTFT", lambda one: _ranked(one.ttft_ms, one.ttft_rank)),
        ("End-to-end", lambda one: _ranked(one.elapsed_ms, one.elapsed_rank)),
        ("Tokens", _tokens),
        ("Where the time went", lambda one: _stages(one, scale, f"{ident}-slow{one.ttft_rank}-{one.elapsed_rank}")),
    ]
    traced = any(one.trace_id for one in found)
    return [*columns, ("Trace", _trace)] if traced else columns


def _lead(result: RunResult) -> str:
    listed, traced = len(result.slowest), sum(one.trace_id is not None for one in result.slowest)
    traces = f"{count(traced)} of the {count(listed)} name their trace"
    if traced in (0, listed):
        traces = "each names its trace" if traced else "none of them names a trace"
    return (
        f"Up to {SHOWN} by the time to first token and {SHOWN} by end-to-end latency, of "
        f"{count(result.measured_requests)} measured, failed ones included; {traces}. A bar is the end-to-end latency "
        "of a request: the largest part of the wait for the first token in full colour, decoding hollow."
        + (_MEANWHILE if any(one.meanwhile for one in result.slowest) else "")
    )


_MEANWHILE: Final = " What the servers did meanwhile is the largest of their readings until the first token."


def _request(one: SlowRequest) -> Html:
    return stacked(f"no. {one.index}", f"trial {one.trial + 1}, prompt {one.prompt_index}")


def _ranked(value_ms: float | None, rank: int | None) -> Html:
    return stacked(quantity(value_ms, "ms"), None if rank is None else f"rank {rank}")


def _tokens(one: SlowRequest) -> Html:
    if one.output_tokens is None and one.prompt_tokens is None:
        return join(UNKNOWN)
    return stacked(f"{count(one.output_tokens)} out", f"{count(one.prompt_tokens)} in")


def _stages(one: SlowRequest, scale: Scale, ident: str) -> Html:
    wait = [stage for stage in one.stages if stage.name != DECODE]
    chief = max(wait, key=lambda stage: stage.mean_ms)
    waited_ms = sum(stage.mean_ms for stage in wait)
    share = f", {percent(chief.mean_ms / waited_ms)} of the wait" if waited_ms > chief.mean_ms else ""
    words = f"{stage_label(chief)} {quantity(chief.mean_ms, 'ms')}{share}"
    failed = None if one.error is None else element("strong", f"{one.error.replace('_', ' ')}: ")
    told = element("p", f"Servers meanwhile: {meanwhile(one.meanwhile)}") if one.meanwhile else None
    return join(_bar(one, chief, scale, words, ident), element("p", failed, words), told)


def _bar(one: SlowRequest, chief: Stage, scale: Scale, words: str, ident: str) -> Html:
    starts = accumulate((stage.mean_ms for stage in one.stages), initial=0.0)
    boxes = (_box(stage, start, scale, _kind(stage, chief)) for stage, start in zip(one.stages, starts, strict=False))
    parts = (f"{stage.label} {quantity(stage.mean_ms, 'ms')}" for stage in one.stages)
    return svg.chart(
        *boxes, title=words, description=f"{', '.join(parts)}.", height=14, ident=ident, kind="chart strip"
    )


def _kind(stage: Stage, chief: Stage) -> str:
    return "decoding" if stage.name == DECODE else "chief" if stage is chief else "stage"


def _box(stage: Stage, start_ms: float, scale: Scale, kind: str) -> Html:
    """A remainder below 0 runs backwards."""
    start, end = sorted((scale.share(start_ms), scale.share(start_ms + stage.mean_ms)))
    hint = svg.hint(f"{stage_label(stage)}: {quantity(stage.mean_ms, 'ms')}")
    return svg.box(start, end, 1, 12, hint, kind=kind)


_NEW_PAGE: Final = {"target": "_blank", "rel": "noopener noreferrer"}


def _trace(one: SlowRequest) -> Html:
    """The id to copy, and a link to it where the tracer's address is known."""
    if one.trace_id is None:
        return join()
    named = code(one.trace_id)
    if one.trace_url is not None and is_web_address(one.trace_url):
        return element("a", named, href=one.trace_url, **_NEW_PAGE)
    return named
