"""Running one shard of a load, on this machine or another one: a pod of a cluster, for instance.

Shards share the plan and a start on the wall clock, and nothing else. Each leaves a raw record of its own, whose times
count from that start as the machine's own clock has it; `ragmeter.core.merging.merged` makes one record of all.
"""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from ragmeter.clients.clocks import AUTO, clock_for
from ragmeter.core.errors import ConfigError
from ragmeter.core.provider import Provider
from ragmeter.core.run import RunEnding, RunPlan, Shard
from ragmeter.core.shards import shard as part_of
from ragmeter.run.measure import Conditions, Observer, measure
from ragmeter.run.phases import phases
from ragmeter.run.store import SampleLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """When the phases begin. at: the first of them, with a time zone. starts_s: each of them, in seconds since then;
    None: when the one before has ended on this machine, wherever the others are.
    """

    at: datetime
    starts_s: tuple[float, ...] | None = None


def run_shard(
    plan: RunPlan, provider: Provider, shard: Shard, beginning: Beginning, *, path: Path, observer: Observer
) -> RunEnding:
    """Send one shard of the plan's workload and write its raw record to ``path``; what came of it.

    plan: of the whole run. provider: where the service is, with the secrets that a plan does not have.
    Raises ConfigError when the start has passed, TargetError when the service cannot be reached, StorageError when
    there is a file at ``path`` already.
    """
    origin_ns = check_start(beginning)
    mine = replace(plan, shard=shard, started_at=beginning.at.astimezone(UTC).isoformat(), clock=clock_for(AUTO))
    plans = [part_of(phase, shard.number, shard.count) for phase in phases(plan.workload)]
    with SampleLog(path) as log:
        log.plan(mine)
        conditions = Conditions(
            provider=provider, origin_ns=origin_ns, keep=log.sample, watch=_alive, observer=observer
        )
        _, ending = measure(plan.workload, plans, conditions, begins_ns=_begins(origin_ns, len(plans), beginning))
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


def _monotonic(moment: datetime) -> int:
    """The ``time.monotonic_ns`` reading of a moment on the wall clock, as this machine has it now."""
    return time.monotonic_ns() + int(moment.timestamp() * 1e9) - time.time_ns()


def _begins(origin_ns: int, count: int, beginning: Beginning) -> list[int | None]:
    if beginning.starts_s is None:
        return [origin_ns, *[None] * (count - 1)]
    return [origin_ns + int(start_s * 1e9) for start_s in beginning.starts_s]


def _alive() -> str | None:
    return None
