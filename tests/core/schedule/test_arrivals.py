"""Start times: what each shape promises about rate, order and end, and that a seed decides them bit by bit."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.inputs.load_keys import ramp_s
from ragmeter.core.schedule.arrivals import SHAPES, Arrivals, start_times


def drawn(shape: str, seed: int = 1, **wanted: Any) -> tuple[int, ...]:
    return start_times(shape, Arrivals(**{"rate_per_s": 10.0, **wanted}), np.random.default_rng(seed))


ANY = {
    "shape": st.sampled_from(sorted(SHAPES)),
    "rate": st.floats(0.1, 1000),
    "end_rate": st.floats(0, 1000),
    "burstiness": st.floats(0.05, 50),
    "burst_size": st.integers(1, 40),
    "seed": st.integers(0, 999),
}


def wanted(rate: float, end_rate: float, burstiness: float, burst_size: int, **bounds: Any) -> Arrivals:
    return Arrivals(rate_per_s=rate, end_rate_per_s=end_rate, burstiness=burstiness, burst_size=burst_size, **bounds)


@given(**ANY, requests=st.integers(0, 300))
def test_times_ascend_and_are_bit_by_bit_those_of_the_seed(
    shape: str, rate: float, end_rate: float, burstiness: float, burst_size: int, seed: int, requests: int
) -> None:
    asked = wanted(rate, end_rate, burstiness, burst_size, requests=requests)
    times = start_times(shape, asked, np.random.default_rng(seed))
    assert list(times) == sorted(times)
    assert all(time >= 0 for time in times)
    assert times == start_times(shape, asked, np.random.default_rng(seed))


@given(**ANY, requests=st.integers(0, 300), duration=st.floats(0.01, 3))
def test_neither_the_number_nor_the_duration_is_passed(
    shape: str,
    rate: float,
    end_rate: float,
    burstiness: float,
    burst_size: int,
    seed: int,
    requests: int,
    duration: float,
) -> None:
    asked = wanted(rate, end_rate, burstiness, burst_size, requests=requests, duration_s=duration)
    times = start_times(shape, asked, np.random.default_rng(seed))
    assert len(times) <= requests
    assert all(time <= duration * 1e9 for time in times)


@pytest.mark.parametrize("shape", ["constant", "poisson", "gamma", "bursts"])
def test_as_many_as_asked_start_when_only_their_number_is_given(shape: str) -> None:
    assert len(drawn(shape, requests=123, burst_size=10, burstiness=0.3)) == 123


@pytest.mark.parametrize("shape", ["constant", "poisson", "gamma", "bursts"])
def test_mean_rate_is_kept(shape: str) -> None:
    times = drawn(shape, rate_per_s=50.0, duration_s=400.0, burstiness=0.5, burst_size=20)
    assert len(times) / 400 == pytest.approx(50, rel=0.03)


def test_constant_arrivals_do_not_drift() -> None:
    times = drawn("constant", rate_per_s=3, requests=3_000_001)
    assert times[:4] == (0, 333_333_333, 666_666_667, 1_000_000_000)
    assert times[-1] == 1_000_000 * 1_000_000_000


@pytest.mark.parametrize(
    ("rate", "duration", "requests", "count"),
    [(10.0, 2.0, None, 20), (10.0, 2.0, 5, 5), (10.0, 2.0, 500, 20), (0.4, 2.0, None, 1), (0.5, 2.0, None, 1)],
)
def test_constant_arrivals_end_with_the_duration_or_the_number(
    rate: float, duration: float, requests: int | None, count: int
) -> None:
    times = drawn("constant", rate_per_s=rate, requests=requests, duration_s=duration)
    assert len(times) == count
    assert all(time < duration * 1e9 for time in times)


def test_poisson_gaps_are_exponential() -> None:
    gaps = np.diff(drawn("poisson", rate_per_s=50, requests=20_001)) / 1e9
    assert gaps.mean() == pytest.approx(1 / 50, rel=0.03)
    assert gaps.std() / gaps.mean() == pytest.approx(1, abs=0.03)
    assert np.mean(gaps > 1 / 50) == pytest.approx(np.exp(-1), abs=0.015)


def test_poisson_arrivals_of_a_duration_vary_in_number_around_the_rate() -> None:
    counts = [len(drawn("poisson", seed, rate_per_s=20, duration_s=10)) for seed in range(400)]
    assert np.mean(counts) == pytest.approx(200, rel=0.02)
    assert np.var(counts) == pytest.approx(200, rel=0.25)


@pytest.mark.parametrize("burstiness", [0.25, 1.0, 4.0])
def test_burstiness_is_the_inverse_square_of_the_variation_of_the_gaps(burstiness: float) -> None:
    gaps = np.diff(drawn("gamma", rate_per_s=50, requests=20_001, burstiness=burstiness)) / 1e9
    assert gaps.mean() == pytest.approx(1 / 50, rel=0.05)
    assert gaps.std() / gaps.mean() == pytest.approx(burstiness**-0.5, rel=0.05)


def test_bursts_start_together_and_at_equal_distances() -> None:
    times = drawn("bursts", rate_per_s=10.0, requests=7, burst_size=3)
    assert times == (0, 0, 0, 300_000_000, 300_000_000, 300_000_000, 600_000_000)


@pytest.mark.parametrize(("rate", "end_rate"), [(10.0, 90.0), (90.0, 10.0), (50.0, 50.0), (100.0, 0.0)])
def test_rate_of_a_ramp_goes_on_a_straight_line(rate: float, end_rate: float) -> None:
    counts = np.zeros(4)
    for seed in range(60):
        times = np.array(drawn("ramp", seed, rate_per_s=rate, end_rate_per_s=end_rate, duration_s=8.0)) / 1e9
        counts += np.histogram(times, bins=4, range=(0, 8))[0]
    expected = [2 * (rate + (end_rate - rate) * (quarter + 0.5) / 4) for quarter in range(4)]
    assert counts / 60 == pytest.approx(expected, rel=0.06)


def test_ramp_without_a_duration_is_as_long_as_its_requests_take() -> None:
    ends = [drawn("ramp", seed, rate_per_s=10, end_rate_per_s=30, requests=400)[-1] / 1e9 for seed in range(40)]
    assert ramp_s(10, 30, 400) == 20
    assert np.mean(ends) == pytest.approx(20, rel=0.05)


@pytest.mark.parametrize(
    ("shape", "wanted", "reason"),
    [
        ("sawtooth", {"requests": 1}, "not one of constant, poisson, gamma, ramp, bursts"),
        ("poisson", {}, "need a number of requests or a duration"),
        ("constant", {"requests": 5, "rate_per_s": 0.0}, "cannot be"),
        ("gamma", {"requests": 5, "burstiness": 0.0}, "cannot be"),
        ("bursts", {"requests": 5, "burst_size": 0}, "cannot be"),
        ("ramp", {"requests": 5, "end_rate_per_s": -1.0}, "cannot be"),
    ],
)
def test_arrivals_that_cannot_be_are_refused(shape: str, wanted: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        drawn(shape, **wanted)
