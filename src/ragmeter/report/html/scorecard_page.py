"""The scorecard: a fragment for the top of a test report's page, or a page of its own. No script, nothing to load."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from types import MappingProxyType
from typing import TypeAlias

from ragmeter.core.netprobe.document import Netprobe
from ragmeter.core.result.result import RunResult
from ragmeter.report.html.scorecard.asked import asked
from ragmeter.report.html.scorecard.attribution import waterfall
from ragmeter.report.html.scorecard.baseline import against_baseline
from ragmeter.report.html.scorecard.caches import caches
from ragmeter.report.html.scorecard.capacity import capacity
from ragmeter.report.html.scorecard.comparison import comparison
from ragmeter.report.html.scorecard.east_west import east_west
from ragmeter.report.html.scorecard.edge import edge
from ragmeter.report.html.scorecard.figures import Gate, every_estimate, tiles
from ragmeter.report.html.scorecard.graphs import distributions, error_classes, ttft_over_time
from ragmeter.report.html.scorecard.money import cost, retrieval
from ragmeter.report.html.scorecard.provenance import formulas, harness, manifest, metadata, overrides
from ragmeter.report.html.scorecard.replicas import replicas
from ragmeter.report.html.scorecard.slowest import slowest
from ragmeter.report.html.scorecard.sweep import sweep
from ragmeter.report.html.scorecard.talks import talks
from ragmeter.report.html.scorecard.verdicts import headline, verdicts
from ragmeter.report.words.markup import Html, element, join
from ragmeter.report.words.naming import run_name

Gates: TypeAlias = Mapping[str, Gate]
"""By the run's id, the verdicts against its baseline."""


def scorecard_html(
    results: Sequence[RunResult],
    probes: Sequence[Netprobe] = (),
    gates: Gates = MappingProxyType({}),
    comparisons: Sequence[tuple[str, str]] = (),
) -> str:
    """The scorecard with its styles, and styles that make the pytest-html page around it fit dark mode and phones.

    probes: east-west probes of the same session, below the runs. comparisons: title and address of the pages that
    compare its runs.
    """
    runs = _scorecard(results, gates) if results or not probes else None
    content = join(_comparisons(comparisons), runs, _probes(probes))
    return str(join(_VIEWPORT, _style("scorecard.css"), _style("pytest_html.css"), content))


def page_html(results: Sequence[RunResult]) -> str:
    """A complete page with the same scorecard."""
    title = ", ".join(run_name(result) for result in results) or "no runs"
    return whole_page(title, _scorecard(results, {}))


def whole_page(title: str, content: Html) -> str:
    """A complete page around a ``div`` of the class ``ragmeter``, in the scorecard's style."""
    head = element(
        "head", _CHARSET, _VIEWPORT, element("title", f"ragmeter: {title}"), _style("scorecard.css"), _style("page.css")
    )
    body = element("body", element("main", element("h1", "ragmeter"), content))
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


_CHARSET = element("meta", charset="utf-8")
_VIEWPORT = element("meta", name="viewport", content="width=device-width, initial-scale=1")


def _style(name: str) -> Html:
    return element("style", Html(files("ragmeter.report.html").joinpath(name).read_text(encoding="utf-8")))


def _scorecard(results: Sequence[RunResult], gates: Gates) -> Html:
    if not results:
        return element("div", element("p", "No run was measured.", class_="lead"), class_="ragmeter")
    overview = comparison(results, "ragmeter") if len(results) > 1 else None
    runs = (
        _run(result, gates.get(result.run_id, {}), f"ragmeter-{index}") for index, result in enumerate(results, start=1)
    )
    return element("div", overview, *runs, class_="ragmeter")


def _comparisons(pages: Sequence[tuple[str, str]]) -> Html | None:
    links = (element("li", element("a", title, href=address)) for title, address in pages)
    return (
        element("nav", "Compared on pages of their own:", element("ul", *links), class_="ragmeter") if pages else None
    )


def _probes(probes: Sequence[Netprobe]) -> Html | None:
    found = (east_west(probe, f"ragmeter-east-west-{index}") for index, probe in enumerate(probes, start=1))
    return element("div", *found, class_="ragmeter") if probes else None


def _run(result: RunResult, gate: Gate, ident: str) -> Html:
    return element(
        "article",
        headline(result),
        verdicts(result, ident),
        against_baseline(list(gate.values()), ident),
        capacity(result, ident),
        edge(result.edge),
        None if result.steps else tiles(result, gate),
        None if result.steps else distributions(result, ident),
        talks(result),
        ttft_over_time(result, ident),
        slowest(result, ident),
        replicas(result),
        sweep(result, ident),
        waterfall(result, ident),
        element("div", error_classes(result), retrieval(result), class_="columns"),
        cost(result),
        caches(result),
        asked(result),
        harness(result),
        overrides(result),
        every_estimate(result),
        metadata(result),
        manifest(result),
        formulas(result),
        id=ident,
        class_="run",
    )
