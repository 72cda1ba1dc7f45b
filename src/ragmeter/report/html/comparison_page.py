"""A comparison of runs as one page: the answer on top, then what it rests on, and at the end how it was found."""

from collections.abc import Mapping
from typing import Any, Final

from ragmeter.core.compare.comparison import Comparison
from ragmeter.core.requests.metrics import METRICS
from ragmeter.report.html.comparison.cards import cards
from ragmeter.report.html.comparison.decision import asked, assumed, claims, further, slos
from ragmeter.report.html.comparison.differences import every_figure, forest, ranks
from ragmeter.report.html.comparison.distributions import curves, strips
from ragmeter.report.html.comparison.environment import Files, east_west, environment, forbidden, runs, weaknesses
from ragmeter.report.html.comparison.money import economics
from ragmeter.report.html.comparison.pareto import pareto
from ragmeter.report.html.comparison.reference import against_reference
from ragmeter.report.html.layout import callout, code, folded, table
from ragmeter.report.html.scorecard_page import whole_page
from ragmeter.report.words.answer import overspent, question
from ragmeter.report.words.comparison import designs, method
from ragmeter.report.words.markup import Html, element
from ragmeter.report.words.shown import with_figures

NO_PROBES: Final[Mapping[str, Mapping[str, Any]]] = {}
NO_FILES: Final[Files] = {}


def comparison_page(
    found: Comparison,
    probes: Mapping[str, Mapping[str, Any]] = NO_PROBES,
    files: Files = NO_FILES,
    *,
    index: str | None = None,
) -> str:
    """A self-contained page: no script, nothing to load. probes: netprobe documents by the label of the side. files:
    addresses of the files of each run. index: address of the page that lists it.
    """
    known = with_figures(found)
    content = element(
        "div",
        _headline(found),
        callout("Error budgets that are spent", overspent(found), kind="invalid"),
        forbidden(found),
        slos(found),
        cards(found),
        assumed(found),
        weaknesses(found),
        further(found),
        against_reference(found),
        asked(found),
        forest(known),
        ranks(known),
        element("div", pareto(found), curves(found), class_="stack"),
        strips(found),
        economics(found.sides),
        environment(found),
        east_west(found.sides, probes),
        runs(found, files),
        every_figure(known),
        _methods(found),
        class_="ragmeter compared",
    )
    return whole_page(_title(found), content, index=index)


def _title(found: Comparison) -> str:
    names = ", ".join(side.label for side in found.sides)
    workloads = ", ".join(dict.fromkeys(side.workload for side in found.sides))
    days = ", ".join(dict.fromkeys(side.started_at[:10] for side in found.sides))
    return f"{names} compared: {workloads}, {days}"


def _headline(found: Comparison) -> Html:
    return element(
        "header",
        element("h2", question(found)),
        claims(found),
        element("p", designs(found), class_="lead"),
        class_="headline",
    )


def _methods(found: Comparison) -> Html:
    names = dict.fromkeys(pair.metric for pair in found.rankings)
    rows = ((code(name), METRICS[name].formula, METRICS[name].definition) for name in names)
    return folded(
        "Method and definitions",
        *(element("p", words, class_="lead") for words in method(found)),
        table("How each figure is computed", ("Metric", "Formula", "Definition"), rows, kind="wide"),
    )
