"""The outcome of a run is that of the session: a test that fails on it, whichever it is, changes what its files say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragmeter.core.result.failures import FailedTest
    from ragmeter.core.result.result import RunResult


@dataclass(slots=True)
class FailedTests:
    """The tests that have failed so far, by the id of their case."""

    by_case: dict[str, list[FailedTest]] = field(default_factory=dict)

    def add(self, case_id: str, test: FailedTest) -> None:
        self.by_case.setdefault(case_id, []).append(test)

    def amended(self, result: RunResult, case_id: str) -> RunResult:
        """See `tested`."""
        from ragmeter.core.result.tested import tested

        return tested(result, self.of(case_id))

    def of(self, case_id: str) -> tuple[FailedTest, ...]:
        """In the order in which they ran."""
        return tuple(self.by_case.get(case_id, ()))
