"""The hooks of a pytest run that measures; without a provider none of them is registered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ragmeter._pytest import collect, gate
from ragmeter._pytest.reports import none_of_a_refused_run
from ragmeter._pytest.summary import scorecard, write_summary
from ragmeter.core.errors import RagmeterError

if TYPE_CHECKING:
    from collections.abc import Generator

    from ragmeter._pytest.session import BenchSession


BUDGET_SPENT = 11
"""Exit status of a session that the spend guard ended."""


class LiveHooks:
    """Registered at configure time, when the session's cases are known."""

    def __init__(self, bench: BenchSession) -> None:
        self._bench = bench

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self, session: pytest.Session) -> Generator[None, object, object]:
        with none_of_a_refused_run(session.config):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        with none_of_a_refused_run(session.config):
            if not session.config.option.collectonly:
                self._reach(session.items)
            return (yield)

    def _reach(self, items: list[pytest.Item]) -> None:
        try:
            self._bench.select(collect.measured(items))
            self._bench.probes.reach_all(collect.probed_in(items))
            self._bench.reach_all(collect.cases_in(items))
        except RagmeterError as error:
            raise pytest.UsageError(str(error)) from error

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if self._bench.options.strict and collect.live([item]):
            gate.forbid_skip(item, report)
        return report

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Innermost: pytest's HTML and JUnit files are written within, on a disk that may be full."""
        if self._bench.meter.halted is not None:
            session.exitstatus = BUDGET_SPENT
        try:
            return (yield)
        except OSError as error:
            self._bench.report_failure = f"not every report could be written: {error}"
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
            return []

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        write_summary(terminalreporter, self._bench)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        if self._bench.finished or self._bench.probes.finished:
            prefix.append(scorecard(self._bench))

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        report.title = "ragmeter"
