"""How often an edge is seen where there is none: `python -m experiments.edge_truth`, half a minute.

One service without an edge is asked from two places, in a closed loop that is assigned as `--bench-edge` deals it. The
service has a number of lanes and serves first come, first served: the second in the queue waits. One side begins later
than the other, as two machines do, always the same one. What is counted are runs whose p50 TTFT is said to be longer or
shorter from outside; an interval of 95 % that is right is wrong in 5 % of the runs.
"""

import argparse
import heapq
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ragmeter.core.compare.edge import edge_of
from ragmeter.core.requests.records import RequestSample, ServerTimings
from ragmeter.core.run.plan import RunEnding
from ragmeter.core.schedule.plan import PhasePlan
from ragmeter.core.schedule.vantage import split, vantages_of
from tests.core.samples import sample
from tests.run.cases import plan, workload

TRIALS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """lanes: requests that it serves at once. spread: of the logarithm of the service time. reports: whether it says
    its own part of the TTFT. late_ms: by how much one side begins later.
    """

    slots: int
    requests: int
    lanes: int
    spread: float
    reports: bool
    late_ms: float


SERVICES = tuple(
    Service(slots=slots, requests=60, lanes=lanes, spread=spread, reports=reports, late_ms=15.0)
    for reports in (True, False)
    for slots, lanes in ((6, 1), (6, 4), (10, 8))
    for spread in (0.02, 0.3)
)


def false_effects(service: Service, runs: int, seed: int) -> int:
    """In how many runs a difference is shown."""
    rng = np.random.default_rng([seed, service.slots, service.lanes, round(100 * service.spread), service.reports])
    return sum(_is_shown(service, rng) for _ in range(runs))


def _is_shown(service: Service, rng: np.random.Generator) -> bool:
    samples = [each for trial in range(TRIALS) for each in _trial(service, trial, rng)]
    made = plan(vantages=vantages_of(1), workload=workload(concurrency=service.slots, requests=service.requests))
    edge = edge_of(samples, made, RunEnding(status="complete"))
    assert edge is not None
    return not edge.sentence.startswith("no difference is shown")


def _trial(service: Service, number: int, rng: np.random.Generator) -> Iterator[RequestSample]:
    whole = PhasePlan(
        name="measured",
        trial=number,
        first_index=number * service.requests,
        prompt_order=(0,) * service.requests,
        concurrency=service.slots,
        offsets_ns=None,
        duration_s=None,
    )
    inside, outside = split(whole, int(rng.integers(1 << 30)))
    left = [len(inside.prompt_order), len(outside.prompt_order)]
    starts = [
        (at_ns / 1e6 + service.late_ms * side, side)
        for side, part in enumerate((inside, outside))
        for at_ns in part.slot_starts_ns or ()
    ]
    heapq.heapify(starts)
    lanes = [0.0] * service.lanes
    while starts:
        at_ms, side = heapq.heappop(starts)
        if not left[side]:
            continue
        left[side] -= 1
        begun_ms = max(at_ms, lanes[0])
        ended_ms = begun_ms + 100 * rng.lognormal(0, service.spread)
        heapq.heapreplace(lanes, ended_ms)
        heapq.heappush(starts, (ended_ms, side))
        yield _seen(service, number, side, at_ms, ended_ms - at_ms, rng)


def _seen(
    service: Service, trial: int, side: int, at_ms: float, own_ms: float, rng: np.random.Generator
) -> RequestSample:
    """The way there and back takes a third of a millisecond from both sides."""
    return sample(
        at_ms=at_ms,
        ttft_ms=own_ms + 0.3 * rng.lognormal(0, 0.3),
        gaps_ms=(),
        trial=trial,
        clock_id=side,
        rtt_us=200,
        timings=ServerTimings(ttft_ms=own_ms, total_ms=own_ms) if service.reports else ServerTimings(),
    )


def main() -> None:
    for service in SERVICES:
        print(f"{service}: {false_effects(service, 200, 1) / 2:.1f} % of 200 runs")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
