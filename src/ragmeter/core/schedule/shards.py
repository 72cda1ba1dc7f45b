"""One schedule sent by several processes or machines.

::

    plans = phases(workload)                      # run.phases: the whole schedule, drawn from the seed
    mine = [shard(plan, k, n) for plan in plans]  # what load process k of n sends: 0 <= k < n
    run_shard(...)                                # run.shard: sends it from the common start, writes a raw record
    merged(records)                               # core.merging: n raw records to the one of the whole run

A shard is worked out from the whole schedule and its number: the processes need not talk to each other.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import TypeVar

from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.schedule.plan import PhasePlan
from ragmeter.core.schedule.talks import PlannedTalk

V = TypeVar("V")

BREATH_S = 1.0
"""Between the latest end of a phase and the beginning of the next: each process prepares it meanwhile."""


def shared(workload: Workload, count: int) -> Workload:
    """A workload as busy as one of ``count`` processes is with its shard of this one: for its calibration."""
    return replace(
        workload,
        concurrency=None if workload.concurrency is None else max(1, -(-workload.concurrency // count)),
        rate_per_s=None if workload.rate_per_s is None else workload.rate_per_s / count,
        end_rate_per_s=None if workload.end_rate_per_s is None else workload.end_rate_per_s / count,
        rates_per_s=tuple(rate / count for rate in workload.rates_per_s),
        trace=workload.trace[::count],
    )


def shards(plan: PhasePlan, count: int) -> tuple[PhasePlan, ...]:
    """The plan, divided among ``count`` load processes. Together they send each request of it once, by its index."""
    return tuple(shard(plan, number, count) for number in range(count))


def shard(plan: PhasePlan, number: int, count: int) -> PhasePlan:
    """The part of load process ``number``, from 0.

    Open loop: every ``count``-th start, at the time it has in the whole schedule. Closed loop: every ``count``-th slot
    with the requests of these slots, assigned to the slots in turn. A process without a slot sends nothing.

    Raises ValueError for a number that is not below the count.
    """
    if not 0 <= number < count:
        raise ValueError(f"shard {number} is not one of {count}: they are numbered from 0")
    slots = plan.concurrency or 1
    mine = None if plan.concurrency is None else range(number, slots, count)
    if plan.talks is not None:
        own = [
            at for place, at in enumerate(plan.talks) if (place if mine is None else place % slots) % count == number
        ]
        return _of_talks(assigned(plan, [place for talk in own for place in talk.places], mine), own)
    places = [
        place
        for place in range(len(plan.prompt_order))
        if (place if plan.concurrency is None else place % slots) % count == number
    ]
    return assigned(plan, places, mine)


def _of_talks(plan: PhasePlan, own: Sequence[PlannedTalk]) -> PhasePlan:
    """With these sessions, which follow one another in it."""
    firsts = accumulate((talk.turns for talk in own), initial=0)
    return replace(plan, talks=tuple(replace(talk, first=first) for talk, first in zip(own, firsts, strict=False)))


def assigned(plan: PhasePlan, places: Sequence[int], slots: Sequence[int] | None) -> PhasePlan:
    """The requests at these places of the plan, each with its own index and time, and of a closed loop these slots."""
    starts = plan.slot_starts_ns
    return replace(
        plan,
        positions=_taken(range(len(plan.prompt_order)) if plan.positions is None else plan.positions, places),
        prompt_order=_taken(plan.prompt_order, places),
        offsets_ns=None if plan.offsets_ns is None else _taken(plan.offsets_ns, places),
        lengths=None if plan.lengths is None else _taken(plan.lengths, places),
        leaves_ns=None if plan.leaves_ns is None else _taken(plan.leaves_ns, places),
        concurrency=None if slots is None else len(slots),
        slot_starts_ns=None if starts is None or slots is None else _taken(starts, slots),
    )


def common_starts_s(plans: Sequence[PhasePlan], timeout_s: float) -> tuple[float, ...]:
    """When each phase begins, in seconds since the first, so that it has no request of the phase before it, on whatever
    machine: a request ends at its deadline, ``timeout_s``, at the latest.

    plans: of the whole load. Raises ConfigError when nobody can say how long one of them takes.
    """
    return tuple(accumulate((_longest_s(plan) + timeout_s + BREATH_S for plan in plans[:-1]), initial=0.0))


def _longest_s(plan: PhasePlan) -> float:
    """From the beginning to the last start."""
    if plan.offsets_ns is not None:
        return max(plan.offsets_ns, default=0) / 1e9
    if plan.duration_s is None:
        kind = "a closed loop" if plan.talks is None else "one of sessions"
        raise ConfigError(
            f"the {plan.name} phase is {kind} without a duration: nobody knows when its shards have ended, and "
            "the next phase would begin on each machine at another time; give benchmark.duration, or --phase-every"
        )
    return plan.duration_s


def _taken(values: Sequence[V], places: Sequence[int]) -> tuple[V, ...]:
    return tuple(values[place] for place in places)
