"""Failed requests by class and HTTP status: the words that terminal and page share."""

from ragmeter.core.result.failures import FailureCount
from ragmeter.report.words.format import count


def failure_words(at: FailureCount) -> str:
    """``HTTP 503: 98``, ``truncated: 2``, ``error event (HTTP 200): 1``."""
    return f"{failure_name(at)}: {count(at.requests)}"


def failure_name(at: FailureCount) -> str:
    words = at.error.replace("_", " ")
    if at.http_status is None:
        return words
    return f"HTTP {at.http_status}" if at.error == "http_status" else f"{words} (HTTP {at.http_status})"
