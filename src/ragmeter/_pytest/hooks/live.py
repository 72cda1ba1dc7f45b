"""The hooks of a pytest run that measures; without a provider none of them is registered."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from ragmeter._pytest.hooks import collect, gate
from ragmeter._pytest.hooks.load_times import time_of_load
from ragmeter._pytest.hooks.masked import mask_report, masked_logs, secrets_of_all
from ragmeter._pytest.hooks.outcomes import note_failure
from ragmeter._pytest.hooks.page import TestsSoFar, scorecard, write_page
from ragmeter._pytest.hooks.reports import none_of_a_refused_run, none_of_nothing, write_property
from ragmeter._pytest.hooks.sentences import say_in_words, warn_in_words
from ragmeter._pytest.hooks.summary import write_summary, write_verdicts
from ragmeter._pytest.hooks.surfaces import Surfaces
from ragmeter._pytest.session.endings import reports_first
from ragmeter._pytest.session.plan import select
from ragmeter._pytest.session.reach import reach_all
from ragmeter._pytest.session.verdicts import conclude
from ragmeter.core.errors import RagmeterError, StorageError
from ragmeter.run.processes.signals import like_ctrl_c

if TYPE_CHECKING:
    import warnings
    from collections.abc import Callable, Generator

    from ragmeter._pytest.session.session import BenchSession


BUDGET_SPENT = 11
"""Exit status of a session that the spend guard ended."""


def _tell(words: str) -> None:
    """Past what pytest captures: it is somebody at the keyboard who waits."""
    if sys.__stderr__ is not None:
        sys.__stderr__.write(f"\n{words}\n")


class LiveHooks(collect.ListingHooks):
    """Of a run that measures."""

    def __init__(self, bench: BenchSession) -> None:
        super().__init__(bench)
        self._secrets = secrets_of_all(case.provider for case in bench.cases)
        self._tests = TestsSoFar()
        self._timed = 0
        self._surfaces = Surfaces(bench, self._secrets, os.environ)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        self._bench.keep_open(like_ctrl_c())
        self._bench.keep_open(masked_logs(self._secrets))
        with none_of_a_refused_run(session.config):
            self._reach(session.items)
            return (yield)

    def _reach(self, items: list[pytest.Item]) -> None:
        try:
            select(self._bench, collect.measured(items))
            probed = collect.probed_in(items)
            if not (self._bench.selected or probed or self._bench.options.probe_only):
                none_of_nothing(self._bench.config)
            self._bench.probes.reach_all(probed)
            reach_all(self._bench.options, collect.cases_in(items))
        except RagmeterError as error:
            raise pytest.UsageError(str(error)) from error

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if self._bench.options.strict and collect.live([item]):
            gate.forbid_skip(item, report)
        if call.when == "call":
            self._timed = time_of_load(report, self._bench.finished, self._timed)
        say_in_words(item, call, report)
        note_failure(self._bench.failed_tests, item, call, report, self._secrets)
        mask_report(report, self._secrets)
        return report

    @pytest.hookimpl(trylast=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Behind the terminal, which has noted it by then."""
        warn_in_words(self._bench.config, warning_message)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._tests.note(report)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Innermost: pytest's HTML and JUnit files are written within, on a disk that may be full."""
        if self._bench.meter.halted is not None:
            session.exitstatus = BUDGET_SPENT
        is_concluded = False
        try:
            with reports_first(_tell):
                self._conclude(session)
                is_concluded = True
                return (yield)
        except OSError as error:
            self._bench.report_failure = f"not every report could be written: {error}"
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
            return [] if is_concluded else (yield)

    def _conclude(self, session: pytest.Session) -> None:
        writers: tuple[Callable[[], None], ...] = (
            lambda: conclude(self._bench),
            lambda: write_page(self._bench, self._tests.ended()),
            self._surfaces.write,
        )
        for write in writers:
            try:
                write()
            except StorageError as error:
                self._bench.report_failure = str(error)
                session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
        for finished in self._bench.finished:
            write_property(session.config, f"outcome {finished.case.id}", finished.result.outcome.value)
            write_property(session.config, f"status {finished.case.id}", finished.result.status)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        write_summary(terminalreporter, self._bench)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Behind all that pytest and its plugins say of the session."""
        terminal = config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None:
            self._surfaces.annotate(terminal)
            write_verdicts(terminal, self._bench)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        if self._bench.finished or self._bench.probes.finished:
            prefix.append(scorecard(self._bench))

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        report.title = "ragmeter"
