"""Searching the highest load at which the SLOs of single requests hold, on one system."""

import time
from dataclasses import replace

from ragmeter.core.campaign.events import Emit, LevelStarted, Said
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.money.budget import Limits, exceeded
from ragmeter.core.schedule.phases import search_step
from ragmeter.core.verdicts.capacity import bracket, capacity_steps, next_level
from ragmeter.run.session.meter import Meter
from ragmeter.run.session.variant import Variant

MAX_PER_S = 1e6


def search(variant: Variant, meter: Meter, emit: Emit) -> None:
    """Search, if the workload asks for it, and leave the variant with the highest load that held; without one it runs
    no trial.
    """
    asked, began, number = variant.workload.search, meter.spent(), 0
    if asked is None:
        return
    limits, longest_s = Limits(max_usd=asked.max_usd, max_minutes=asked.max_minutes), 0.0
    while (level := _next(variant)) is not None and variant.stopped is None:
        if (over := exceeded(limits, meter.spent(longest_s) - began)) is not None:
            variant.search_ended = f"another step would have cost {over}"
            break
        emit(LevelStarted(workload=variant.workload, label=variant.label, level=level))
        at, began_s = at_level(variant.workload, level), time.monotonic()
        variant.run("search", number, 0, (search_step(at, number),), level=level, workload=at)
        longest_s, number = max(longest_s, time.monotonic() - began_s), number + 1
    _leave(variant, emit)


def _next(variant: Variant) -> float | None:
    workload, asked = variant.workload, variant.workload.search
    first = workload.rate_per_s or workload.concurrency
    if asked is None or first is None:
        return None
    steps = capacity_steps(variant.parts, variant.samples, workload)
    most = MAX_PER_S if workload.open_loop else float(workload.requests)
    return next_level(asked, steps, min(float(first), most), whole=not workload.open_loop, most=most)


def _leave(variant: Variant, emit: Emit) -> None:
    held, _ = bracket(capacity_steps(variant.parts, variant.samples, variant.workload))
    if held is None:
        variant.done = True
        emit(Said(f"{variant.label}: no load was found that holds; no trial is run"))
    else:
        variant.workload = at_level(variant.workload, held)
        emit(Said(f"{variant.label}: the trials are run at {held:.4g}"))


def at_level(workload: Workload, level: float) -> Workload:
    """The same workload at another load."""
    if workload.open_loop:
        return replace(workload, rate_per_s=level)
    return replace(workload, concurrency=int(level))
