import math

import numpy as np
import pytest

from ragmeter.core.stats.estimate import quantile, quantile_interval
from ragmeter.core.stats.pooled import Groups, estimate_pooled_mean, estimate_pooled_quantile


def correlated(rng: np.random.Generator, groups: int, size: int) -> list[list[float]]:
    """Groups that each have a level of their own, as gaps of one stream have."""
    levels = rng.exponential(size=groups)
    return [list(level + rng.uniform(0, 0.01, size=size)) for level in levels]


def test_value_is_the_quantile_of_all_values_together() -> None:
    groups = [[1.0, 2.0], [3.0], [], [4.0, 5.0]]
    estimate = estimate_pooled_quantile(Groups.of(groups), 0.5)
    assert (estimate.value, estimate.n) == (3.0, 5)


def test_fewer_than_10_groups_have_no_interval_and_are_not_enough() -> None:
    groups = [[float(i) for i in range(100)]] * 9
    for estimate in (
        estimate_pooled_quantile(Groups.of(groups), 0.5),
        estimate_pooled_mean(Groups.of(groups)),
    ):
        assert estimate.value == 49.5
        assert (estimate.low, estimate.high, estimate.enough) == (None, None, False)


@pytest.mark.parametrize("q", [0.5, 0.9])
def test_interval_of_correlated_values_covers_where_the_order_statistic_does_not(q: float) -> None:
    rng = np.random.default_rng(5)
    truth = quantile([gap for group in correlated(rng, 20_000, 5) for gap in group], q)
    assert truth is not None
    clustered = independent = 0
    for _ in range(100):
        groups = correlated(rng, 60, 50)
        estimate = estimate_pooled_quantile(Groups.of(groups), q)
        low, high = quantile_interval([gap for group in groups for gap in group], q)
        assert low is not None
        assert high is not None
        clustered += (estimate.low or 0.0) <= truth <= (estimate.high or math.inf)
        independent += low <= truth <= high
    assert clustered >= 88
    assert independent <= 60


def test_interval_of_the_mean_covers() -> None:
    rng = np.random.default_rng(6)
    covered = 0
    for _ in range(100):
        estimate = estimate_pooled_mean(Groups.of(correlated(rng, 60, 20)))
        assert estimate.low is not None
        assert estimate.high is not None
        covered += estimate.low <= 1.005 <= estimate.high
    assert covered >= 88


def test_nothing_has_no_value() -> None:
    for estimate in (
        estimate_pooled_quantile(Groups.of([]), 0.5),
        estimate_pooled_mean(Groups.of([[]])),
    ):
        assert (estimate.value, estimate.low, estimate.high, estimate.n) == (None, None, None, 0)


def test_an_end_that_no_value_bounds_is_open() -> None:
    groups = [[float(own + at) for at in range(10)] for own in range(12)]
    low, high = (
        estimate_pooled_quantile(Groups.of(groups), 0.98).low,
        estimate_pooled_quantile(Groups.of(groups), 0.98).high,
    )
    assert low is not None
    assert high is None


def test_gaps_of_nothing_but_0_have_a_mean_that_is_certain() -> None:
    estimate = estimate_pooled_mean(Groups.of([[0.0, 0.0]] * 12))
    assert (estimate.low, estimate.value, estimate.high) == (0.0, 0.0, 0.0)
