import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ragmeter.core.stats import estimate as stats
from ragmeter.core.stats.binomial import cdf
from ragmeter.core.stats.estimate import (
    bootstrap_mean,
    estimate_exact,
    estimate_mean,
    estimate_quantile,
    estimate_ratio,
    min_samples,
    quantile,
    quantile_interval,
    unbiased_quantile,
    wilson,
)

finite = st.floats(-1e9, 1e9)
latencies = st.floats(0, 1e6) | st.just(math.inf)


@given(values=st.lists(finite, min_size=1), q=st.floats(0, 1))
def test_quantile_is_numpys_for_finite_values(values: list[float], q: float) -> None:
    assert quantile(values, q) == pytest.approx(float(np.quantile(values, q)), rel=1e-9, abs=1e-6)


@given(values=st.lists(finite, min_size=1), q=st.floats(0, 1))
def test_the_unbiased_quantile_is_numpys_for_finite_values(values: list[float], q: float) -> None:
    numpys = float(np.quantile(values, q, method="median_unbiased"))
    assert unbiased_quantile(values, q) == pytest.approx(numpys, rel=1e-9, abs=1e-6)


def test_the_unbiased_quantile_lies_above_the_other_in_the_upper_tail() -> None:
    values = [float(value) for value in range(1, 41)]
    assert quantile(values, 0.95) == pytest.approx(38.05)
    assert unbiased_quantile(values, 0.95) == pytest.approx(38.65)
    assert unbiased_quantile([], 0.5) is None


@given(values=st.lists(latencies, min_size=1), low=st.floats(0, 1), high=st.floats(0, 1))
def test_quantile_rises_with_q_and_stays_within_the_values(values: list[float], low: float, high: float) -> None:
    low, high = sorted((low, high))
    first, second = quantile(values, low), quantile(values, high)
    assert first is not None
    assert second is not None
    assert min(values) <= first <= second <= max(values)


@given(values=st.lists(latencies, min_size=1), q=st.floats(0, 1), seed=st.integers(0, 99))
def test_quantile_does_not_depend_on_the_order(values: list[float], q: float, seed: int) -> None:
    shuffled = [values[i] for i in np.random.default_rng(seed).permutation(len(values))]
    assert quantile(values, q) == quantile(shuffled, q)
    assert quantile_interval(values, 0.9) == quantile_interval(shuffled, 0.9)


@given(values=st.lists(latencies, min_size=1, max_size=400), q=st.floats(0.01, 0.99))
def test_interval_of_a_quantile_contains_its_estimate(values: list[float], q: float) -> None:
    low, high = quantile_interval(values, q)
    value = quantile(values, q)
    assert value is not None
    assert low is None or low <= value
    assert high is None or value <= high


@pytest.mark.parametrize(
    ("values", "q", "expected"),
    [
        ([], 0.5, None),
        ([7.0], 0.99, 7.0),
        ([1.0, 2.0], 0.5, 1.5),
        ([1.0, math.inf], 0.0, 1.0),
        ([1.0, math.inf], 0.5, math.inf),
        ([1.0, 2.0, math.inf], 0.5, 2.0),
        ([math.inf, math.inf], 0.5, math.inf),
    ],
)
def test_quantile_of_few_and_of_infinite_values(values: list[float], q: float, expected: float | None) -> None:
    assert quantile(values, q) == expected


def test_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="nan"):
        quantile([1.0, math.nan], 0.5)


@pytest.mark.parametrize("q", [-0.01, 1.01, 95])
def test_quantile_beyond_0_to_1_is_refused(q: float) -> None:
    with pytest.raises(ValueError, match="is a share"):
        quantile([1.0], q)


@pytest.mark.parametrize("q", [0.5, 0.9, 0.99])
def test_quantile_of_one_sample_has_no_upper_bound(q: float) -> None:
    assert quantile_interval([5.0], q)[1] is None


def test_median_of_one_sample_has_no_bounds() -> None:
    assert quantile_interval([5.0], 0.5) == (None, None)


def test_interval_is_widened_to_an_estimate_beyond_its_order_statistic() -> None:
    low, high = quantile_interval([0.0, 1.0], 0.99)
    assert low == pytest.approx(0.99)
    assert high is None


def test_p99_has_no_upper_bound_below_368_samples() -> None:
    assert quantile_interval(range(367), 0.99)[1] is None
    assert quantile_interval(range(368), 0.99)[1] == 367


def test_p95_has_a_lower_bound_long_before_it_has_an_upper_one() -> None:
    low, high = quantile_interval(range(20), 0.95)
    assert low is not None
    assert high is None


def test_interval_of_the_median_of_100_is_the_textbook_one() -> None:
    assert quantile_interval(range(1, 101), 0.5) == (40, 61)


@pytest.mark.parametrize(("q", "n"), [(0.5, 11), (0.9, 64), (0.95, 130), (0.99, 662), (0.999, 6636), (0.01, 662)])
def test_minimum_samples_are_those_of_mlperf_early_stopping(q: float, n: int) -> None:
    assert min_samples(q) == n
    tail = min(q, 1 - q)
    assert cdf(1, n, tail) <= 0.01 < cdf(1, n - 1, tail)


@pytest.mark.parametrize("q", [0.0, 1.0])
def test_an_extreme_has_no_minimum_of_samples(q: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        min_samples(q)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(0, 20, 0.0, 0.16113), (10, 20, 0.29929, 0.70071), (20, 20, 0.83887, 1.0), (1, 100, 0.00177, 0.05449)],
)
def test_wilson_matches_published_values(successes: int, n: int, low: float, high: float) -> None:
    assert wilson(successes, n) == pytest.approx((low, high), abs=1e-5)


@given(n=st.integers(1, 10_000_000), share=st.floats(0, 1))
def test_wilson_stays_in_0_to_1_and_contains_the_estimate(n: int, share: float) -> None:
    low, high = wilson(share * n, n)
    assert low is not None
    assert high is not None
    assert 0 <= low <= share * n / n <= high <= 1


def test_wilson_of_nothing_is_unknown() -> None:
    assert wilson(0, 0) == (None, None)


@pytest.mark.parametrize(("successes", "n"), [(-1, 10), (11, 10)])
def test_wilson_refuses_a_share_outside_0_to_1(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="successes of"):
        wilson(successes, n)


Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]


def exponential(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return rng.exponential(size=n)


def lognormal(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return rng.lognormal(sigma=0.5, size=n)


def covered(intervals: list[stats.Interval], truth: float) -> float:
    inside = [(low is None or low <= truth) and (high is None or truth <= high) for low, high in intervals]
    return sum(inside) / len(inside)


@pytest.mark.parametrize(("q", "n"), [(0.5, 11), (0.9, 64), (0.95, 130), (0.95, 1000), (0.99, 662)])
def test_interval_of_a_quantile_covers_the_truth_95_times_in_100(q: float, n: int) -> None:
    rng = np.random.default_rng(20)
    intervals = [quantile_interval(exponential(rng, n), q) for _ in range(1500)]
    assert 0.94 <= covered(intervals, -math.log(1 - q)) <= 0.995


@pytest.mark.parametrize(
    ("draw", "truth", "n", "least"),
    [
        (exponential, 1.0, 10, 0.90),
        (exponential, 1.0, 30, 0.92),
        (exponential, 1.0, 200, 0.93),
        (lognormal, math.exp(0.125), 30, 0.92),
        (lognormal, math.exp(0.125), 6000, 0.93),
    ],
)
def test_interval_of_a_mean_covers_the_truth_about_95_times_in_100(
    draw: Draw, truth: float, n: int, least: float
) -> None:
    rng = np.random.default_rng(21)
    intervals = [bootstrap_mean(draw(rng, n), rng) for _ in range(400)]
    assert least <= covered(intervals, truth) <= 0.985


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_wilson_covers_the_truth_about_95_times_in_100(share: float) -> None:
    rng = np.random.default_rng(22)
    intervals = [wilson(int(k), 500) for k in rng.binomial(500, share, size=2000)]
    assert 0.93 <= covered(intervals, share) <= 0.99


def test_same_seed_same_interval() -> None:
    values = list(range(50))
    assert bootstrap_mean(values, np.random.default_rng(1)) == bootstrap_mean(values, np.random.default_rng(1))


def test_mean_of_fewer_than_10_has_no_interval_and_is_not_enough() -> None:
    estimate = estimate_mean([1.0] * 9, np.random.default_rng(1))
    assert (estimate.value, estimate.low, estimate.high, estimate.enough) == (1.0, None, None, False)


def test_mean_of_equal_values_is_certain() -> None:
    assert bootstrap_mean([128.0] * 40, np.random.default_rng(1)) == (128.0, 128.0)


def test_one_large_value_among_equal_ones_leaves_the_mean_open_above() -> None:
    low, high = bootstrap_mean([1.0] * 39 + [100.0], np.random.default_rng(1))
    assert low is not None
    assert low < 3.475
    assert high is None


def test_mean_with_a_failure_is_infinite() -> None:
    estimate = estimate_mean([1.0] * 20 + [math.inf], np.random.default_rng(1))
    assert (estimate.value, estimate.low, estimate.high) == (math.inf, math.inf, math.inf)


def test_estimates_say_how_many_and_whether_that_is_enough() -> None:
    few, many = estimate_quantile(range(129), 0.95), estimate_quantile(range(130), 0.95)
    assert (few.n, few.enough, many.n, many.enough) == (129, False, 130, True)


def test_estimates_of_nothing_have_no_value() -> None:
    rng = np.random.default_rng(1)
    for estimate in (estimate_quantile([], 0.5), estimate_mean([], rng), estimate_ratio(0, 0), estimate_exact(None, 0)):
        assert (estimate.value, estimate.low, estimate.high, estimate.n) == (None, None, None, 0)
        assert not estimate.enough
