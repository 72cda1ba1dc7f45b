"""Latency over the offered rate, drawn from the steps of a sweep."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from ragmeter.core.verdicts.records import Outcome
from ragmeter.core.verdicts.step_verdicts import held_per_s
from ragmeter.core.verdicts.steps import Step
from ragmeter.report.html import svg
from ragmeter.report.html.scale import Scale, fitting, labelled
from ragmeter.report.words.format import quantity
from ragmeter.report.words.markup import Html, element, join

_TOP: Final = 10
_PLOT: Final = 180
_LINES: Final[dict[str, Callable[[Step], float | None]]] = {
    "p50": lambda step: step.ttft_p50_ms,
    "p95": lambda step: step.ttft_p95_ms,
}


def ttft_over_rate(steps: Sequence[Step], *, title: str, ident: str, outcomes: Mapping[float, Outcome]) -> Html | None:
    """TTFT p50 (solid) and p95 (dashed) at each rate that was asked for. None when no step had a success.

    outcomes: of the SLOs at each rate: spots are hollow where one of them did not pass, and the highest rate up to
    which all did is marked.
    """
    lines = {name: [(step, ms) for step in steps if (ms := of(step)) is not None] for name, of in _LINES.items()}
    values = [ms for line in lines.values() for _, ms in line]
    if not values:
        return None
    across = fitting([step.rate_per_s for step in steps], from_zero=True)
    up = fitting(values, from_zero=True)
    drawing = svg.chart(
        *(svg.level(_height_of(value, up), kind="grid") for value, _ in labelled(up, "ms")),
        *_held(held_per_s(outcomes), across),
        *(_line(name, line, across, up, outcomes) for name, line in lines.items()),
        svg.horizontal_axis(across, _TOP + _PLOT, labelled(across, "/s")),
        title=title,
        description="; ".join(_spoken(step) for step in steps) + ".",
        height=_TOP + _PLOT + 22,
        ident=ident,
    )
    return element("div", _vertical_axis(up), drawing, class_="with-axis")


def _held(rate_per_s: float | None, across: Scale) -> Iterator[Html]:
    if rate_per_s is not None:
        share = across.share(rate_per_s)
        yield svg.upright(share, _TOP, _TOP + _PLOT, kind="bound")
        yield svg.label("SLOs met up to here", share, _TOP, kind="value halo", near=0.2)


def _line(
    name: str, line: Sequence[tuple[Step, float]], across: Scale, up: Scale, outcomes: Mapping[float, Outcome]
) -> Html:
    """The path, a spot at each step, and the name at its end: that of p50 below, that of p95 above."""
    ordered = sorted((across.share(step.rate_per_s), ms, _kind(step, outcomes)) for step, ms in line)
    shares = [(share, 1 - up.share(ms)) for share, ms, _ in ordered]
    kind = f"steps {name}"
    end, end_ms, _ = ordered[-1]
    return join(
        svg.line(shares, _TOP, _PLOT, kind=kind),
        *(svg.dot(share, _height_of(ms, up), kind=mark) for share, ms, mark in ordered),
        svg.label(name, end, _height_of(end_ms, up) + (16 if name == "p50" else -8), kind="value halo"),
    )


def _kind(step: Step, outcomes: Mapping[float, Outcome]) -> str:
    return "mark" if outcomes.get(step.rate_per_s, Outcome.PASS) is Outcome.PASS else "mark hollow"


def _height_of(value: float, up: Scale) -> float:
    return _TOP + (1 - up.share(value)) * _PLOT


def _vertical_axis(up: Scale) -> Html:
    words = (svg.label(words, 1, _height_of(value, up) + 4, kind="tick") for value, words in labelled(up, "ms"))
    return element("svg", *words, class_="chart", aria_hidden="true", width=44, height=_TOP + _PLOT + 22)


def _spoken(step: Step) -> str:
    p50, p95 = quantity(step.ttft_p50_ms, "ms"), quantity(step.ttft_p95_ms, "ms")
    return f"at {quantity(step.rate_per_s, '/s')}: p50 {p50}, p95 {p95}"
