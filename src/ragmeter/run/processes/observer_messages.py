"""What the observing process is told, and what it tells: a `Reading` each second, and these."""

from dataclasses import dataclass

from ragmeter.clients.observe.source import MetricsSource
from ragmeter.core.figures.observe.records import Reading, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginSpan:
    """Read every source now, and then each of them once a second. Answered by `EdgeRead`.

    origin_ns: the ``time.monotonic_ns`` reading that is 0 in the readings.
    """

    number: int
    span: Span
    sources: tuple[MetricsSource, ...]
    origin_ns: int


@dataclass(frozen=True, slots=True)
class Renew:
    """From now on the sources have these headers. Not answered."""

    sources: tuple[MetricsSource, ...]


@dataclass(frozen=True, slots=True)
class EndSpan:
    """Stop, and read every source once more. Answered by `EdgeRead`."""

    number: int


@dataclass(frozen=True, slots=True)
class DropSpan:
    """Stop. Not answered."""


@dataclass(frozen=True, slots=True)
class EdgeRead:
    """The readings at an edge of the span of this number."""

    number: int
    readings: tuple[Reading, ...]
