"""A result with what the tests of its session made of it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ragmeter.core.result.failures import FailedTest
from ragmeter.core.result.result import RunResult
from ragmeter.core.verdicts.judge import with_tests

UNKNOWN: Final = (
    "the tests of that session are unknown: the raw record does not name those that failed, and the outcome is that of "
    "the SLOs alone"
)


def tested(result: RunResult, failed: Sequence[FailedTest] | None) -> RunResult:
    """The result with what has failed on it; its outcome is the worst of all. failed: None where it is not known, which
    is then said.
    """
    if failed is None:
        return replace(result, warnings=(*result.warnings, UNKNOWN))
    if not failed:
        return result
    outcome = with_tests(result.outcome, [test.outcome for test in failed], result.harness)
    return replace(result, failed_tests=tuple(failed), outcome=outcome)
