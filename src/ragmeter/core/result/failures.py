"""What failed: requests, by class and by the status of the response where one came, and tests of the session."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ragmeter.core.requests.records import ErrorClass, RequestSample
from ragmeter.core.verdicts.records import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureCount:
    """How many requests of the measured phase failed in one way. http_status: of the response; None where none came."""

    error: str
    http_status: int | None
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedTest:
    """A test of the session that failed on this run. outcome: what that makes of the run. sentence: why it failed.

    of_slo: whether it is the test of an SLO that the verdict made fail.
    """

    test: str
    outcome: Outcome
    sentence: str
    of_slo: bool = False


def failures_of(samples: Sequence[RequestSample]) -> tuple[FailureCount, ...]:
    """The most frequent first. Requests that the client ended itself did not fail."""
    found = Counter(
        (sample.error.value, sample.http_status)
        for sample in samples
        if sample.error not in {None, ErrorClass.INTERRUPTED, ErrorClass.LEFT}
    )
    ordered = sorted(found.items(), key=lambda at: (-at[1], at[0][0], at[0][1] or 0))
    return tuple(FailureCount(error=error, http_status=status, requests=n) for (error, status), n in ordered)
