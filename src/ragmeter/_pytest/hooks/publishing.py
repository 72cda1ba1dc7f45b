"""The figures of runs and probes go to a Pushgateway when the session ends: no push is made beside a load."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ragmeter._pytest.hooks.reports import page_of
from ragmeter._pytest.session.session import BenchSession
from ragmeter.clients.pushgateway import Pushgateway, probe_group, run_group
from ragmeter.core.errors import RagmeterError, StorageError
from ragmeter.report.prometheus.netprobe import netprobe_prometheus_text
from ragmeter.report.prometheus.result import prometheus_text
from ragmeter.report.words.naming import provider_name, series_name


class Publishing:
    """Registered when a Pushgateway was named. A push that fails makes the session fail; the files are written."""

    def __init__(self, bench: BenchSession, gateway: Pushgateway) -> None:
        self._bench = bench
        self._gateway = gateway
        self._told = ""
        self._failed = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        if session.config.option.collectonly:
            return
        try:
            self._gateway.check()
        except RagmeterError as error:
            raise pytest.UsageError(str(error)) from error

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if not (self._bench.finished or self._bench.probes.finished):
            return
        try:
            self._push()
        except StorageError as error:
            self._told, self._failed = f"not pushed: {error}", True
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    def _push(self) -> None:
        """The last result of each provider and workload and the probe of each provider."""
        results = [finished.result for finished in self._bench.finished]
        probes = [probed.result for probed in self._bench.probes.finished]
        groups = [
            (run_group(provider_name(at), series_name(at)), prometheus_text([at], self._report())) for at in results
        ]
        groups += [(probe_group(at.provider), netprobe_prometheus_text([at])) for at in probes]
        stale = self._gateway.publish(groups, time.time())
        deleted = f"; stale groups that were deleted: {stale}" if stale else ""
        self._told = f"pushed to {self._gateway.url}{deleted}"

    def _report(self) -> str:
        """The page of the session, relative to the folder of all reports."""
        page, folder = page_of(self._bench.config), self._bench.options.report_dir
        return "" if page is None else Path(os.path.relpath(page, folder)).as_posix()

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._told:
            terminalreporter.write_line(f"  {self._told}", red=self._failed)
