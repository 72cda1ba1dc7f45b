"""What tells the sides apart: a colour that the colour-blind can tell, a dash, and always the name in words."""

from collections.abc import Sequence

from ragmeter.core.compare.comparison import Side
from ragmeter.report.words.markup import Html, element, join

HUES = 6
"""Colours of Okabe and Ito; more sides begin again."""


def hue(index: int) -> str:
    return f"hue{index % HUES + 1}"


def legend(sides: Sequence[Side]) -> Html:
    """The line of each side beside its name."""
    items = (
        element("li", element("span", class_=f"swatch {hue(index)}", aria_hidden="true"), side.label)
        for index, side in enumerate(sides)
    )
    return element("ul", *items, class_="legend")


def named(label: str, index: int) -> Html:
    return join(element("span", class_=f"swatch {hue(index)}", aria_hidden="true"), " ", label)
