"""What a capacity search has found: latency over throughput, the load that held, and every step."""

from typing import Final

from ragmeter.core.result.result import RunResult
from ragmeter.core.verdicts.capacity import Capacity, CapacityStep, Tried
from ragmeter.report.html import svg
from ragmeter.report.html.layout import Row, section, stacked, table
from ragmeter.report.html.scale import Scale, fitting, labelled
from ragmeter.report.words.format import count, interval, number, quantity
from ragmeter.report.words.markup import Html, element

_WORDS: Final = {Tried.HELD: "held", Tried.FAILED: "did not", Tried.UNDECIDED: "undecided", Tried.INVALID: "invalid"}
_BADGES: Final = {Tried.HELD: "pass", Tried.FAILED: "fail", Tried.UNDECIDED: "inconclusive", Tried.INVALID: "invalid"}
_TOP: Final = 12
_PLOT: Final = 180


def capacity(result: RunResult, ident: str) -> Html | None:
    found = result.capacity
    if found is None:
        return None
    return section(
        "Capacity",
        _curve(found, f"{ident}-capacity"),
        table("Steps of the search", _head(found), map(_row, found.steps), numbers_from=1, hide_caption=True),
        lead=f"{found.sentence[:1].upper()}{found.sentence[1:]}.",
    )


def _curve(found: Capacity, ident: str) -> Html | None:
    """TTFT p95 over the throughput that was reached; filled where the load held, hollow where it did not."""
    points = [
        (at.requests_per_s, at.ttft_p95_ms, at)
        for at in found.steps
        if at.requests_per_s is not None and at.ttft_p95_ms is not None
    ]
    if len(points) < 2:
        return None
    across = fitting([x for x, _, _ in points], from_zero=True)
    up = fitting([y for _, y, _ in points], from_zero=True)
    knee = [x for x, _, at in points if at.level == found.held]
    drawing = svg.chart(
        *(svg.level(_height(value, up), kind="grid") for value, _ in labelled(up, "ms")),
        *(_knee(across.share(x)) for x in knee[-1:]),
        *(_point(x, y, at, across, up) for x, y, at in points),
        svg.horizontal_axis(across, _TOP + _PLOT, labelled(across, "/s")),
        title="Time to first token, p95, over throughput",
        description=f"{len(points)} steps. {found.sentence}.",
        height=_TOP + _PLOT + 22,
        ident=ident,
    )
    words = (svg.label(words, 1, _height(value, up) + 4, kind="tick") for value, words in labelled(up, "ms"))
    axis = element("svg", *words, class_="chart", aria_hidden="true", width=44, height=_TOP + _PLOT + 32)
    caption = element("figcaption", "TTFT p95, ms, by requests per second that were answered")
    return element("figure", caption, element("div", axis, drawing, class_="with-axis"))


def _height(value: float, up: Scale) -> float:
    return _TOP + (1 - up.share(value)) * _PLOT


def _knee(share: float) -> Html:
    line = svg.upright(share, _TOP, _TOP + _PLOT, kind="bound")
    return element("g", line, svg.label("highest that held", share, _TOP, kind="value halo", near=0.2))


def _point(x: float, y: float, at: CapacityStep, across: Scale, up: Scale) -> Html:
    kind = "mark" if at.tried is Tried.HELD else "mark hollow"
    spoken = f"{_level(at)}: {_WORDS[at.tried]}, TTFT p95 {quantity(y, 'ms')}"
    return element("g", svg.hint(spoken), svg.dot(across.share(x), _height(y, up), kind=kind, radius=4))


def _head(found: Capacity) -> Row:
    load = "Rate, requests/s" if found.unit == "requests/s" else "Requests in flight"
    return (load, "Held", "Good requests", "Requests", "Answered", "TTFT p50", "TTFT p95", "Output")


def _level(at: CapacityStep) -> str:
    return count(int(at.level)) if at.level == int(at.level) else number(at.level)


def _row(at: CapacityStep) -> Row:
    return (
        _level(at),
        element("span", _WORDS[at.tried], class_=f"badge {_BADGES[at.tried]}"),
        stacked(quantity(at.good_ratio.value, "ratio"), interval(at.good_ratio, "ratio")),
        count(at.requests),
        quantity(at.requests_per_s, "/s"),
        quantity(at.ttft_p50_ms, "ms"),
        quantity(at.ttft_p95_ms, "ms"),
        quantity(at.output_tokens_per_s, "tokens/s"),
    )
