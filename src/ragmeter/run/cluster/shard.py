"""Running one shard of a load, on this machine or another one: a pod of a cluster, for instance.

Shards share the plan and a start on the wall clock, and nothing else. Each leaves a raw record of its own, whose times
count from that start as the machine's own clock has it; `ragmeter.core.run.merging.merged` makes one record of all.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from ragmeter.clients.http.clocks import AUTO
from ragmeter.clients.plugins.registry import clock_of
from ragmeter.core.campaign.events import Emit, LoadEnded, unheard
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.run.plan import RunEnding, RunPlan, joined
from ragmeter.core.schedule.phases import phases
from ragmeter.core.schedule.plan import PhasePlan, Shard
from ragmeter.core.schedule.vantage import part_of
from ragmeter.run.processes.workers import Workers
from ragmeter.run.session.measure import Conditions, measure
from ragmeter.run.store import SampleLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """When the phases begin. at: the first of them, with a time zone. starts_s: each of them, in seconds since then;
    None: when the one before has ended on this machine, wherever the others are.

    agreed: asked instead, when a phase has ended here, for the moment at which the next begins everywhere, by its
    number from 1; None when there is to be no next.
    """

    at: datetime
    starts_s: tuple[float, ...] | None = None
    agreed: Callable[[int], datetime | None] | None = None


def run_shard(
    plan: RunPlan,
    provider: Provider,
    shard: Shard,
    beginning: Beginning,
    *,
    path: Path,
    emit: Emit = unheard,
    clock: str = AUTO,
    halt: Callable[[], str | None] = lambda: None,
) -> RunEnding:
    """Send one shard of the plan's workload and write its raw record to ``path``; what came of it.

    plan: of the whole run. provider: where the service is, with the secrets that a plan does not have. emit, clock,
    halt: as in `Conditions`. Raises ConfigError when the start has passed and for a clock that is not available,
    TargetError when the service cannot be reached, StorageError when there is a file at ``path`` already.
    """
    origin_ns = check_start(beginning)
    dated_by = clock_of(plan.workload.described, clock)
    mine = replace(plan, shard=shard, started_at=beginning.at.astimezone(UTC).isoformat(), clock=dated_by)
    plans = [part_of(phase, shard, plan.workload.seed) for phase in phases(plan.workload)]
    with SampleLog(path) as log:
        log.plan(mine)
        conditions = Conditions(
            provider=provider,
            origin_ns=origin_ns,
            keep=log.sample,
            watch=_alive,
            emit=emit,
            clock=mine.clock,
            halt=halt,
            marking=plan.marking,
        )
        try:
            ending = _sent(plan.workload, plans, conditions, beginning)
        finally:
            emit(LoadEnded())
        log.ending(ending)
    if log.failure is not None:
        ending = replace(ending, warnings=(*ending.warnings, f"{log.failure}: all samples are in {log.path}"))
    return ending


def check_start(beginning: Beginning) -> int:
    """The ``time.monotonic_ns`` reading of the common start. Raises ConfigError when it has passed."""
    origin_ns = _monotonic(beginning.at)
    if origin_ns < time.monotonic_ns():
        late_s = (time.monotonic_ns() - origin_ns) / 1e9
        raise ConfigError(f"the common start {beginning.at.isoformat()} passed {late_s:.1f} s ago: give a later one")
    return origin_ns


def _sent(workload: Workload, plans: Sequence[PhasePlan], conditions: Conditions, beginning: Beginning) -> RunEnding:
    if beginning.agreed is None:
        begins_ns = _begins(conditions.origin_ns, len(plans), beginning)
        return measure(workload, plans, conditions, begins_ns=begins_ns)[1]
    with Workers() as workers:
        return _in_agreement(workload, plans, replace(conditions, workers=workers), beginning.at, beginning.agreed)


def _in_agreement(
    workload: Workload,
    plans: Sequence[PhasePlan],
    conditions: Conditions,
    first: datetime,
    agreed: Callable[[int], datetime | None],
) -> RunEnding:
    endings: list[RunEnding] = []
    for number, plan in enumerate(plans):
        at = agreed(number) if number else first
        if at is None:
            endings.append(RunEnding(status="interrupted", reason="another shard did not go on"))
        else:
            endings.append(measure(workload, [plan], conditions, begins_ns=[_monotonic(at)])[1])
        if endings[-1].status == "interrupted":
            break
    return joined(endings)


def _monotonic(moment: datetime) -> int:
    """The ``time.monotonic_ns`` reading of a moment on the wall clock, as this machine has it now."""
    return time.monotonic_ns() + int(moment.timestamp() * 1e9) - time.time_ns()


def _begins(origin_ns: int, count: int, beginning: Beginning) -> list[int | None]:
    if beginning.starts_s is None:
        return [origin_ns, *[None] * (count - 1)]
    return [origin_ns + int(start_s * 1e9) for start_s in beginning.starts_s]


def _alive() -> str | None:
    return None
