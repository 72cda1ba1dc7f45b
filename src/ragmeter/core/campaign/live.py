"""What a session does while it runs, second by second: the figures of its requests, and what the servers told last.

These are for watching: a request counts in the second in which its end was told, and nothing is judged by them.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ragmeter.core.campaign.events import Event, LoadEnded, PhaseStarted, RequestEnded, RequestStarted, ServersRead
from ragmeter.core.figures.observe.over_time import GAUGES
from ragmeter.core.figures.observe.quantities import QUANTITIES
from ragmeter.core.figures.observe.records import Reading
from ragmeter.core.figures.observe.told import told_in
from ragmeter.core.requests.measures import ttft_ms
from ragmeter.core.requests.records import OURS, RequestSample
from ragmeter.core.stats.estimate import quantile

KEPT_S: Final = 900
"""Seconds that can be looked back at."""
LAST_S: Final = 10
"""Of the figures for a scrape."""
STALE_S: Final = 5.0
"""A server that has not told anything for longer is not shown."""


@dataclass(frozen=True, slots=True)
class Started:
    """Requests that were sent since the last record."""

    count: int


@dataclass(frozen=True, slots=True)
class Ended:
    """One request ended. is_ok: None where we ended it."""

    is_ok: bool | None
    ttft_ms: float | None


@dataclass(frozen=True, slots=True)
class Told:
    """What a server told, by quantity; nothing where it could not be read."""

    source: str
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Phased:
    """A phase begins; None: the load is over."""

    name: str | None


Record = Started | Ended | Told | Phased


def record_of(event: Event) -> Record | None:
    """What is kept of an event; None of most."""
    match event:
        case RequestStarted():
            return Started(1)
        case RequestEnded():
            return _ended(event.sample)
        case ServersRead():
            return _told(event.reading)
        case PhaseStarted():
            return Phased(event.phase.value)
        case LoadEnded():
            return Phased(None)
    return None


def _ended(sample: RequestSample) -> Ended:
    return Ended(None if sample.error in OURS else sample.ok, ttft_ms(sample) if sample.ok else None)


def _told(reading: Reading) -> Told:
    told = told_in(reading.samples)
    values = {} if told is None else {name: told.values[name] for name in GAUGES if name in told.values}
    return Told(reading.source, values)


@dataclass(slots=True)
class _Second:
    sent: int = 0
    answered: int = 0
    failed: int = 0
    in_flight: int = 0
    ttfts: list[float] = field(default_factory=list)
    servers: dict[str, float] = field(default_factory=dict)


class LiveSeries:
    """Fed with records; times are of one clock that never goes back, in s."""

    def __init__(self, began_s: float) -> None:
        self._began_s = began_s
        self._seconds: deque[_Second] = deque([_Second()], maxlen=KEPT_S)
        self._reached = 0
        self._servers: dict[str, tuple[float, Mapping[str, float]]] = {}
        self._in_flight = 0
        self._totals = {"sent": 0, "answered": 0, "failed": 0}
        self._phase: str | None = None

    def take(self, record: Record, at_s: float) -> None:
        now = self.reach(at_s)
        match record:
            case Started():
                now.sent += record.count
                self._in_flight += record.count
                self._totals["sent"] += record.count
            case Ended():
                self._end(record, now)
            case Told():
                self._servers[record.source] = (at_s, record.values)
            case Phased():
                self._phase = record.name
        now.in_flight = self._in_flight
        now.servers = self._together(at_s)

    def _end(self, record: Ended, now: _Second) -> None:
        self._in_flight = max(0, self._in_flight - 1)
        if record.is_ok is None:
            return
        name = "answered" if record.is_ok else "failed"
        self._totals[name] += 1
        setattr(now, name, getattr(now, name) + 1)
        if record.ttft_ms is not None:
            now.ttfts.append(record.ttft_ms)

    def reach(self, at_s: float) -> _Second:
        """The second of this moment, with those in between, in which nothing happened."""
        while self._reached < int(at_s - self._began_s):
            self._reached += 1
            at = self._began_s + self._reached
            self._seconds.append(_Second(in_flight=self._in_flight, servers=self._together(at)))
        return self._seconds[-1]

    def _together(self, at_s: float) -> dict[str, float]:
        """Of all servers that told something lately."""
        found: dict[str, list[float]] = {}
        for told_s, values in self._servers.values():
            if at_s - told_s <= STALE_S:
                for name, value in values.items():
                    found.setdefault(name, []).append(value)
        return {name: max(all_) if QUANTITIES[name].fold == "max" else sum(all_) for name, all_ in found.items()}

    def document(self, at_s: float) -> dict[str, Any]:
        """For plots: the whole seconds before this moment, each value by name; None is not known."""
        self.reach(at_s)
        whole = list(self._seconds)[:-1]
        first = self._reached - len(whole)
        lines: dict[str, list[float | None]] = {
            "sent": [each.sent for each in whole],
            "answered": [each.answered for each in whole],
            "failed": [each.failed for each in whole],
            "in_flight": [each.in_flight for each in whole],
            "ttft_p50_ms": [quantile(each.ttfts, 0.5) for each in whole],
            "ttft_max_ms": [max(each.ttfts, default=None) for each in whole],
        }
        for name in GAUGES:
            values = [each.servers.get(name) for each in whole]
            if any(value is not None for value in values):
                lines[name] = values
        return {"phase": self._phase, "first_s": first, "lines": lines}

    def exposition(self, at_s: float) -> str:
        """For a Prometheus."""
        self.reach(at_s)
        lately = [ttft for each in list(self._seconds)[-LAST_S:] for ttft in each.ttfts]
        lines = [
            "# HELP ragmeter_live_requests_total Requests so far.",
            "# TYPE ragmeter_live_requests_total counter",
            *(f'ragmeter_live_requests_total{{what="{name}"}} {value}' for name, value in self._totals.items()),
            "# HELP ragmeter_live_in_flight Requests in flight.",
            "# TYPE ragmeter_live_in_flight gauge",
            f"ragmeter_live_in_flight {self._in_flight}",
        ]
        if lately:
            lines += [
                f"# HELP ragmeter_live_ttft_ms Time to first token of the answers of the last {LAST_S} s.",
                "# TYPE ragmeter_live_ttft_ms gauge",
                *(f'ragmeter_live_ttft_ms{{quantile="{q}"}} {quantile(lately, q):.6g}' for q in (0.5, 0.95)),
            ]
        for name, value in self._together(at_s).items():
            lines += [
                f"# HELP ragmeter_live_{name} {QUANTITIES[name].meaning}",
                f"# TYPE ragmeter_live_{name} gauge",
                f"ragmeter_live_{name} {value:.6g}",
            ]
        return "\n".join(lines) + "\n"
