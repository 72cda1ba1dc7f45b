"""Latency over the offered rate, drawn from the steps of a sweep."""

from collections.abc import Callable, Sequence
from typing import Final

from ragmeter.core.result import Step
from ragmeter.report import svg
from ragmeter.report.format import quantity
from ragmeter.report.markup import Html, element, join
from ragmeter.report.scale import Scale, fitting, labelled

_TOP: Final = 10
_PLOT: Final = 180
_LINES: Final[dict[str, Callable[[Step], float | None]]] = {
    "p50": lambda step: step.ttft_p50_ms,
    "p95": lambda step: step.ttft_p95_ms,
}


def ttft_over_rate(steps: Sequence[Step], *, title: str, ident: str) -> Html | None:
    """TTFT p50 (solid) and p95 (dashed) at each rate that was asked for. None when no step had a success."""
    lines = {name: [(step, ms) for step in steps if (ms := of(step)) is not None] for name, of in _LINES.items()}
    values = [ms for line in lines.values() for _, ms in line]
    if not values:
        return None
    across = fitting([step.rate_per_s for step in steps], from_zero=True)
    up = fitting(values, from_zero=True)
    drawing = svg.chart(
        *(svg.level(_height_of(value, up), kind="grid") for value, _ in labelled(up, "ms")),
        *(_line(name, line, across, up) for name, line in lines.items()),
        svg.horizontal_axis(across, _TOP + _PLOT, labelled(across, "/s")),
        title=title,
        description="; ".join(_spoken(step) for step in steps) + ".",
        height=_TOP + _PLOT + 22,
        ident=ident,
    )
    return element("div", _vertical_axis(up), drawing, class_="with-axis")


def _line(name: str, line: Sequence[tuple[Step, float]], across: Scale, up: Scale) -> Html:
    """The path, a spot at each step, and the name at its end: that of p50 below, that of p95 above."""
    ordered = sorted((across.share(step.rate_per_s), ms) for step, ms in line)
    shares = [(share, 1 - up.share(ms)) for share, ms in ordered]
    kind = f"steps {name}"
    end, end_ms = ordered[-1]
    return join(
        svg.line(shares, _TOP, _PLOT, kind=kind),
        *(svg.dot(share, _height_of(ms, up), kind="mark") for share, ms in ordered),
        svg.label(name, end, _height_of(end_ms, up) + (16 if name == "p50" else -8), kind="value halo"),
    )


def _height_of(value: float, up: Scale) -> float:
    return _TOP + (1 - up.share(value)) * _PLOT


def _vertical_axis(up: Scale) -> Html:
    words = (svg.label(words, 1, _height_of(value, up) + 4, kind="tick") for value, words in labelled(up, "ms"))
    return element("svg", *words, class_="chart", aria_hidden="true", width=44, height=_TOP + _PLOT + 22)


def _spoken(step: Step) -> str:
    p50, p95 = quantity(step.ttft_p50_ms, "ms"), quantity(step.ttft_p95_ms, "ms")
    return f"at {quantity(step.rate_per_s, '/s')}: p50 {p50}, p95 {p95}"
