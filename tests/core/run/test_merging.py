"""The record of a run is made of every request of its shards."""

from dataclasses import replace
from typing import Any

import pytest

from ragmeter.core.client.floor import Calibration, Floor
from ragmeter.core.client.harness import harness_of, peak_concurrency
from ragmeter.core.errors import ConfigError
from ragmeter.core.figures.counts import duration_s
from ragmeter.core.figures.steady import steady_state
from ragmeter.core.run.merging import merged
from ragmeter.core.run.plan import RunEnding
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.schedule.plan import Shard
from ragmeter.core.stats.estimate import estimate_exact
from tests.core.samples import sample
from tests.saved import saved_run

RUN = saved_run("mine", [1.0, 1.0], requests=6)


def part(number: int, count: int = 2, **plan: Any) -> SavedRun:
    return replace(
        RUN,
        path=f"shard-{number}.raw.jsonl",
        plan=replace(RUN.plan, shard=Shard(number=number, count=count), **plan),
        samples=RUN.samples[number::count],
    )


def test_every_request_is_in_the_run_in_order() -> None:
    plan, samples, ending = merged([part(1), part(0)])
    assert plan == RUN.plan
    assert [each.index for each in samples] == [each.index for each in RUN.samples]
    assert [each.clock_id for each in samples] == [0, 1] * 6
    assert tuple(replace(each, clock_id=0) for each in samples) == RUN.samples
    assert (ending.status, ending.not_fit, ending.client_cpu_ratio) == ("complete", (), 0.1)


def test_shard_that_left_no_record_makes_the_run_unfit_by_name() -> None:
    _, samples, ending = merged([part(0, count=3), part(2, count=3)])
    assert len(samples) == 8
    assert (ending.status, ending.reason) == ("interrupted", "load shard 1 of 3 left no record")
    assert ending.not_fit == ("load shard 1 of 3 left no record",)


def test_shard_that_ended_early_makes_the_run_unfit_by_name() -> None:
    cut = replace(part(1), ending=RunEnding(status="interrupted", reason="its process was killed"))
    _, _, ending = merged([part(0), cut])
    assert ending.status == "interrupted"
    assert ending.not_fit == ("load shard 1 of 2 ended early: its process was killed",)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (RUN, r"mine\.raw\.jsonl: is the record of a whole run"),
        (part(0), r"shard-0\.raw\.jsonl: is shard 0 of 2, and so is another"),
        (part(1, run_id="x"), r"shard-1\.raw\.jsonl: its run is x, that of shard-0\.raw\.jsonl is mine-1: not one run"),
        (part(1, started_at="2026-02-22T10:15:31+00:00"), "its common start is 2026-02-22T10:15:31"),
        (part(1, clock="kernel"), "its clock is kernel"),
        (part(1, count=3), "its number of shards is 3"),
    ],
)
def test_records_that_are_not_shards_of_one_run_are_refused(other: SavedRun, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        merged([part(0), other])


def calibrated(number: int, error_ms: float | None) -> SavedRun:
    if error_ms is None:
        return part(number)
    floor = Floor(p50=estimate_exact(error_ms, 9), p99=estimate_exact(error_ms, 9))
    calibration = Calibration(
        requests=9,
        concurrency=1,
        rate_per_s=None,
        events_per_s=1.0,
        floors={"ttft_ms": floor, "itl_ms": floor, "tpot_ms": floor},
        client_cpu_ratio=0.1,
    )
    return part(number, calibration=calibration)


@pytest.mark.parametrize(("first", "second", "worst"), [(0.1, 0.3, 0.3), (0.3, 0.1, 0.3), (0.1, None, None)])
def test_calibration_of_a_run_is_the_worst_of_its_machines(
    first: float, second: float | None, worst: float | None
) -> None:
    plan, _, _ = merged([calibrated(0, first), calibrated(1, second)])
    assert (None if plan.calibration is None else plan.calibration.floors["ttft_ms"].p50.value) == worst


HOUR_MS = 3_600_000.0


def test_no_time_of_one_clock_is_subtracted_from_that_of_another() -> None:
    """Two machines whose clocks are an hour apart: every figure is what it is with clocks that agree."""
    one = [sample(index=i, at_ms=100.0 * i, ttft_ms=150) for i in range(10)]
    other = [sample(index=i, at_ms=HOUR_MS + 100.0 * i + 50, ttft_ms=150, clock_id=1) for i in range(10)]
    both = [*one, *other]
    harness = harness_of(both, clock="user", open_loop=True, client_cpu_ratio=None)
    assert harness.offered_rate_per_s == pytest.approx(20)
    assert duration_s(both) == duration_s(one)
    assert peak_concurrency(both) == 2 * peak_concurrency(one)
    assert steady_state(both) is None
