"""The page of a session that measured: its own, or a part of the one that pytest-html writes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import quote

from ragmeter._pytest.hooks.reports import page_key, page_of
from ragmeter.clients.files import write_atomically
from ragmeter.report.html.scorecard.tests import SessionTest
from ragmeter.report.html.scorecard_page import scorecard_html, session_page
from ragmeter.report.words.answer import question
from ragmeter.report.words.factors import title

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pytest

    from ragmeter._pytest.session.session import BenchSession
    from ragmeter.core.compare.regression import Regression
    from ragmeter.core.requests.figure import Figure


class TestsSoFar:
    """The tests of a session, each from the reports of its set-up, its call and its end."""

    __test__ = False

    def __init__(self) -> None:
        self._reports: dict[str, list[pytest.TestReport]] = {}

    def note(self, report: pytest.TestReport) -> None:
        self._reports.setdefault(report.nodeid, []).append(report)

    def ended(self) -> list[SessionTest]:
        """In the order in which they began."""
        return [_test(name, reports) for name, reports in self._reports.items()]


def _test(name: str, reports: Sequence[pytest.TestReport]) -> SessionTest:
    """What decides is the first that failed, else the first that was skipped."""
    failed = next((report for report in reports if report.failed), None)
    deciding = failed or next((report for report in reports if report.skipped), None)
    return SessionTest(
        name=name,
        outcome=_outcome(deciding, expected=any(hasattr(report, "wasxfail") for report in reports)),
        seconds=sum(report.duration for report in reports),
        words="" if deciding is None else _words(deciding),
    )


def _outcome(deciding: pytest.TestReport | None, *, expected: bool) -> str:
    if deciding is None:
        return "xpassed" if expected else "passed"
    if deciding.skipped:
        return "xfailed" if expected else "skipped"
    return "failed" if deciding.when == "call" else "error"


def _words(report: pytest.TestReport) -> str:
    """Of a skipped test the reason alone."""
    return str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else report.longreprtext


def write_page(session: BenchSession, tests: Sequence[SessionTest]) -> None:
    """The session's own page, unless it has none or only collected. Raises StorageError."""
    page = session.config.stash.get(page_key, None)
    if page is None or session.config.option.collectonly:
        return
    probes = [probed.result for probed in session.probes.finished]
    results = [finished.result for finished in session.finished]
    write_atomically(page, session_page(results, tests, probes, _gates(session), _comparisons(session)))


def scorecard(session: BenchSession) -> str:
    """The HTML fragment for the top of pytest-html's page."""
    probes = [probed.result for probed in session.probes.finished]
    results = [finished.result for finished in session.finished]
    return scorecard_html(results, probes, _gates(session), _comparisons(session))


def _gates(session: BenchSession) -> dict[str, Mapping[Figure, Regression]]:
    """By the run's id, the verdicts against its baseline."""
    gate = {compared.case_id: compared.gate for compared in session.compared}
    return {finished.result.run_id: gate.get(finished.case.id, {}) for finished in session.finished}


def _comparisons(session: BenchSession) -> list[tuple[str, str]]:
    """Title and address, from where the report lies, of each page that compares runs."""
    page = page_of(session.config)
    if page is None:
        return []
    folder = page.parent.resolve()
    pages = [(question(each.comparison), each.paths) for each in session.compared]
    pages += [(title(each.found), each.paths) for each in session.factored]
    return [
        (words, quote(os.path.relpath(path.resolve(), folder)))
        for words, paths in pages
        for path in paths
        if path.suffix == ".html"
    ]
