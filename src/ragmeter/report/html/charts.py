"""The charts of the scorecard."""

import math
from collections.abc import Sequence
from typing import Final

from ragmeter.core.figures.series import Distribution
from ragmeter.core.figures.slowest import SlowRequest
from ragmeter.core.figures.stages import Stage
from ragmeter.core.figures.summary import Point
from ragmeter.core.stats.estimate import Estimate
from ragmeter.core.verdicts.records import SloVerdict
from ragmeter.report.html import svg
from ragmeter.report.html.scale import Scale, fitting, labelled, spanning
from ragmeter.report.words.format import TOO_SMALL, Unit, interval, quantity
from ragmeter.report.words.markup import Html, element, join

_BARS_TOP: Final = 4
_BARS_HEIGHT: Final = 104
_ROW: Final = 32


def histogram(values: Sequence[float], figures: Distribution, unit: Unit, *, title: str, ident: str) -> Html:
    """How often each value came, with p50, p95 and p99 and their intervals on the same axis below."""
    marked = _marked(figures)
    scale = spanning([*values, *_ends(marked)])
    bins = _bins(values, scale)
    base = _BARS_TOP + _BARS_HEIGHT
    rows_top = base + 42
    return svg.chart(
        _bars(bins, scale, unit, base),
        svg.horizontal_axis(scale, base, labelled(scale, unit)),
        *(_quantile_row(name, at, scale, unit, rows_top + _ROW * row) for row, (name, at) in enumerate(marked)),
        title=title,
        description=_spoken(marked, len(values), unit),
        height=rows_top + _ROW * (len(marked) - 1) + 8,
        ident=ident,
    )


def quantiles(figures: Distribution, unit: Unit, *, title: str, ident: str) -> Html:
    """p50, p95 and p99 with their intervals, where there are no single values to draw."""
    marked = _marked(figures)
    scale = fitting(_ends(marked))
    axis_y = _ROW * len(marked) + 2
    return svg.chart(
        *(_quantile_row(name, at, scale, unit, 20 + _ROW * row) for row, (name, at) in enumerate(marked)),
        svg.horizontal_axis(scale, axis_y, labelled(scale, unit)),
        title=title,
        description=_spoken(marked, figures.n, unit),
        height=axis_y + 22,
        ident=ident,
    )


Marked = Sequence[tuple[str, Estimate]]


def _marked(figures: Distribution) -> Marked:
    named = (("p50", figures.p50), ("p95", figures.p95), ("p99", figures.p99))
    return [(name, at) for name, at in named if at.value is not None]


def _ends(marked: Marked) -> list[float]:
    return [end for _, at in marked for end in (at.low, at.value, at.high) if end is not None]


def _spoken(marked: Marked, n: int, unit: Unit) -> str:
    said = (f"{name} {quantity(at.value, unit)}, {interval(at, unit)}{_doubt(at)}" for name, at in marked)
    return f"{n} requests. {'; '.join(said)}."


def _doubt(at: Estimate) -> str:
    return "" if at.enough else f" ({TOO_SMALL})"


def _bins(values: Sequence[float], scale: Scale) -> list[int]:
    """Counts in bins of equal width on the axis; 2 · n^(1/3) of them (Rice's rule), within 8..40."""
    total = min(max(round(2 * math.cbrt(len(values))), 8), 40)
    counts = [0] * total
    for value in values:
        counts[min(int(scale.share(value) * total), total - 1)] += 1
    return counts


def _bars(bins: Sequence[int], scale: Scale, unit: Unit, base: float) -> Html:
    tallest = max(bins)
    return join(*(_bar(index, bins, scale, unit, base, tallest) for index, found in enumerate(bins) if found))


def _bar(index: int, bins: Sequence[int], scale: Scale, unit: Unit, base: float, tallest: int) -> Html:
    start, end = index / len(bins), (index + 1) / len(bins)
    height = max(bins[index] / tallest * _BARS_HEIGHT, 2)
    hint = f"{quantity(scale.at(start), unit)} to {quantity(scale.at(end), unit)}: {bins[index]}"
    return svg.box(start + 0.001, end - 0.001, base - height, height, svg.hint(hint), kind="bar")


def _quantile_row(name: str, at: Estimate, scale: Scale, unit: Unit, y: float) -> Html:
    """Words over whisker and dot; the dot is hollow where n is too small."""
    value = scale.low if at.value is None else at.value
    return join(
        svg.label(f"{name} {quantity(value, unit)}{_doubt(at)}", scale.share(value), y - 8, kind="value", near=0.25),
        _whisker(at, scale, y),
        svg.dot(scale.share(value), y, kind="mark" if at.enough else "mark hollow"),
    )


def _whisker(at: Estimate, scale: Scale, y: float) -> Html | None:
    """From low to high; dashed, and as long as the axis, where one of them is unbounded; none without an interval."""
    if at.low is None and at.high is None:
        return None
    start = 0.0 if at.low is None else scale.share(at.low)
    end = 1.0 if at.high is None else scale.share(at.high)
    bounded = at.low is not None and at.high is not None
    return svg.level(y, kind="whisker" if bounded else "whisker open", start=start, end=end)


_LANE: Final = 20
_PLOT: Final = 180


def over_time(
    points: Sequence[Point], slow: Sequence[SlowRequest], bound_ms: float | None, *, title: str, ident: str
) -> Html:
    """TTFT in ms of each success at its send time in s; failures are strokes in a lane of their own above.

    slow: are ringed, also where ``points`` leave them out.
    """
    good = [(point.t_s, point.ttft_ms) for point in points if point.error is None and point.ttft_ms is not None]
    ringed = [(one, one.ttft_ms) for one in slow if one.ttft_ms is not None]
    failed = [point.t_s for point in points if point.error is not None]
    across = spanning([0.0, *(point.t_s for point in points), *(one.t_s for one, _ in ringed)])
    marked = [ttft for _, ttft in ringed] + ([] if bound_ms is None else [bound_ms])
    up = fitting([ttft for _, ttft in good] + marked or [0.0, 1.0], from_zero=True)
    top = _LANE + 10
    drawing = svg.chart(
        svg.box(0, 1, 0, _LANE, kind="lane") if failed else None,
        svg.strokes((across.share(at) for at in failed), 3, _LANE - 6, kind="failure"),
        *(svg.level(_height_of(value, up), kind="grid") for value, _ in labelled(up, "ms")),
        svg.cloud(((across.share(at), 1 - up.share(ttft)) for at, ttft in good), top, _PLOT, kind="cloud"),
        *(_ring(one, across.share(one.t_s), _height_of(ttft, up)) for one, ttft in ringed),
        None if bound_ms is None else _bound_line(bound_ms, up),
        svg.horizontal_axis(across, top + _PLOT, labelled(across, "s")),
        title=title,
        description=f"{len(good)} successes by send time, {len(failed)} failures.",
        height=top + _PLOT + 22,
        ident=ident,
    )
    return element("div", _vertical_axis(up), drawing, class_="with-axis")


def _height_of(value: float, up: Scale) -> float:
    return _LANE + 10 + (1 - up.share(value)) * _PLOT


def _ring(one: SlowRequest, share: float, y: float) -> Html:
    hint = svg.hint(f"no. {one.index}: {quantity(one.ttft_ms, 'ms')}")
    return svg.dot(share, y, hint, kind="ring", radius=6)


def _bound_line(bound_ms: float, up: Scale) -> Html:
    """The words stand above the line, or below it where it runs along the top."""
    y = _height_of(bound_ms, up)
    words_y = y - 5 if up.share(bound_ms) < 0.9 else y + 14
    return join(
        svg.level(y, kind="bound"),
        svg.label(f"SLO bound {quantity(bound_ms, 'ms')}", 1, words_y, kind="value halo"),
    )


def _vertical_axis(up: Scale) -> Html:
    """A drawing of its own with a fixed width: the plot beside it takes the rest of the page."""
    words = (svg.label(words, 1, _height_of(value, up) + 4, kind="tick") for value, words in labelled(up, "ms"))
    lane = svg.label("failed", 1, _LANE - 6, kind="tick")
    return element("svg", lane, *words, class_="chart", aria_hidden="true", width=44, height=_LANE + _PLOT + 32)


def against_bound(verdict: SloVerdict, value: float, unit: Unit, *, ident: str) -> Html:
    """The interval of a figure and the side of the bound on which it has to lie."""
    scale = _around([end for end in (verdict.low, value, verdict.high, verdict.bound) if end is not None])
    bound = scale.share(verdict.bound)
    allowed = (0.0, bound) if verdict.operator.startswith("<") else (bound, 1.0)
    at = Estimate(value=value, low=verdict.low, high=verdict.high, n=verdict.n, enough=True)
    return svg.chart(
        svg.box(*allowed, 2, 20, kind="allowed"),
        svg.upright(bound, 0, 24, kind="bound"),
        _whisker(at, scale, 12),
        svg.dot(scale.share(value), 12, kind="mark"),
        title=f"{quantity(value, unit)}, {interval(at, unit)}, bound {quantity(verdict.bound, unit)}",
        description="The shaded side of the dashed bound is allowed.",
        height=24,
        ident=ident,
        kind="chart strip",
    )


def _around(known: Sequence[float]) -> Scale:
    low, high = min(known), max(known)
    margin = (high - low or abs(high) or 1.0) * 0.15
    return Scale(low=low - margin, high=high + margin)


def estimate_strip(at: Estimate, scale: Scale, unit: Unit, *, title: str, ident: str) -> Html:
    """One estimate on a scale that several rows of a table share."""
    value = at.value if at.value is not None else scale.low
    return svg.chart(
        svg.level(12, kind="axis"),
        _whisker(at, scale, 12),
        svg.dot(scale.share(value), 12, kind="mark" if at.enough else "mark hollow"),
        title=f"{title}: {quantity(at.value, unit)}",
        description=f"{interval(at, unit)}{_doubt(at)}",
        height=24,
        ident=ident,
        kind="chart strip",
    )


def waterfall_bar(stage: Stage, start_ms: float, scale: Scale, *, ident: str) -> Html:
    """The stage's part of the whole, beginning where the stage before it ends; a remainder below 0 runs backwards."""
    start, end = sorted((scale.share(start_ms), scale.share(start_ms + stage.mean_ms)))
    return svg.chart(
        svg.level(11, kind="grid"),
        svg.box(start, max(end, start + 0.004), 3, 16, kind=f"stage {stage.basis}"),
        title=f"{stage.label}: {quantity(stage.mean_ms, 'ms')}",
        description=f"From {quantity(start_ms, 'ms')} to {quantity(start_ms + stage.mean_ms, 'ms')} of the TTFT.",
        height=22,
        ident=ident,
        kind="chart strip",
    )
