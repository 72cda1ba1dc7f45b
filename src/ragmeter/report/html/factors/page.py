"""A factorial plan as one page: what is concluded, every effect, the frontier, the cells, and how it was found."""

from ragmeter.core.compare.factors.document import CellFigures, FactorsFound
from ragmeter.core.requests.figure import parse_figure
from ragmeter.core.schedule.design import shown_level
from ragmeter.report.html.factors.effects import effects
from ragmeter.report.html.factors.frontier import frontier
from ragmeter.report.html.layout import Row, callout, code, folded, section, stacked, table
from ragmeter.report.html.scorecard_page import whole_page
from ragmeter.report.words.factors import COLUMNS, claims, figure_name, plan_words, title
from ragmeter.report.words.format import UNKNOWN, figure, interval, unit_of
from ragmeter.report.words.markup import Child, Html, element


def factors_page(found: FactorsFound) -> str:
    """A self-contained page: no script, nothing to load."""
    marked = [f"cell {cell.number} ({cell.label}): {cell.marked}" for cell in found.cells if cell.marked is not None]
    content = element(
        "div",
        _headline(found),
        callout("Cells that are left out", marked, kind="invalid"),
        callout("What this plan cannot distinguish", found.confusions, kind="warning"),
        callout("To keep in mind", found.caveats, kind="warning"),
        effects(found),
        frontier(found),
        _cells(found),
        _method(found),
        class_="ragmeter compared",
    )
    return whole_page(f"{title(found)}, {found.started_at[:10]}", content)


def _headline(found: FactorsFound) -> Html:
    told = element("ul", *(element("li", words) for words in claims(found)), class_="answers")
    return element(
        "header",
        element("h2", title(found)),
        told,
        element("p", plan_words(found), class_="lead"),
        class_="headline",
    )


def _cells(found: FactorsFound) -> Html:
    shown = [at for at in COLUMNS if any(str(at) in cell.estimates for cell in found.cells)]
    head = ("Cell", *(factor.name for factor in found.factors), *(figure_name(at) for at in shown), "Frontier")
    rows: list[Row] = [
        (
            str(cell.number),
            *(shown_level(cell.levels[factor.name]) for factor in found.factors),
            *(_figure(cell, str(at), at.metric) for at in shown),
            "left out" if cell.marked is not None else "yes" if cell.frontier else "no",
        )
        for cell in found.cells
    ]
    return section(
        "Cells",
        table("Levels and figures of each cell", head, rows, hide_caption=True, kind="wide"),
        lead="Each cell is a run with a result of its own. Small print is the 95 % interval.",
    )


def _figure(cell: CellFigures, name: str, metric: str) -> Html | str:
    at = cell.estimates.get(name)
    if at is None:
        return UNKNOWN
    small = interval(at, unit_of(metric)) if at.low is not None or at.high is not None else None
    return stacked(figure(metric, at.value), small)


def _method(found: FactorsFound) -> Html:
    factors = (
        (
            factor.name,
            code(factor.key) if not factor.deployed else "by a deployment",
            ", ".join(shown_level(level) for level in factor.levels),
        )
        for factor in found.factors
    )
    lacking = ((figure_name(parse_figure(name, name)), why) for name, why in found.unknown.items())
    unknown: list[Child] = [element("p", f"{name}: no effect is known: {why}.", class_="lead") for name, why in lacking]
    method = (
        "A main effect is the change from the first level of a factor to another, at the mean of all other factors; an "
        "interaction is by what factor, or how many points, the one change is another at the second level of the other "
        "factor. Both are one contrast of the cells in each block, of logarithms where a time or a price is measured, "
        "and their interval is Student's t over blocks: no cell has to scatter like another. Of shares the contrast is "
        "one a question, and the interval is over questions.",
        f"Differences within ±{found.min_effect_ratio:.0%} of a time or a price, or ±{found.min_effect_share:.0%} of a "
        "share, do not matter. The frontier goes by values and not by intervals.",
    )
    return folded(
        "Plan and method",
        table("Factors", ("Factor", "Key", "Levels"), factors, kind="wide"),
        *(element("p", words, class_="lead") for words in method),
        *unknown,
    )
