"""Parts of a chart as inline SVG.

No viewBox: horizontal positions are per cent of whatever width the page gives, heights are pixels, so text keeps its
size on a phone. Colours come from the style sheet by class; no chart says anything by colour alone.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from ragmeter.report.html.scale import Scale
from ragmeter.report.words.markup import Child, Html, element, join

_CANVAS: Final = 1000
"""Units across the stretched drawing that dense marks share: one path for thousands of points."""


def percent_of(share: float) -> str:
    return f"{share * 100:.2f}%"


def chart(*children: Child, title: str, description: str, height: int, ident: str, kind: str = "chart") -> Html:
    """The frame; ``ident`` must be unique in the page."""
    return element(
        "svg",
        element("title", title, id=f"{ident}-t"),
        element("desc", description, id=f"{ident}-d"),
        *children,
        class_=kind,
        role="img",
        aria_labelledby=f"{ident}-t",
        aria_describedby=f"{ident}-d",
        width="100%",
        height=height,
    )


def label(words: str, share: float, y: float, *, kind: str, near: float = 0.08) -> Html:
    """Text centred on a position, or beside it when it is ``near`` an end and would reach out of the chart."""
    side = "start" if share < near else "end" if share > 1 - near else "middle"
    return element("text", words, x=percent_of(share), y=y, class_=kind, text_anchor=side)


def hint(words: str) -> Html:
    """What a pointer over the shape around it shows."""
    return element("title", words)


def upright(share: float, top: float, bottom: float, *, kind: str) -> Html:
    at = percent_of(share)
    return element("line", x1=at, x2=at, y1=top, y2=bottom, class_=kind)


def level(y: float, *, kind: str, start: float = 0.0, end: float = 1.0) -> Html:
    return element("line", x1=percent_of(start), x2=percent_of(end), y1=y, y2=y, class_=kind)


def box(start: float, end: float, top: float, height: float, *children: Child, kind: str) -> Html:
    width = percent_of(max(end - start, 0))
    return element("rect", *children, x=percent_of(start), width=width, y=top, height=height, class_=kind)


def dot(share: float, y: float, *children: Child, kind: str, radius: float = 3) -> Html:
    return element("circle", *children, cx=percent_of(share), cy=y, r=radius, class_=kind)


def horizontal_axis(scale: Scale, y: float, written: Sequence[tuple[float, str]]) -> Html:
    """A base line with short marks and the words below them."""
    marks = (
        join(upright(scale.share(at), y, y + 4, kind="axis"), label(words, scale.share(at), y + 16, kind="tick"))
        for at, words in written
    )
    return join(level(y, kind="axis"), *marks)


def cloud(points: Iterable[tuple[float, float]], top: float, height: float, *, kind: str) -> Html:
    """Points at (share across, share down), drawn as one path; those that fall on one another are drawn once."""
    spots = {(round(x * _CANVAS), round(y * _CANVAS)) for x, y in points}
    return _stretched("".join(f"M{x} {y}h0" for x, y in sorted(spots)), top, height, kind)


def line(points: Iterable[tuple[float, float]], top: float, height: float, *, kind: str) -> Html:
    """A line through points at (share across, share down)."""
    spots = [f"{x * _CANVAS:.1f} {y * _CANVAS:.1f}" for x, y in points]
    return _stretched(f"M{' L'.join(spots)}", top, height, kind)


def strokes(shares: Iterable[float], top: float, height: float, *, kind: str) -> Html:
    """Upright strokes over the full height at each position."""
    spots = {round(share * _CANVAS) for share in shares}
    return _stretched("".join(f"M{x} 0v{_CANVAS}" for x in sorted(spots)), top, height, kind)


def _stretched(path: str, top: float, height: float, kind: str) -> Html:
    return element(
        "svg",
        element("path", d=path, class_=kind, vector_effect="non-scaling-stroke"),
        y=top,
        width="100%",
        height=height,
        viewBox=f"0 0 {_CANVAS} {_CANVAS}",
        preserveAspectRatio="none",
        overflow="visible",
    )
