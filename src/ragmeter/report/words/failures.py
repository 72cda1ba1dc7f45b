"""Failed requests by class and HTTP status, and by what they said: the words that terminal and page share."""

from collections.abc import Sequence
from typing import Final

from ragmeter.core.result.failures import FailureCount, FailureGroup
from ragmeter.core.result.result import RunResult
from ragmeter.core.verdicts.records import Outcome
from ragmeter.report.words.format import count, quantity

_OF_FAILURES: Final = frozenset({"error_ratio", "errors", "success", "good_ratio"})


def failures_decide(result: RunResult) -> bool:
    """Whether what failed is why the run has its outcome, so that it is said first."""
    if result.overspent is not None or (result.errors and not result.success):
        return True
    return any(at.outcome is Outcome.FAIL and at.metric in _OF_FAILURES for at in result.verdicts) and result.errors > 0


def counts_of(result: RunResult) -> list[FailureCount]:
    """A result that was written without the statuses has the classes alone."""
    by_class = sorted(result.errors_by_class.items(), key=lambda item: (-item[1], item[0]))
    old = [FailureCount(error=name, http_status=None, requests=n) for name, n in by_class if n]
    return list(result.failures) or old


def failure_words(at: FailureCount) -> str:
    """``HTTP 503: 98``, ``truncated: 2``, ``error event (HTTP 200): 1``."""
    return f"{failure_name(at)}: {count(at.requests)}"


def failure_name(at: FailureCount | FailureGroup) -> str:
    words = at.error.replace("_", " ")
    if at.http_status is None:
        return words
    return f"HTTP {at.http_status}" if at.error == "http_status" else f"{words} (HTTP {at.http_status})"


def group_words(at: FailureGroup) -> str:
    """``HTTP 401 Unauthorized: token expired``: the class only where the message does not begin with the status."""
    name = failure_name(at)
    if not at.message:
        return name
    return at.message if at.message.startswith(name) else f"{name}: {at.message}"


def group_when(at: FailureGroup) -> str:
    """``at 0.4 s``, ``from 0.4 s to 12.1 s``: since the measured phase began."""
    first, last = quantity(at.first_s, "s"), quantity(at.last_s, "s")
    return f"at {first}" if first == last else f"from {first} to {last}"


def group_sentences(result: RunResult, most: int = 3) -> Sequence[str]:
    """``40 of 40 requests, from 0.1 s to 4.0 s: HTTP 401 Unauthorized: token expired``, the most frequent first."""
    told = [
        f"{count(at.requests)} of {count(result.measured_requests)} requests, {group_when(at)}: {group_words(at)}"
        for at in result.failure_groups[:most]
    ]
    left = len(result.failure_groups) - most
    return [*told, f"and {left} more kinds, listed below"] if left > 0 else told
