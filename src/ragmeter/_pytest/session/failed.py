"""The outcome of a run is that of the session: a test that fails on it, whichever it is, changes what its files say."""

from dataclasses import dataclass, field, replace

from ragmeter.core.result.failures import FailedTest
from ragmeter.core.result.result import RunResult
from ragmeter.core.verdicts.judge import with_tests


@dataclass(slots=True)
class FailedTests:
    """The tests that have failed so far, by the id of their case."""

    by_case: dict[str, list[FailedTest]] = field(default_factory=dict)

    def add(self, case_id: str, test: FailedTest) -> None:
        self.by_case.setdefault(case_id, []).append(test)

    def amended(self, result: RunResult, case_id: str) -> RunResult:
        """The result with what has failed on it; its outcome is the worst of all."""
        found = tuple(self.by_case.get(case_id, ()))
        outcome = with_tests(result.outcome, [test.outcome for test in found], result.harness)
        return replace(result, failed_tests=found, outcome=outcome) if found else result
