import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.arrivals import arrivals, prompt_order


def seeded(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_constant_arrivals_do_not_drift() -> None:
    times = arrivals("constant", rate_per_s=3, requests=3_000_001, rng=seeded())
    assert times[:4] == (0, 333_333_333, 666_666_667, 1_000_000_000)
    assert times[-1] == 1_000_000 * 1_000_000_000


@pytest.mark.parametrize(
    ("rate", "duration", "requests", "count"),
    [(10.0, 2.0, None, 20), (10.0, 2.0, 5, 5), (10.0, 2.0, 500, 20), (0.4, 2.0, None, 1), (0.5, 2.0, None, 1)],
)
def test_constant_arrivals_end_with_the_duration_or_the_number(
    rate: float, duration: float, requests: int | None, count: int
) -> None:
    times = arrivals("constant", rate_per_s=rate, requests=requests, duration_s=duration, rng=seeded())
    assert len(times) == count
    assert all(time < duration * 1e9 for time in times)


@given(
    shape=st.sampled_from(["constant", "poisson"]),
    rate=st.floats(0.1, 1000),
    requests=st.integers(0, 300),
    seed=st.integers(0, 999),
)
def test_arrivals_ascend_and_are_the_same_for_the_same_seed(shape: str, rate: float, requests: int, seed: int) -> None:
    times = arrivals(shape, rate_per_s=rate, requests=requests, rng=seeded(seed))
    assert len(times) == requests
    assert list(times) == sorted(times)
    assert times == arrivals(shape, rate_per_s=rate, requests=requests, rng=seeded(seed))


def test_poisson_gaps_are_exponential() -> None:
    gaps = np.diff(arrivals("poisson", rate_per_s=50, requests=20_001, rng=seeded())) / 1e9
    assert gaps.mean() == pytest.approx(1 / 50, rel=0.03)
    assert gaps.std() / gaps.mean() == pytest.approx(1, abs=0.03)
    assert np.mean(gaps > 1 / 50) == pytest.approx(np.exp(-1), abs=0.015)


def test_poisson_arrivals_of_a_duration_vary_in_number_around_the_rate() -> None:
    counts = [len(arrivals("poisson", rate_per_s=20, duration_s=10, rng=seeded(seed))) for seed in range(400)]
    assert np.mean(counts) == pytest.approx(200, rel=0.02)
    assert np.var(counts) == pytest.approx(200, rel=0.25)


def test_poisson_arrivals_with_both_bounds_keep_to_both() -> None:
    times = arrivals("poisson", rate_per_s=100, requests=1000, duration_s=1, rng=seeded())
    assert 60 <= len(times) <= 140
    assert times[-1] < 1e9


def test_closed_arrivals_wait_for_a_slot_and_not_for_a_time() -> None:
    assert arrivals("closed", requests=3, rng=seeded()) == (0, 0, 0)


@pytest.mark.parametrize(
    ("shape", "bounds", "reason"),
    [
        ("sawtooth", {"requests": 1}, "not one of closed, constant, poisson"),
        ("closed", {"duration_s": 5.0}, "need a number of requests"),
        ("poisson", {"rate_per_s": 5.0}, "need a number of requests or a duration"),
        ("poisson", {"requests": 5}, "need a rate > 0, got None"),
        ("constant", {"requests": 5, "rate_per_s": 0.0}, "need a rate > 0, got 0"),
    ],
)
def test_arrivals_that_cannot_be_are_refused(shape: str, bounds: dict[str, float], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        arrivals(shape, rng=seeded(), **bounds)  # type: ignore[arg-type]


def test_round_robin_begins_each_round_one_further() -> None:
    assert prompt_order("round_robin", prompts=3, first=0, requests=8, seed=1) == (0, 1, 2, 1, 2, 0, 2, 0)


ORDERS = st.sampled_from(["round_robin", "random"])


@given(order=ORDERS, prompts=st.integers(1, 20), first=st.integers(0, 50), requests=st.integers(0, 60))
def test_order_from_a_place_is_the_rest_of_the_whole_order(order: str, prompts: int, first: int, requests: int) -> None:
    whole = prompt_order(order, prompts=prompts, first=0, requests=first + requests, seed=1)
    assert prompt_order(order, prompts=prompts, first=first, requests=requests, seed=1) == whole[first:]


@given(order=ORDERS, prompts=st.integers(1, 20), requests=st.integers(0, 100), seed=st.integers(0, 99))
def test_order_asks_every_prompt_before_any_again(order: str, prompts: int, requests: int, seed: int) -> None:
    drawn = prompt_order(order, prompts=prompts, first=0, requests=requests, seed=seed)
    assert len(drawn) == requests
    for start in range(0, requests, prompts):
        asked = drawn[start : start + prompts]
        assert len(set(asked)) == len(asked)
        assert all(0 <= index < prompts for index in asked)


def test_random_rounds_differ() -> None:
    drawn = prompt_order("random", prompts=20, first=0, requests=40, seed=1)
    assert drawn[:20] != drawn[20:]


@pytest.mark.parametrize(("order", "prompts", "reason"), [("zigzag", 3, "not one of"), ("random", 0, "no prompts")])
def test_prompt_orders_that_cannot_be_are_refused(order: str, prompts: int, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        prompt_order(order, prompts=prompts, first=0, requests=3, seed=1)
