"""Searching the highest load at which the SLOs of single requests hold, on one system."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from ragmeter.core.budget import Limits, exceeded
from ragmeter.core.capacity import bracket, capacity_steps, next_level
from ragmeter.core.workload import Workload
from ragmeter.run.campaign import Arm
from ragmeter.run.meter import Meter
from ragmeter.run.phases import search_step

MOST_PER_S = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Searching:
    """announce: is told which arm tries which load. say: takes one lasting line."""

    meter: Meter
    announce: Callable[[Arm, float], None]
    say: Callable[[str], None]

    def run(self, arm: Arm) -> None:
        """Search, and leave the arm with the highest load that held; without one it runs no trial."""
        search, began, number = arm.workload.search, self.meter.spent(), 0
        if search is None:
            return
        limits, longest_s = Limits(max_usd=search.max_usd, max_minutes=search.max_minutes), 0.0
        while (level := self._next(arm)) is not None and arm.stopped is None:
            if (over := exceeded(limits, self.meter.spent(longest_s) - began)) is not None:
                arm.search_ended = f"another step would have cost {over}"
                break
            self.announce(arm, level)
            at, began_s = at_level(arm.workload, level), time.monotonic()
            arm.run("search", number, 0, (search_step(at, number),), level=level, workload=at)
            longest_s, number = max(longest_s, time.monotonic() - began_s), number + 1
        self._leave(arm)

    def _next(self, arm: Arm) -> float | None:
        workload, search = arm.workload, arm.workload.search
        first = workload.rate_per_s or workload.concurrency
        if search is None or first is None:
            return None
        steps = capacity_steps(arm.parts, arm.samples, workload)
        most = MOST_PER_S if workload.open_loop else float(workload.requests)
        return next_level(search, steps, min(float(first), most), whole=not workload.open_loop, most=most)

    def _leave(self, arm: Arm) -> None:
        held, _ = bracket(capacity_steps(arm.parts, arm.samples, arm.workload))
        if held is None:
            arm.done = True
            self.say(f"{arm.label}: no load was found that holds; no trial is run")
        else:
            arm.workload = at_level(arm.workload, held)
            self.say(f"{arm.label}: the trials are run at {held:.4g}")


def at_level(workload: Workload, level: float) -> Workload:
    """The same workload at another load."""
    if workload.open_loop:
        return replace(workload, rate_per_s=level)
    return replace(workload, concurrency=int(level))
