"""One schedule sent from two places at once: from inside a cluster, and from outside of it, as its users do.

Together they send what one client would have sent: each request once, at its time. Which of them sends a request is
drawn, so that what the two see differs by where they are, and not by which prompts they got or when they asked.
"""

from collections.abc import Sequence

import numpy as np

from ragmeter.core.records import Phase, RequestSample
from ragmeter.core.run import PhasePlan, RunPlan, Shard, Vantage
from ragmeter.core.shards import dealt, shard
from ragmeter.core.summary import Figures, summarise

PAIR = 2
"""In an open loop one of two successive requests goes out: both sides have the same rate at any time."""


def vantages_of(pods: int) -> tuple[Vantage, ...]:
    """Of each shard: the pods, and last the one outside."""
    inside: Vantage = "inside"
    return (*[inside] * pods, "outside")


def part_of(plan: PhasePlan, mine: Shard, seed: int) -> PhasePlan:
    """What a shard sends of a phase. Raises ValueError for a number that is not below the count."""
    if mine.vantage is None:
        return shard(plan, mine.number, mine.count)
    inside, outside = split(plan, seed)
    return outside if mine.vantage == "outside" else shard(inside, mine.number, mine.count - 1)


def split(plan: PhasePlan, seed: int) -> tuple[PhasePlan, PhasePlan]:
    """The parts of inside and outside: half of the requests each. In a closed loop also half of the slots, the odd one
    inside; requests are then dealt round by round of all slots.
    """
    size = plan.concurrency or PAIR
    rng = np.random.default_rng([seed, plan.first_index, 3])
    requests = len(plan.prompt_order)
    goes_out: set[int] = set()
    for start in range(0, requests, size):
        goes_out |= {start + int(place) for place in rng.permutation(size)[: size // 2]}
    inside = [place for place in range(requests) if place not in goes_out]
    outside = [place for place in range(requests) if place in goes_out]
    closed = plan.concurrency is not None
    return (
        dealt(plan, inside, size - size // 2 if closed else None),
        dealt(plan, outside, size // 2 if closed else None),
    )


def seen_by_users(samples: Sequence[RequestSample], plan: RunPlan) -> list[RequestSample]:
    """Those from outside, of a run with two vantage points; else all."""
    return [sample for sample in samples if not plan.vantages or plan.vantages[sample.clock_id] == "outside"]


def figures_of(samples: Sequence[RequestSample], phase: Phase, plan: RunPlan) -> Figures:
    """The figures of a phase. Of two vantage points: latencies as users see them, and everything else of all requests,
    since all of them were the load.
    """
    workload = plan.workload
    whole = summarise(samples, phase, goodput=workload.goodput, seed=workload.seed)
    if not plan.vantages:
        return whole
    users = summarise(seen_by_users(samples, plan), phase, goodput=workload.goodput, seed=workload.seed)
    return whole.with_latencies(users)
