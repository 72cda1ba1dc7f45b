"""The scorecard: a page of its own, or a fragment for the top of the page of pytest-html. Nothing to load, and without
its one script, which reads plots out and zooms them, nothing is missing.
"""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from types import MappingProxyType
from typing import TypeAlias

from ragmeter.core.netprobe.document import Netprobe
from ragmeter.core.result.result import RunResult
from ragmeter.report.html.layout import words_of
from ragmeter.report.html.scorecard.asked import asked
from ragmeter.report.html.scorecard.attribution import spans, waterfall
from ragmeter.report.html.scorecard.baseline import against_baseline
from ragmeter.report.html.scorecard.caches import caches
from ragmeter.report.html.scorecard.capacity import capacity
from ragmeter.report.html.scorecard.comparison import comparison
from ragmeter.report.html.scorecard.east_west import east_west
from ragmeter.report.html.scorecard.edge import edge
from ragmeter.report.html.scorecard.figures import Gate, every_estimate, tiles
from ragmeter.report.html.scorecard.graphs import distributions, failures, ttft_over_time
from ragmeter.report.html.scorecard.money import answers, cost, retrieval
from ragmeter.report.html.scorecard.provenance import formulas, harness, manifest, metadata, overrides
from ragmeter.report.html.scorecard.replicas import replicas
from ragmeter.report.html.scorecard.serving import serving
from ragmeter.report.html.scorecard.slowest import slowest
from ragmeter.report.html.scorecard.sweep import sweep
from ragmeter.report.html.scorecard.talks import talks
from ragmeter.report.html.scorecard.tests import SessionTest, tests_of_session
from ragmeter.report.html.scorecard.timeline import timeline
from ragmeter.report.html.scorecard.verdicts import headline, verdicts
from ragmeter.report.words.failures import failures_decide
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
    script = _script() if 'class="timeline"' in content else None
    return str(join(_VIEWPORT, _style("scorecard.css"), _style("pytest_html.css"), content, script))


def session_page(
    results: Sequence[RunResult],
    tests: Sequence[SessionTest],
    probes: Sequence[Netprobe] = (),
    gates: Gates = MappingProxyType({}),
    comparisons: Sequence[tuple[str, str]] = (),
) -> str:
    """A complete page of a session that measured: its runs, then its probes, then its tests."""
    runs = _scorecard(results, gates) if results or not probes else None
    asked = tests_of_session(tests)
    told = None if asked is None else element("div", asked, class_="ragmeter")
    return whole_page(_title(results), join(_comparisons(comparisons), runs, _probes(probes), told))


def page_html(results: Sequence[RunResult], *, index: str | None = None) -> str:
    """A complete page with the same scorecard. index: address of the page that lists it."""
    return whole_page(_title(results), _scorecard(results, {}), index=index)


def _title(results: Sequence[RunResult]) -> str:
    """``FAIL: smoke @ local, 2026-11-29``: the outcome is what a row of tabs has to show."""
    named = [f"{words_of(at.outcome)}: {run_name(at)}, {at.started_at.partition('T')[0]}" for at in results]
    return "; ".join(named) or "no run was measured"


def whole_page(
    title: str,
    content: Html,
    *,
    index: str | None = None,
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
) -> str:
    """A complete page around content of the class ``ragmeter``, in the scorecard's style.

    index: address of the page that lists it. styles, scripts: files of this package that it needs, too.
    """
    own = (_style(name) for name in ("scorecard.css", "page.css", *styles))
    head = element("head", _CHARSET, _VIEWPORT, element("title", f"{title} - ragmeter"), *own)
    script = _script() if 'class="timeline"' in content else None
    up = None if index is None else element("nav", element("a", "All runs", href=index), class_="ragmeter up")
    further = (element("script", _own(name)) for name in scripts)
    body = element("body", up, element("main", element("h1", title), content), script, *further)
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


_CHARSET = element("meta", charset="utf-8")
_VIEWPORT = element("meta", name="viewport", content="width=device-width, initial-scale=1")


def _style(name: str) -> Html:
    return element("style", _own(name))


def _script() -> Html:
    return element("script", _own("timeline.js"))


def _own(name: str) -> Html:
    return Html(files("ragmeter.report.html").joinpath(name).read_text(encoding="utf-8"))


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
    """What decides first: the failures where they do, the capacity of a search, the curve of a sweep."""
    first = failures_decide(result)
    return element(
        "article",
        headline(result),
        failures(result) if first else None,
        capacity(result, ident),
        verdicts(result, ident),
        sweep(result, ident),
        against_baseline(list(gate.values()), ident),
        edge(result.edge),
        None if result.steps else tiles(result, gate),
        timeline(result, ident),
        None if result.steps else distributions(result, ident),
        talks(result),
        ttft_over_time(result, ident),
        slowest(result, ident),
        replicas(result),
        waterfall(result, ident),
        None if first else failures(result),
        retrieval(result),
        answers(result),
        cost(result),
        spans(result),
        serving(result),
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
        aria_label=f"{run_name(result)}: {words_of(result.outcome)}",
    )
