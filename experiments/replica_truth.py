"""How often a replica is named: ``python -m experiments.replica_truth``. Some minutes on one core.

Replicas that are equal, and one that waits 30 % longer: with independent waits, and with requests that wait for
each other in the queue of their replica, at 70 % utilisation.
"""

import argparse
import math
import random
from collections.abc import Callable

from ragmeter.core.figures.replicas import replicas_of
from ragmeter.core.requests.records import Phase, RequestSample

SLOWER = 1.3
UTILISATION = 0.7
WORK_MS, GAP_MS = 100.0, 10.0
World = Callable[[random.Random, int, int, float], list[RequestSample]]


def independent(rng: random.Random, replicas: int, each: int, factor: float) -> list[RequestSample]:
    found = []
    for index in range(replicas * each):
        replica = rng.randrange(replicas)
        wait_ms = WORK_MS * math.exp(rng.gauss(0, 0.4)) * (1 if replica else factor)
        found.append(_sample(rng, index, replica, index * GAP_MS, wait_ms))
    return found


def queued(rng: random.Random, replicas: int, each: int, factor: float) -> list[RequestSample]:
    """Each replica does one piece of work after the other; arrivals are a Poisson process."""
    free, now_ms, found = [0.0] * replicas, 0.0, []
    for index in range(replicas * each):
        now_ms += rng.expovariate(replicas * UTILISATION / WORK_MS)
        replica = rng.randrange(replicas)
        work_ms = WORK_MS * math.exp(rng.gauss(-0.125, 0.5)) * (1 if replica else factor)
        free[replica] = max(now_ms, free[replica]) + work_ms
        found.append(_sample(rng, index, replica, now_ms, free[replica] - now_ms))
    return found


def _sample(rng: random.Random, index: int, replica: int, at_ms: float, wait_ms: float) -> RequestSample:
    events_ms = [at_ms + wait_ms]
    events_ms += [events_ms[0] + GAP_MS * 3 * math.exp(rng.gauss(0, 0.2))]
    events_ns = tuple(round(moment * 1e6) for moment in events_ms)
    return RequestSample(
        index=index,
        phase=Phase.MEASURED,
        scheduled_ns=round(at_ms * 1e6),
        sent_ns=round(at_ms * 1e6),
        events_ns=events_ns,
        ended_ns=events_ns[-1],
        output_tokens=4,
        events_tokens=(1, 3),
        replica_id=str(replica),
    )


def shares(world: World, replicas: int, each: int, runs: int) -> tuple[float, float]:
    """Of runs with equal replicas in which one is named, and of runs with a slow one in which it is."""
    alarms = hits = 0
    for seed in range(runs):
        alarms += any(at.slow for at in replicas_of(world(random.Random(seed), replicas, each, 1.0)))
        found = replicas_of(world(random.Random(seed), replicas, each, SLOWER))
        hits += any(at.slow for at in found if at.name == "0")
    return alarms / runs, hits / runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    runs = parser.parse_args().runs
    for world in (independent, queued):
        for replicas in (2, 5):
            for each in (150, 300):
                alarm, hit = shares(world, replicas, each, runs)
                print(f"{world.__name__:11} {replicas} x {each}: named {alarm:.1%}, +30 % found {hit:.1%}", flush=True)


if __name__ == "__main__":
    main()
