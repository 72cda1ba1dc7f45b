"""Whether a load process ran all the time: one that is stopped, throttled or swapped out asks for less than it should.

A timer that ticks says how long it did not run, whatever kept it from running; the kernel's counters say what probably
did. The timer decides: a quota that is used up beside a client with real-time priority holds the client up by nothing.
"""

import asyncio
import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ragmeter.core.client.harness import STOOD_STILL

TICK_S: Final = 0.05
LATE_S: Final = 0.01
"""A tick that is less late is on time: a busy event loop or another process had the core for a moment."""
LATE_SHARE: Final = 0.1
"""Share of a phase in late ticks from which on the measurement is not valid: the client repeatedly had no processor."""
LEAST_S: Final = TICK_S
"""Of lateness in all, below which nothing is said: in a phase of a tenth of a second, one moment would be a tenth."""
STOPPED_S: Final = 0.2
STOPPED_SHARE: Final = 0.02
"""The same of ticks that are late by `STOPPED_S` or more; the rate of an open loop may be off by as much."""

_MOUNT = Path("/sys/fs/cgroup")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
"""Unit of the times in /proc/stat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standstill:
    """late_s: sum of all that ticks were late. stopped_s: of those that were very late. longest_s: the latest.

    causes: what the kernel counted meanwhile, in words.
    """

    late_s: float = 0.0
    stopped_s: float = 0.0
    longest_s: float = 0.0
    causes: tuple[str, ...] = ()

    def reason(self, wall_s: float) -> str | None:
        """Why a phase of this length (s) is no valid measurement; None when it is one."""
        if self.late_s <= max(LATE_SHARE * wall_s, LEAST_S) and self.stopped_s <= STOPPED_SHARE * wall_s:
            return None
        why = "; ".join(self.causes) or "stopped, or without a processor"
        return (
            f"{STOOD_STILL} for {self.late_s:.3g} s of {wall_s:.3g} s (at once for up to {self.longest_s:.3g} s): {why}"
        )


NONE: Final = Standstill()


class StandstillWatch:
    """Watches the process that it is in, from inside its event loop."""

    def __init__(self) -> None:
        self._lates_s: list[float] = []
        self._before = {name: count() for name, count in _COUNTERS.items()}
        self._due_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @contextmanager
    def ticking(self) -> Iterator[None]:
        """Within, each stop of this process is seen, also one that lasts beyond the end."""
        self._wind()
        try:
            yield
        finally:
            self._note()
            if self._timer is not None:
                self._timer.cancel()

    def found(self) -> Standstill:
        return Standstill(
            late_s=sum(self._lates_s),
            stopped_s=sum(late_s for late_s in self._lates_s if late_s >= STOPPED_S),
            longest_s=max(self._lates_s, default=0.0),
            causes=tuple(
                words.format(grown)
                for name, words in _WORDS.items()
                if (grown := _COUNTERS[name]() - self._before[name]) >= _NOTEWORTHY[name]
            ),
        )

    def _wind(self) -> None:
        self._due_s = _now_s() + TICK_S
        self._timer = asyncio.get_running_loop().call_later(TICK_S, self._tick)

    def _tick(self) -> None:
        self._note()
        self._wind()

    def _note(self) -> None:
        late_s = _now_s() - self._due_s
        if late_s >= LATE_S:
            self._lates_s.append(late_s)


def _now_s() -> float:
    """A clock that goes on while the machine is suspended, where there is one."""
    return time.clock_gettime(_CLOCK)


_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def _throttled_s() -> float:
    """How long the group of this process was out of its quota, summed over processors: cgroup v2, then v1."""
    for path in (_MOUNT / "cpu.stat", _MOUNT / "cpu" / "cpu.stat"):
        for line in _lines(path):
            name, _, value = line.partition(" ")
            if name in ("throttled_usec", "throttled_time"):
                return int(value) / (1e6 if name == "throttled_usec" else 1e9)
    return 0.0


def _stolen_s() -> float:
    """Time that the hypervisor gave to others although a processor of this machine had something to do."""
    fields = next(iter(_lines(Path("/proc/stat"))), "").split()
    return int(fields[8]) / _TICKS_PER_S if len(fields) > 8 else 0.0


def _swapped_pages() -> float:
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_majflt)


def _lines(path: Path) -> list[str]:
    """None of a file that cannot be read: not every system has it."""
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


_COUNTERS: dict[str, Callable[[], float]] = {
    "throttled": _throttled_s,
    "stolen": _stolen_s,
    "swapped": _swapped_pages,
}
_WORDS = {
    "throttled": "its cgroup was throttled for {:.3g} s (CPU limit of the container)",
    "stolen": "the hypervisor took {:.3g} s of processor time (steal)",
    "swapped": "{:.0f} of its pages had to be read back (swap)",
}
_NOTEWORTHY = {"throttled": LATE_S, "stolen": 0.1, "swapped": 10}
