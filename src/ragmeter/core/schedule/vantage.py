"""One schedule sent from two places at once: from inside a cluster, and from outside of it, as its users do.

Together they send what one client would have sent: each request once, at its time. Which of them sends a request is
drawn, so that what the two see differs by where they are, and not by which prompts they got or when they asked.
"""

from dataclasses import replace

import numpy as np

from ragmeter.core.schedule.plan import PhasePlan, Shard, Vantage
from ragmeter.core.schedule.shards import assigned, shard

APART_NS, ALL_APART_NS = 50_000_000, 1_000_000_000
"""Between the first requests of two slots, longer than two machines begin apart, and between those of all slots."""
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
    """The parts of inside and outside: half of the requests each. In a closed loop also half of the slots; requests are
    then assigned round by round of all slots.

    Slots begin apart and in an order that is drawn. Two bursts that begin together would queue one behind the other in
    the service, and in a closed loop the one that came second would stay the second. ValueError for an odd number of
    slots: the larger burst waits longer, edge or not.
    """
    size = plan.concurrency or PAIR
    if size % PAIR:
        raise ValueError(f"{size} slots cannot be assigned evenly to two sides")
    rng = np.random.default_rng([seed, plan.first_index, 3])
    requests = len(plan.prompt_order)
    goes_out: set[int] = set()
    for start in range(0, requests, size):
        goes_out |= {start + int(place) for place in rng.permutation(size)[: size // 2]}
    inside = [place for place in range(requests) if place not in goes_out]
    outside = [place for place in range(requests) if place in goes_out]
    if plan.concurrency is None:
        return assigned(plan, inside, None), assigned(plan, outside, None)
    gap_ns = min(APART_NS, ALL_APART_NS // size)
    apart = replace(plan, slot_starts_ns=tuple(int(turn) * gap_ns for turn in rng.permutation(size)))
    return assigned(apart, inside, range(size // 2)), assigned(apart, outside, range(size // 2, size))
