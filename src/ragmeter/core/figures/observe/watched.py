"""One server over one span of a run: its readings in order, the gaps between them, and what its counters grew by."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ragmeter.core.figures.observe.quantities import QUANTITIES
from ragmeter.core.figures.observe.records import Reading, Span
from ragmeter.core.figures.observe.told import Histogram, Told, told_in

MAX_GAP_S: Final = 3.0
"""Readings are a second apart: what happened in a longer time without one is not known."""
_SAME_START_S: Final = 1.0
_UNKNOWN: Final = "the page has none of the metrics that are known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A reading that told something. at_s: since the first reading of the span was to be made."""

    at_s: float
    tick: int
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """begin, end: what was told exactly before and after the load of the span; None where it was not told. ticks: in
    between, a second apart. failed: readings that came to nothing; why: what the last of them said. seconds: from the
    first reading to the last, whether they failed or not. began_ns: when the first was made, on the samples' clock.
    """

    source: str
    span: Span
    seconds: float
    begin: Seen | None
    end: Seen | None
    ticks: tuple[Seen, ...]
    failed: int = 0
    why: str | None = None
    began_ns: int = 0

    @property
    def family(self) -> str | None:
        """The kind of server, as the last page shows it."""
        seen = self._seen()
        return seen[-1].told.family if seen else None

    def _seen(self) -> list[Seen]:
        return [each for each in (self.begin, *self.ticks, self.end) if each is not None]

    @property
    def gap(self) -> str | None:
        """Why the gauges are not known over all of the span; None where they are."""
        if not self.ticks:
            return self._failed_words() if self.failed else "the phase was over before a reading was made in it"
        edges = [0.0, *(each.at_s for each in self._seen()), self.seconds]
        longest, start = max((later - earlier, earlier) for earlier, later in pairwise(sorted(edges)))
        if longest <= MAX_GAP_S:
            return None
        return f"not read for {longest:.1f} s from {start:.1f} s on{self._because()}"

    @property
    def uncounted(self) -> str | None:
        """Why the growth of its counters is not known; None where it is."""
        if self.begin is None or self.end is None:
            edge = "before" if self.begin is None else "after"
            return f"not read right {edge} the load{self._because()}"
        if self.begin.told.family != self.end.told.family:
            return f"{self.begin.told.family} before the load and {self.end.told.family} after it"
        seen = self._seen()
        if any(_restarted(earlier.told, later.told) for earlier, later in pairwise(seen)):
            return "it was started again meanwhile: its counters began anew"
        return None

    def grown(self, name: str) -> float | None:
        """By how much a counter grew; None where that is not known."""
        if self.uncounted is not None or self.begin is None or self.end is None:
            return None
        before, after = self.begin.told.values.get(name), self.end.told.values.get(name)
        return None if before is None or after is None else after - before

    def observed(self, name: str) -> Histogram | None:
        """What a histogram grew by."""
        if self.uncounted is not None or self.begin is None or self.end is None:
            return None
        before, after = self.begin.told.histograms.get(name), self.end.told.histograms.get(name)
        return None if before is None or after is None else _difference(before, after)

    def gauge(self, name: str) -> list[tuple[float, float]]:
        """Its values in between, with the seconds at which they were told."""
        return [(each.at_s, each.told.values[name]) for each in self.ticks if name in each.told.values]

    def _because(self) -> str:
        return f": {self.why}" if self.why else ""

    def _failed_words(self) -> str:
        return f"{self.failed} readings failed{self._because()}"


def _restarted(earlier: Told, later: Told) -> bool:
    """A counter that fell, or another start time. Two engines that swap places behind one address look the same."""
    one, two = earlier.values.get("started_s"), later.values.get("started_s")
    if one is not None and two is not None and abs(one - two) > _SAME_START_S:
        return True
    counters = (name for name in earlier.values if QUANTITIES[name].kind == "counter")
    if any(later.values.get(name, earlier.values[name]) < earlier.values[name] for name in counters):
        return True
    return any(
        later.histograms[name].count < histogram.count
        for name, histogram in earlier.histograms.items()
        if name in later.histograms
    )


def _difference(before: Histogram, after: Histogram) -> Histogram:
    """Buckets alone where both have the same bounds."""
    same = [bound for bound, _ in before.counts] == [bound for bound, _ in after.counts]
    pairs = zip(before.counts, after.counts, strict=True) if same else ()
    counts = tuple((bound, late - early) for (bound, early), (_, late) in pairs)
    return Histogram(total=after.total - before.total, count=after.count - before.count, counts=counts)


def watched(readings: Iterable[Reading], *, model_id: str | None = None) -> tuple[Watched, ...]:
    """By span and source, in the order of their first readings. model_id: as in `told_in`."""
    by_place: defaultdict[tuple[Span, str], list[Reading]] = defaultdict(list)
    for reading in readings:
        by_place[reading.span, reading.source].append(reading)
    return tuple(_one(source, span, own, model_id) for (span, source), own in by_place.items())


def _one(source: str, span: Span, own: Sequence[Reading], model_id: str | None) -> Watched:
    ordered = sorted(own, key=lambda reading: reading.at_ns)
    start_ns = ordered[0].at_ns
    begin = end = why = None
    ticks, failed = [], 0
    for reading in ordered:
        told = told_in(reading.samples, model_id=model_id) if reading.failure is None else None
        if told is None:
            failed, why = failed + 1, reading.failure or _UNKNOWN
            continue
        seen = Seen(at_s=(reading.at_ns - start_ns) / 1e9, tick=reading.tick, told=told)
        if reading.edge is None:
            ticks.append(seen)
        elif reading.edge == "begin":
            begin = seen
        else:
            end = seen
    return Watched(
        source=source,
        span=span,
        seconds=(ordered[-1].at_ns - start_ns) / 1e9,
        begin=begin,
        end=end,
        ticks=tuple(ticks),
        failed=failed,
        why=why,
        began_ns=start_ns,
    )
