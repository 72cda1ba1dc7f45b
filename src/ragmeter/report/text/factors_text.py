"""A factorial plan on a terminal."""

from collections.abc import Iterator
from typing import Final

from ragmeter.core.compare.factors.document import CellFigures, FactorsFound
from ragmeter.core.requests.figure import parse_figure
from ragmeter.core.schedule.design import effect_name
from ragmeter.report.text.fitting import Page
from ragmeter.report.words.factors import COLUMNS, claims, effect_words, figure_name, frontier_words, plan_words, title
from ragmeter.report.words.format import figure

_MOST_CLAIMS: Final = 6


def factors_lines(found: FactorsFound, *, width: int) -> list[str]:
    """The plan, its cells, every effect, and what to keep in mind."""
    return list(_lines(found, Page(width=max(width, 60), colour=False)))


def _lines(found: FactorsFound, page: Page) -> Iterator[str]:
    yield from page.paragraph(title(found), first="")
    yield from page.paragraph(plan_words(found))
    for cell in found.cells:
        yield from page.paragraph(f"cell {cell.number}  {cell.label}: {_figures(cell)}")
    for at in found.effects:
        yield from page.paragraph(
            f"{figure_name(at.figure)}  {effect_name(at.effect)} ({at.change}): {effect_words(at)}; "
            f"{at.sentence.partition('; change of ')[0]}"
        )
    for name, why in found.unknown.items():
        yield from page.paragraph(f"{figure_name(parse_figure(name, name))}: no effect is known: {why}")
    for words in (*found.confusions, *found.caveats):
        yield from page.paragraph(words)


def factors_block(found: FactorsFound, *, width: int) -> list[str]:
    """What the plan comes down to."""
    page, told = Page(width=max(width, 40), colour=False), claims(found)
    further = [f"and {len(told) - _MOST_CLAIMS} more, on the page"] if len(told) > _MOST_CLAIMS else []
    frontier = frontier_words(found)
    said = [*told[:_MOST_CLAIMS], *further, *([] if frontier is None else [frontier])]
    return [*page.paragraph(title(found), first=""), *(line for words in said for line in page.paragraph(words))]


def _figures(cell: CellFigures) -> str:
    shown = [at for at in COLUMNS if str(at) in cell.estimates]
    known = [f"{figure_name(at)} {figure(at.metric, cell.estimates[str(at)].value)}" for at in shown]
    marked = [] if cell.marked is None else [f"left out: {cell.marked}"]
    return ", ".join([*known, *marked])
