"""The exit status of a session in which nothing failed but the client: it says nothing about the service."""

from __future__ import annotations

from typing import Final

import pytest

from ragmeter.core.verdicts.records import Outcome

EXIT_INVALID: Final = 10
INVALID: Final = ("verdict", Outcome.INVALID.value)
"""The user property of a test that could not decide, because the measurement was not valid."""


class UnfitHooks:
    """Tells a run that must be repeated from one whose service missed an SLO."""

    def __init__(self) -> None:
        self._failed = self._invalid = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed += 1
            self._invalid += INVALID in report.user_properties

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._failed and self._failed == self._invalid and session.exitstatus == pytest.ExitCode.TESTS_FAILED:
            session.exitstatus = EXIT_INVALID
