"""Quality against latency against cost: which cells no other dominates."""

from collections.abc import Iterator, Sequence

from ragmeter.core.compare.factors.document import CellFigures, FactorsFound
from ragmeter.core.requests.figure import parse_figure
from ragmeter.core.stats.estimate import Estimate
from ragmeter.report.html import svg
from ragmeter.report.html.comparison.hues import hue
from ragmeter.report.html.comparison.plots import plot, y_of
from ragmeter.report.html.layout import section
from ragmeter.report.html.scale import Scale, fitting, labelled
from ragmeter.report.words.factors import frontier_words
from ragmeter.report.words.format import figure, symbol, unit_of
from ragmeter.report.words.markup import Html, element

_ON, _OFF = 0, 1
"""Hues of a cell on the frontier and of another one; the number of the first has a star."""


def frontier(found: FactorsFound) -> Html | None:
    """A plot for each two of the three that are known."""
    names = found.frontier
    pairs = [(names.latency, names.quality), (names.cost, names.quality), (names.latency, names.cost)]
    known = [(across, up) for across, up in pairs if across is not None and up is not None]
    said = frontier_words(found)
    cells = [cell for cell in found.cells if cell.marked is None]
    if not known or said is None or len(cells) < 2:
        return None
    return section(
        "Frontier",
        element("div", *(_plot(cells, *pair, f"frontier-{index}") for index, pair in enumerate(known)), class_="stack"),
        element("p", f"{said}.", class_="lead"),
        lead="A star is a cell that no other equals or betters in quality, latency and cost at once. The cross is the "
        "95 % interval of both figures; cells whose crosses overlap may well stand the other way round.",
    )


def _plot(cells: Sequence[CellFigures], across_name: str, up_name: str, ident: str) -> Html:
    across_unit, up_unit = (unit_of(parse_figure(name, name).metric) for name in (across_name, up_name))
    across, up = (fitting(_ends([cell.estimates[name] for cell in cells])) for name in (across_name, up_name))
    labels = {name: parse_figure(name, name).label for name in (across_name, up_name)}
    caption = f"{labels[up_name]}{_in(symbol(up_unit))}, over {labels[across_name]}{_in(symbol(across_unit))}"
    said = (
        f"cell {cell.number}{' on the frontier' if cell.frontier else ''}: "
        f"{_value(cell, up_name)}, {_value(cell, across_name)}"
        for cell in cells
    )
    drawing = plot(
        *(
            part
            for cell in cells
            for part in _mark(cell, cell.estimates[across_name], cell.estimates[up_name], across, up)
        ),
        across=across,
        across_unit=across_unit,
        up=[(up.share(value), words) for value, words in labelled(up, up_unit)],
        title=caption,
        description="; ".join(said),
        ident=ident,
    )
    return element("figure", element("figcaption", caption), drawing)


def _in(unit: str) -> str:
    return f" in {unit}" if unit else ""


def _value(cell: CellFigures, name: str) -> str:
    return figure(parse_figure(name, name).metric, cell.estimates[name].value)


def _ends(estimates: Sequence[Estimate]) -> list[float]:
    return [end for at in estimates for end in (at.low, at.value, at.high) if end is not None]


def _mark(cell: CellFigures, at: Estimate, above: Estimate, across: Scale, up: Scale) -> Iterator[Html]:
    """The cross of both intervals, a dot, and the number."""
    x, y = across.share(at.value or 0.0), y_of(up.share(above.value or 0.0))
    colour = hue(_ON if cell.frontier else _OFF)
    if at.low is not None and at.high is not None:
        yield svg.level(y, kind=f"reach {colour}", start=across.share(at.low), end=across.share(at.high))
    if above.low is not None and above.high is not None:
        yield svg.upright(x, y_of(up.share(above.high)), y_of(up.share(above.low)), kind=f"reach {colour}")
    yield svg.dot(x, y, kind=f"spot {colour}", radius=5)
    yield svg.label(f"{cell.number}{'*' if cell.frontier else ''}", x, y - 10, kind="value halo")
