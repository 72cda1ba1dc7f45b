"""Axes of a plot with a height: across in per cent of the page, up in pixels, names beside it."""

from collections.abc import Sequence

from ragmeter.report.html import svg
from ragmeter.report.html.scale import Scale, labelled
from ragmeter.report.words.format import Unit
from ragmeter.report.words.markup import Child, Html, element

TOP = 10
HEIGHT = 220


def y_of(share: float) -> float:
    """Pixels from the top of a position in 0..1 from below."""
    return TOP + (1 - share) * HEIGHT


def plot(
    *drawn: Child,
    across: Scale,
    across_unit: Unit,
    up: Sequence[tuple[float, str]],
    title: str,
    description: str,
    ident: str,
) -> Html:
    """up: position in 0..1 of each line of the grid, and what is written beside it."""
    drawing = svg.chart(
        *(svg.level(y_of(share), kind="grid") for share, _ in up),
        *drawn,
        svg.horizontal_axis(across, TOP + HEIGHT, labelled(across, across_unit)),
        title=title,
        description=description,
        height=TOP + HEIGHT + 22,
        ident=ident,
    )
    words = (svg.label(words, 1, y_of(share) + 4, kind="tick") for share, words in up)
    beside = element("svg", *words, class_="chart", aria_hidden="true", width=44, height=TOP + HEIGHT + 22)
    return element("div", beside, drawing, class_="with-axis")
