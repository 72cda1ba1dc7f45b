"""Replicas side by side: which is named, and how seldom one is that is like the others."""

import math
import random
from dataclasses import replace
from typing import Any

import pytest

from ragmeter.core.figures.replicas import SHOWN, caveats_of_replicas, replicas_of
from ragmeter.core.requests.records import ErrorClass, RequestSample
from tests.core.samples import sample


def run(
    replicas: int,
    each: int,
    *,
    slower: float = 1.0,
    decode: float = 1.0,
    seed: int = 0,
    drift: float = 0.0,
    **fields: Any,
) -> list[RequestSample]:
    """Requests to replicas in random turns; the first is slower by a factor. drift: of all, over the run."""
    rng = random.Random(seed)
    found = []
    for index in range(replicas * each):
        number = rng.randrange(replicas)
        ttft_ms = 100 * math.exp(rng.gauss(drift * index / replicas / each, 0.4)) * (1 if number else slower)
        gaps_ms = [10 * math.exp(rng.gauss(0, 0.2)) * (1 if number else decode)] * 3
        named = {"replica_id": f"pod-{number}"} | fields
        found.append(sample(index=index, at_ms=index * 10.0, ttft_ms=ttft_ms, gaps_ms=gaps_ms, **named))
    return found


def slow(samples: list[RequestSample]) -> dict[str, tuple[str, ...]]:
    return {each.name: each.slow for each in replicas_of(samples) if each.slow}


def test_the_slow_one_is_named_with_its_effect() -> None:
    found = replicas_of(run(3, 200, slower=1.3))
    (sick,) = [each for each in found if each.slow]
    ratio = sick.ratios["ttft_ms"]
    assert (sick.name, sick.slow) == ("pod-0", ("ttft_ms",))
    assert ratio.low < 1.3 < ratio.high
    assert sum(each.requests for each in found) == 600
    (words,) = caveats_of_replicas(found)
    assert words.startswith("replica pod-0 is slower than the other 2 replicas: time to the first token +")
    assert "% (95 % interval +" in words


def test_decoding_that_is_slow_is_told_from_waiting() -> None:
    assert slow(run(2, 200, decode=1.3)) == {"pod-0": ("tpot_ms",)}
    assert slow(run(2, 200, decode=1.3, slower=1.3)) == {"pod-0": ("ttft_ms", "tpot_ms")}


@pytest.mark.parametrize(
    "samples",
    [
        [],
        run(1, 300),
        run(2, 300),
        run(2, 300, drift=2.0),
        run(2, 400, slower=1.01),
        run(2, 80, slower=3.0),  # too few
        run(2, 300, slower=2.0, replica_id=None),
        run(2, 300, slower=2.0, error=ErrorClass.TIMEOUT),
        [replace(each, replica_id=f"r{each.index}") for each in run(2, 300, slower=2.0)],  # an id for each request
    ],
)
def test_nobody_is_named_without_reason(samples: list[RequestSample]) -> None:
    assert slow(samples) == {}


def test_at_most_so_many_are_listed() -> None:
    assert len(replicas_of([replace(each, replica_id=f"r{each.index}") for each in run(2, 300)])) == SHOWN


def test_all_at_one_moment_is_no_division_by_zero() -> None:
    alike = [sample(index=n, at_ms=n, replica_id=f"pod-{n % 2}") for n in range(400)]
    assert slow(alike) == {}
    assert {each.ratios["ttft_ms"].value for each in replicas_of(alike)} == {1.0}


def test_address_stands_for_the_replica_where_the_service_names_none() -> None:
    samples = [
        replace(each, server_address="10.0.0.1" if each.replica_id == "pod-0" else "10.0.0.2", replica_id=None)
        for each in run(2, 200, slower=1.5)
    ]
    assert slow(samples) == {"10.0.0.1": ("ttft_ms",)}


def test_failed_requests_are_counted_and_not_timed() -> None:
    samples = [
        replace(each, error=ErrorClass.TIMEOUT) if each.index % 10 == 0 else each for each in run(2, 200, slower=1.5)
    ]
    found = replicas_of(samples)
    assert sum(each.failed for each in found) == 40
    assert slow(samples) == {"pod-0": ("ttft_ms",)}


def test_equal_replicas_are_seldom_called_different_and_a_third_more_is_mostly_seen() -> None:
    runs = 60
    alarms = sum(bool(slow(run(3, 150, seed=seed))) for seed in range(runs))
    seen = sum("pod-0" in slow(run(3, 200, slower=1.3, seed=seed)) for seed in range(runs))
    assert alarms <= 7  # above in 1 % of all such tests, if it were 5 % of the runs
    assert seen >= 0.9 * runs
