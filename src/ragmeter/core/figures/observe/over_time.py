"""What the servers told over the time of a run, on the axis of its requests.

A reading stands for its second. A moment that no reading stands for has no value, and one at which a replica was not
read has none of all replicas together.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ragmeter.core.figures.observe.quantities import QUANTITIES
from ragmeter.core.figures.observe.watched import MAX_GAP_S, Seen, Watched

_HALF_NS: Final = 500_000_000
_LATE_NS: Final = 100_000_000
"""How much later than a second after the last a reading may come."""
GAUGES: Final = tuple(name for name, each in QUANTITIES.items() if each.kind == "gauge" and name != "started_s")
RATES: Final = {"preemptions": "preemptions_per_s", "generation_tokens": "llm_output_tokens_per_s"}
"""Counters that are shown as what they grew by in each second."""

_Told = tuple[int, int, float]
"""From when to when, on the samples' clock, and the value then."""


@dataclass(frozen=True, slots=True)
class ServedLines:
    """By quantity and replica, what was told, each in the order of time."""

    told: Mapping[str, tuple[tuple[_Told, ...], ...]]

    def at(self, name: str, moment_ns: int) -> float | None:
        """Of all replicas together."""
        values = [_at(replica, moment_ns) for replica in self.told.get(name, ())]
        known = [value for value in values if value is not None]
        return _folded(name, known) if known and len(known) == len(values) else None

    def over(self, begin_ns: int, bin_ns: int, bins: int) -> dict[str, tuple[float | None, ...]]:
        """In the middle of each of so many parts of the time; without the lines that have no value at all."""
        middles = [begin_ns + bin_ns // 2 + bin_ns * place for place in range(bins)]
        lines = {name: tuple(_rounded(self.at(name, moment)) for moment in middles) for name in self.told}
        return {name: values for name, values in lines.items() if any(value is not None for value in values)}

    def most(self, begin_ns: int, end_ns: int) -> dict[str, float]:
        """The largest value of each gauge between two moments, of those that are known."""
        found: dict[str, float] = {}
        for name in GAUGES:
            moments = [begin_ns, end_ns, *self._changes(name, begin_ns, end_ns)]
            values = [value for moment in moments if (value := self.at(name, moment)) is not None]
            if values:
                found[name] = max(values)
        return found

    def _changes(self, name: str, begin_ns: int, end_ns: int) -> list[int]:
        return [told[0] for replica in self.told.get(name, ()) for told in replica if begin_ns <= told[0] <= end_ns]


NOTHING_SERVED: Final = ServedLines({})


def lines_of(spans: Iterable[Watched]) -> ServedLines:
    """Of spans of one run, whatever their phases."""
    found: dict[str, dict[str, list[_Told]]] = {}
    for at in spans:
        for name, told in (*_gauges(at), *_growths(at)):
            found.setdefault(name, {}).setdefault(at.source, []).extend(told)
    return ServedLines({name: tuple(tuple(sorted(own)) for own in of.values()) for name, of in found.items()})


def _gauges(at: Watched) -> Iterable[tuple[str, list[_Told]]]:
    for name in GAUGES:
        moments = [(at.began_ns + round(at_s * 1e9), value) for at_s, value in at.gauge(name)]
        if moments:
            yield name, _stretched(moments)


def _stretched(moments: Sequence[tuple[int, float]]) -> list[_Told]:
    """Up to half a second before and after each, and without a hole between two that are a second apart."""
    found = []
    for place, (at_ns, value) in enumerate(moments):
        until_ns = at_ns + _HALF_NS
        if place + 1 < len(moments) and 0 < moments[place + 1][0] - _HALF_NS - until_ns <= _LATE_NS:
            until_ns = moments[place + 1][0] - _HALF_NS
        found.append((at_ns - _HALF_NS, until_ns, value))
    return found


def _growths(at: Watched) -> Iterable[tuple[str, list[_Told]]]:
    if at.uncounted is not None:
        return
    seen = [each for each in (at.begin, *at.ticks, at.end) if each is not None]
    for counter, name in RATES.items():
        told = [
            (at.began_ns + round(one.at_s * 1e9), at.began_ns + round(two.at_s * 1e9), _per_s(counter, one, two))
            for one, two in pairwise(seen)
            if counter in one.told.values and counter in two.told.values and 0 < two.at_s - one.at_s <= MAX_GAP_S
        ]
        if told:
            yield name, told


def _per_s(counter: str, one: Seen, two: Seen) -> float:
    return (two.told.values[counter] - one.told.values[counter]) / (two.at_s - one.at_s)


def _at(told: Sequence[_Told], moment_ns: int) -> float | None:
    """Where two stand for a moment, the later one."""
    place = bisect_left(told, (moment_ns, -1, 0.0)) - 1
    if 0 <= place + 1 < len(told) and told[place + 1][0] == moment_ns:
        place += 1
    return told[place][2] if place >= 0 and told[place][0] <= moment_ns <= told[place][1] else None


def _folded(name: str, values: Sequence[float]) -> float:
    return max(values) if name in QUANTITIES and QUANTITIES[name].fold == "max" else sum(values)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
