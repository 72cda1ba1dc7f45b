"""Intervals over trials, checked on simulated runs whose truth and spread between trials are known."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from ragmeter.core.figures.summary import Figures, summarise
from ragmeter.core.requests.records import ErrorClass, Phase, RequestSample
from ragmeter.core.stats.estimate import quantile_interval
from ragmeter.core.stats.trials import estimate_over_trials, mean_over_trials, quotient_over_trials, share_over_trials
from tests.core.samples import sample

SPREAD_WITHIN = 0.5
"""Standard deviation of the logarithm of a latency within a trial."""


def run_of(rng: np.random.Generator, trials: int, requests: int, drift: float) -> list[NDArray[np.float64]]:
    """Log-normal latencies around 1 whose every trial is off by a log-normal factor of its own."""
    return [np.exp(rng.normal() * drift + rng.normal(0, SPREAD_WITHIN, requests)) for _ in range(trials)]


def covers(interval: tuple[float | None, float | None], truth: float) -> bool:
    low, high = interval
    return low is not None and high is not None and low <= truth <= high


@pytest.mark.parametrize("trials", [3, 5, 20])
@pytest.mark.parametrize("drift", [0.1, 0.6])
@pytest.mark.parametrize(("share", "truth"), [(0.5, 1.0), (0.95, math.exp(1.6449 * SPREAD_WITHIN))])
def test_interval_over_trials_covers_the_truth_95_times_in_100(
    share: float, truth: float, drift: float, trials: int
) -> None:
    rng = np.random.default_rng(31)
    runs = [[float(np.quantile(t, share)) for t in run_of(rng, trials, 200, drift)] for _ in range(800)]
    covered = sum(covers(mean_over_trials(run)[1], truth) for run in runs) / len(runs)
    assert 0.93 <= covered <= 0.97


@pytest.mark.parametrize(("drift", "most"), [(0.1, 0.70), (0.6, 0.20)])
def test_order_statistics_over_pooled_trials_cover_far_less(drift: float, most: float) -> None:
    rng = np.random.default_rng(32)
    runs = [np.concatenate(run_of(rng, 5, 200, drift)) for _ in range(400)]
    covered = sum(covers(quantile_interval(run, 0.5), 1.0) for run in runs) / len(runs)
    assert covered < most


@pytest.mark.parametrize("trials", [3, 5, 20])
def test_interval_of_a_throughput_covers_the_truth_95_times_in_100(trials: int) -> None:
    rng = np.random.default_rng(33)
    covered = 0
    for _ in range(800):
        seconds = 100 * rng.lognormal(0, 0.2, trials)
        tokens = seconds * 50 * rng.lognormal(0, 0.2, trials)
        at = quotient_over_trials(tokens.tolist(), seconds.tolist(), n=100)
        covered += covers((at.low, at.high), 50 * math.exp(0.02))
    assert 0.92 <= covered / 800 <= 0.97


def test_interval_of_an_error_ratio_covers_the_truth_when_trials_differ() -> None:
    rng = np.random.default_rng(34)
    covered = 0
    for _ in range(800):
        failed = rng.binomial(200, np.clip(0.1 * rng.lognormal(-0.08, 0.4, 5), 0, 1)).tolist()
        at = share_over_trials(failed, [200] * 5)
        covered += covers((at.low, at.high), 0.1)
    assert 0.93 <= covered / 800 <= 0.99


def test_two_trials_have_a_value_and_no_interval() -> None:
    at = estimate_over_trials([100.0, 400.0], n=500, enough=True)
    assert at.value == pytest.approx(200.0)
    assert (at.low, at.high, at.enough) == (None, None, False)


def test_a_trial_without_a_value_leaves_no_interval() -> None:
    at = estimate_over_trials([1.0, 2.0, None, 3.0, 4.0], n=500, enough=True)
    assert at.value == pytest.approx(24**0.25)
    assert (at.low, at.high, at.enough) == (None, None, False)


def test_nothing_is_unknown() -> None:
    assert estimate_over_trials([None, None, None], n=0, enough=True).value is None


def test_a_figure_of_0_is_averaged_without_logarithm() -> None:
    value, (low, high) = mean_over_trials([0.0, 1.0, 2.0])
    assert value == 1.0
    assert low == pytest.approx(1 - 4.30265 / math.sqrt(3), rel=1e-5)
    assert high == pytest.approx(1 + 4.30265 / math.sqrt(3), rel=1e-5)


def test_one_trial_full_of_failures_leaves_the_lower_end_open() -> None:
    assert mean_over_trials([1.0, math.inf, 1.0]) == (math.inf, (None, math.inf))
    assert mean_over_trials([math.inf] * 3) == (math.inf, (math.inf, math.inf))


def test_trials_without_a_failure_still_have_wilsons_interval() -> None:
    at = share_over_trials([0] * 5, [100] * 5)
    assert (at.value, at.low) == (0.0, 0.0)
    assert at.high == pytest.approx(0.00762, abs=1e-5)


def test_throughput_that_is_the_same_in_every_trial_is_certain() -> None:
    at = quotient_over_trials([100, 200, 300], [10, 20, 30], n=6)
    assert (at.value, at.low, at.high) == pytest.approx((10.0, 10.0, 10.0))


def test_throughput_of_a_run_with_an_idle_trial_is_not_below_0() -> None:
    at = quotient_over_trials([0, 0, 300], [10, 10, 10], n=3)
    assert at.low == 0.0


def measured(trials: int, requests: int = 30) -> Figures:
    def one(trial: int, index: int) -> RequestSample:
        error = ErrorClass.TIMEOUT if index == 0 else None
        return sample(index=index, trial=trial, at_ms=100.0 * index, ttft_ms=100.0 * (trial + 1) + index, error=error)

    samples = [one(trial, index) for trial in range(trials) for index in range(requests)]
    return summarise(samples, Phase.MEASURED)


def test_a_run_of_one_trial_keeps_its_order_statistics() -> None:
    figures = measured(1)
    p50 = figures.estimate("ttft_ms", "p50")
    assert p50 is not None
    assert (p50.low, p50.high) == quantile_interval(figures.series["ttft_ms"].values, 0.5)
    assert figures.rates["output_tokens_per_s"].low is None
    assert figures.trials == 1


@pytest.mark.parametrize("metric", ["ttft_ms", "itl_ms", "e2e_ms"])
@pytest.mark.parametrize("statistic", ["p50", "mean"])
def test_a_run_of_five_trials_has_an_interval_as_wide_as_its_trials_differ(metric: str, statistic: str) -> None:
    at = measured(5).estimate(metric, statistic)
    assert at is not None
    assert at.value is not None
    assert at.low is not None
    assert at.high is not None
    assert at.enough
    if metric == "itl_ms":
        assert at.low == pytest.approx(at.high) == pytest.approx(10.0)
    else:
        assert at.high / at.low > 2


def test_the_typical_trial_is_the_geometric_mean_of_the_trials() -> None:
    at = measured(3).estimate("ttft_ms", "p50")
    assert at is not None
    assert at.value == pytest.approx((115.0 * 215.0 * 315.0) ** (1 / 3))
    assert measured(3).phase.ttft_p50_ms == at.value


def test_throughput_and_ratios_of_five_trials_have_intervals() -> None:
    rates = measured(5).rates
    for name in ("output_tokens_per_s", "requests_per_s", "goodput_rps", "good_ratio", "error_ratio"):
        at = rates[name]
        assert at.low is not None, name
        assert at.value is not None
        assert at.high is not None
        assert at.low < at.value < at.high, name


def test_two_trials_are_too_few_and_the_run_says_so() -> None:
    figures = measured(2)
    for name in ("ttft_ms", "itl_ms"):
        at = figures.estimate(name, "p50")
        assert at is not None
        assert (at.low, at.high, at.enough) == (None, None, False)
    assert figures.warnings[-1] == "2 trials: no interval, it needs 3 trials to be shown and 5 to pass"


def test_a_percentile_needs_a_value_beyond_it_in_every_trial() -> None:
    at = measured(12, requests=15).estimate("ttft_ms", "p95")
    assert at is not None
    assert at.n == 168
    assert not at.enough
