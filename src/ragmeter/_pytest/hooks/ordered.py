"""A session in a pod that runs an order."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ragmeter._pytest.session.cluster_checks import check_steering
from ragmeter.core.errors import ConfigError, RagmeterError
from ragmeter.report.jsonfile import result_json
from ragmeter.run.cluster.results import claim, fulfil, give_up, shard_of

if TYPE_CHECKING:
    from ragmeter._pytest.session.session import BenchSession


class Ordered:
    """Registered when an order was named. A result that cannot be left makes the session fail."""

    def __init__(self, bench: BenchSession, order: str) -> None:
        """Raises ConfigError for several cases, as an order has one result, and for a load that depends on what is
        measured; ClusterError for a shard that is none.
        """
        if len(bench.cases) != 1:
            names = ", ".join(case.id for case in bench.cases)
            raise ConfigError(f"--bench-order: an order is one workload on one provider, not {names}")
        check_steering(bench.cases, shards=bench.options.shards)
        self._bench = bench
        self._order = order
        self._shard = shard_of(os.environ, bench.options.shards)
        self._told = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> None:
        """Claim the order."""
        try:
            claim(self._order, self._shard, socket.gethostname())
        except RagmeterError as error:
            raise pytest.UsageError(str(error)) from error

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Of several pods the first leaves the result: all of them have the same."""
        try:
            if self._bench.failures and not self._bench.finished:
                give_up(self._order, self._shard, "; ".join(map(str, self._bench.failures.values())))
            for finished in self._bench.finished[-1:] if self._shard.number == 0 else ():
                result = finished.result
                raw = Path(finished.run.path)
                too_large = fulfil(self._order, result=result_json(result), raw=raw, outcome=result.outcome.value)
                self._told = too_large or f"result and raw record are in the ConfigMaps of {self._order}"
        except (RagmeterError, OSError) as error:
            self._told = f"not left for {self._order}: {error}"
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._told:
            terminalreporter.write_line(f"  {self._told}")
