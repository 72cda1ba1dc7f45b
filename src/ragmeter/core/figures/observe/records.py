"""Readings of a server's metrics, as the raw record keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ragmeter.core.requests.records import Phase


class Sample(NamedTuple):
    """One series of a metrics page, by the server's own name."""

    name: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The part of a run in which a reading was made: a phase, its trial, and its step in a sweep or a search."""

    phase: Phase
    trial: int = 0
    step: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One metrics page, or why there is none.

    source: URL of the page, a replica of its own. at_ns: on the samples' clock, halfway between question and answer;
    took_ns: between them. cpu_ns: CPU time of the observing process since its last reading. edge: made exactly before
    the first request of the span, or after its last; None: one of those in between. tick: number of the reading in its
    span; the readings of all sources that were asked at once have the same. samples: those whose names are known, of
    histograms the buckets at the edges alone. failure: why there are none.
    """

    source: str
    span: Span
    at_ns: int
    took_ns: int
    cpu_ns: int = 0
    edge: Literal["begin", "end"] | None = None
    tick: int = 0
    samples: tuple[Sample, ...] = ()
    failure: str | None = None
