import math

import numpy as np
import pytest
from numpy.typing import NDArray

from ragmeter.core.figures.summary import summarise
from ragmeter.core.requests.records import ErrorClass, Phase, RequestSample
from ragmeter.core.stats.estimate import estimate_quantile, estimate_ratio
from ragmeter.core.stats.pooled import Groups, estimate_pooled_mean
from ragmeter.core.stats.serial import autocorrelation_time, each_counts, each_counts_of_quantile, resemblance
from tests.core.samples import sample

Values = NDArray[np.float64]


def like_the_one_before(rng: np.random.Generator, n: int, by: float) -> Values:
    """A normal autoregression of the first order."""
    values = rng.normal(size=n)
    for place in range(1, n):
        values[place] = by * values[place - 1] + math.sqrt(1 - by**2) * values[place]
    return values


@pytest.mark.parametrize(
    "values",
    [
        [],
        [1.0],
        [float(value) for value in range(19)],
        [5.0] * 50,
        [1.0, 2.0] * 50,
        [float(place % 7) for place in range(50)],
        [0.0] * 99 + [1.0],
    ],
    ids=["none", "one", "too few", "all the same", "alternating", "a cycle", "one of a hundred"],
)
def test_what_does_not_resemble_the_one_before_counts_in_full(values: list[float]) -> None:
    assert resemblance(np.array(values)) is None
    assert each_counts(np.array(values)) == 1.0


def test_of_independent_values_one_series_in_a_hundred_is_called_serial() -> None:
    rng = np.random.default_rng(3)
    called = sum(resemblance(rng.lognormal(size=100)) is not None for _ in range(2000))
    assert 5 <= called <= 40


@pytest.mark.parametrize("by", [0.3, 0.6, 0.9])
def test_autocorrelation_time_is_that_of_the_autoregression(by: float) -> None:
    rng = np.random.default_rng(4)
    found = np.median([autocorrelation_time(like_the_one_before(rng, 4000, by)) for _ in range(50)])
    assert found == pytest.approx((1 + by) / (1 - by), rel=0.15)


def test_ranks_are_what_resembles_so_one_huge_value_hides_nothing() -> None:
    values = like_the_one_before(np.random.default_rng(5), 200, 0.6)
    values[100] = math.inf
    assert resemblance(values) == pytest.approx(0.6, abs=0.15)


@pytest.mark.parametrize("noise", [0.0, 0.1, 1.0])
def test_a_trend_is_a_fact_of_the_run_and_no_resemblance(noise: float) -> None:
    time = np.linspace(0, 10, 200)
    rng = np.random.default_rng(12)
    for trend in (time, time**2, 10 * time - time**2):
        values = trend + noise * rng.normal(size=200)
        assert each_counts(values) == pytest.approx(1.0, abs=0.3)
        assert each_counts_of_quantile(values, 0.5) < 1.5


def test_of_what_is_nearly_all_trend_little_is_unknown() -> None:
    """A queue that fills and is then full: no polynomial, and still a fact."""
    values = np.minimum(np.arange(300.0), 200.0) + np.random.default_rng(13).normal(size=300)
    assert each_counts_of_quantile(values, 0.5) < 3


@pytest.mark.parametrize(("by", "least"), [(0.0, 0.92), (0.6, 0.90), (0.9, 0.85)])
def test_the_median_of_one_trial_is_covered(by: float, least: float) -> None:
    rng = np.random.default_rng(6)
    held = 0
    for _ in range(200):
        values = like_the_one_before(rng, 300, by)
        at = estimate_quantile(values, 0.5, in_time=values if resemblance(values) is not None else None)
        held += (at.low is None or at.low <= 0) and (at.high is None or at.high >= 0)
    assert held / 200 >= least


def answered(waits_ms: Values, failed: frozenset[int] = frozenset()) -> list[RequestSample]:
    return [
        sample(index=index, ttft_ms=100 + 20 * float(wait), error=ErrorClass.TIMEOUT if index in failed else None)
        for index, wait in enumerate(waits_ms)
    ]


def test_requests_that_wait_together_make_a_wider_interval_and_it_is_said() -> None:
    waits = like_the_one_before(np.random.default_rng(7), 200, 0.8)
    together = summarise(answered(waits), Phase.MEASURED)
    apart = summarise(answered(np.random.default_rng(8).permutation(waits)), Phase.MEASURED)
    for statistic in ("p50", "mean"):
        wide, narrow = (figures.series["ttft_ms"].estimate(statistic) for figures in (together, apart))
        assert wide.value == pytest.approx(narrow.value)
        assert wide.low is not None
        assert wide.high is not None
        assert narrow.low is not None
        assert narrow.high is not None
        assert wide.high - wide.low > 1.8 * (narrow.high - narrow.low)
    (said,) = [warning for warning in together.warnings if "resembles" in warning]
    assert said.startswith(
        "one trial, and the TTFT of a request resembles that of the one before it (rank correlation 0."
    )
    assert "independent requests, not 200" in said
    assert not [warning for warning in apart.warnings if "resembles" in warning]


def test_no_figure_depends_on_the_order_of_the_samples() -> None:
    samples = answered(like_the_one_before(np.random.default_rng(7), 100, 0.8))
    one, other = summarise(samples, Phase.MEASURED), summarise(samples[::-1], Phase.MEASURED)
    assert one.distributions() == other.distributions()
    assert (one.rates, one.warnings) == (other.rates, other.warnings)


def test_several_trials_are_what_counts() -> None:
    waits = like_the_one_before(np.random.default_rng(7), 200, 0.8)
    both = [sample(index=place, trial=place // 100, ttft_ms=100 + float(wait)) for place, wait in enumerate(waits)]
    found = summarise(both, Phase.MEASURED)
    assert found.series["ttft_ms"].in_time is None
    assert not [warning for warning in found.warnings if "resembles" in warning]


def test_failures_of_one_outage_say_less_than_as_many_at_random() -> None:
    waits = np.random.default_rng(9).normal(size=400)
    outage = summarise(answered(waits, frozenset(range(200, 220))), Phase.MEASURED).rates["error_ratio"]
    spread = summarise(answered(waits, frozenset(range(0, 400, 20))), Phase.MEASURED).rates["error_ratio"]
    assert outage.value == spread.value == 0.05
    assert (spread.low, spread.high) == (estimate_ratio(20, 400).low, estimate_ratio(20, 400).high)
    assert outage.low is not None
    assert outage.high is not None
    assert outage.low < 0.02
    assert outage.high > 0.15


def test_gaps_of_streams_that_slow_down_together_are_wider_too() -> None:
    levels = np.exp(0.3 * like_the_one_before(np.random.default_rng(10), 200, 0.8))
    groups = [list(level * np.ones(5)) for level in levels]
    together = estimate_pooled_mean(Groups.of(groups))
    apart = estimate_pooled_mean(Groups.of([groups[place] for place in np.random.default_rng(11).permutation(200)]))
    assert together.high is not None
    assert together.low is not None
    assert apart.high is not None
    assert apart.low is not None
    assert math.log(together.high / together.low) > 2 * math.log(apart.high / apart.low)
