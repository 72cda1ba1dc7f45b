"""What failed: requests, by class and by the status of the response where one came, and tests of the session."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ragmeter.core.figures.summary import sent_s
from ragmeter.core.requests.records import ErrorClass, RequestSample
from ragmeter.core.verdicts.records import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureCount:
    """How many requests of the measured phase failed in one way. http_status: of the response; None where none came."""

    error: str
    http_status: int | None
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroup:
    """Failed requests of the measured phase that say the same.

    http_status: as in `FailureCount`. message: the first 120 characters of what the first of them said, in the server's
    words where it had any; None where nothing was said. Ids and long numbers in it do not make a group of its own.
    first_s, last_s: when the first and the last of them ended, in s since the phase began.
    """

    error: str
    http_status: int | None
    message: str | None
    requests: int
    first_s: float
    last_s: float


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


MOST_GROUPS: Final = 20
_MESSAGE_CHARS: Final = 120
_OF_ONE_REQUEST: Final = re.compile(r"\b(?=[\w-]*\d)[0-9a-fA-F-]{6,}\b|\d+(?:\.\d+)?")
"""What is another one in each request: ids in hex, numbers."""


def failure_groups(samples: Sequence[RequestSample]) -> tuple[FailureGroup, ...]:
    """By class, status and words, the most frequent first, `MOST_GROUPS` at most. samples: of the measured phase."""
    found: dict[tuple[str, int | None, str], list[tuple[float, str | None]]] = {}
    for sample, at_s in zip(samples, sent_s(samples), strict=True):
        if sample.error is None or sample.error is ErrorClass.INTERRUPTED:
            continue
        lasted_s = 0.0 if sample.sent_ns is None else (sample.ended_ns - sample.sent_ns) / 1e9
        key = (sample.error.value, sample.http_status, _OF_ONE_REQUEST.sub("#", sample.error_message or ""))
        found.setdefault(key, []).append((at_s + lasted_s, sample.error_message))
    groups = [_group(error, status, ends) for (error, status, _), ends in found.items()]
    return tuple(sorted(groups, key=lambda at: (-at.requests, at.first_s))[:MOST_GROUPS])


def _group(error: str, status: int | None, ends: Sequence[tuple[float, str | None]]) -> FailureGroup:
    first_s, words = min(ends, key=lambda end: end[0])
    return FailureGroup(
        error=error,
        http_status=status,
        message=_excerpt(words) if words else None,
        requests=len(ends),
        first_s=round(first_s, 3),
        last_s=round(max(end for end, _ in ends), 3),
    )


def _excerpt(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= _MESSAGE_CHARS else f"{line[: _MESSAGE_CHARS - 1]}…"
