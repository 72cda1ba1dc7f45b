"""Contrasts on simulated systems whose true difference and drift between trials are known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.stats import student
from ragmeter.core.stats.contrast import Contrast, contrast, holm


def drifting(rng: np.random.Generator, trials: int, drift: float, factor: float = 1.0) -> list[float]:
    return [float(value) for value in factor * rng.lognormal(0, drift, trials)]


def p_of(at: Contrast) -> float:
    assert at.p_value is not None
    return at.p_value


@pytest.mark.parametrize("trials", [3, 5, 7])
@pytest.mark.parametrize("paired", [True, False])
def test_identical_systems_are_called_different_at_most_5_times_in_100(trials: int, paired: bool) -> None:
    """With a drift between trials of 60 %, as large as that of published runs of such systems."""
    rng = np.random.default_rng(41)
    false = [
        p_of(contrast(drifting(rng, trials, 0.6), drifting(rng, trials, 0.6), paired=paired)) < 0.05
        for _ in range(1500)
    ]
    assert sum(false) / len(false) <= 0.065


def test_a_t_test_over_pooled_requests_calls_identical_systems_different_most_of_the_time() -> None:
    """The naive method on the same data, for comparison: requests of a trial are taken for independent."""
    rng = np.random.default_rng(42)
    false = 0
    for _ in range(200):
        a, b = (np.concatenate([f * rng.lognormal(0, 0.5, 100) for f in drifting(rng, 5, 0.6)]) for _ in range(2))
        error = math.hypot(a.std(ddof=1), b.std(ddof=1)) / math.sqrt(500)
        false += abs(a.mean() - b.mean()) / error > 1.96
    assert false / 200 > 0.6


@pytest.mark.parametrize("paired", [True, False])
def test_the_interval_of_a_factor_covers_it_95_times_in_100(paired: bool) -> None:
    rng = np.random.default_rng(43)
    covered = 0
    for _ in range(1500):
        low, high = contrast(drifting(rng, 5, 0.3), drifting(rng, 5, 0.3, 1.4), paired=paired).interval()
        assert low is not None
        assert high is not None
        covered += low <= math.log(1.4) <= high
    assert 0.93 <= covered / 1500 <= 0.98


def test_a_detectable_difference_is_called_8_times_in_10() -> None:
    """At the strictest level of the correction; the true spread is known to the test and estimated by the method."""
    rng = np.random.default_rng(44)
    family, trials, drift = 7, 8, 0.2
    planned = contrast(drifting(rng, 4000, drift), drifting(rng, 4000, drift), paired=True)
    assert planned.spread is not None
    exact = Contrast(
        log_ratio=0,
        error=planned.spread / math.sqrt(trials),
        df=trials - 1,
        spread=planned.spread,
        trials=8,
        paired=True,
    )
    effect = exact.detectable(family)
    assert effect is not None
    called = sum(
        p_of(contrast(drifting(rng, trials, drift), drifting(rng, trials, drift, math.exp(effect)), paired=True))
        * family
        < 0.05
        for _ in range(1000)
    )
    assert 0.74 <= called / 1000 <= 0.87


def test_the_trials_that_are_needed_make_the_difference_detectable() -> None:
    at = contrast([1.0, 1.3, 0.8, 1.1, 0.9], [1.2, 1.1, 1.0, 1.3, 1.0], paired=True)
    needed = at.trials_needed(0.1, 7)
    assert needed is not None
    assert at.spread is not None

    spread = at.spread * (1 - 2 / (9 * 4)) ** -1.5  # of five pairs: too small more often than not

    def power(trials: int) -> float:
        critical = student.quantile(1 - 0.05 / 7 / 2, trials - 1)
        return student.power(0.1 / spread * math.sqrt(trials), critical, trials - 1)

    assert power(needed) >= 0.8 > power(needed - 1)


def test_more_than_a_thousand_trials_are_not_a_plan() -> None:
    assert contrast([1.0, 5.0, 0.2], [1.0, 0.2, 5.0], paired=True).trials_needed(0.01, 7) is None


def test_pairs_cancel_what_both_sides_share() -> None:
    shared = [1.0, 2.0, 4.0, 8.0, 3.0]
    slower = [value * factor for value, factor in zip(shared, (1.10, 1.11, 1.09, 1.10, 1.10), strict=True)]
    paired, apart = (contrast(shared, slower, paired=way) for way in (True, False))
    assert paired.log_ratio == pytest.approx(apart.log_ratio)
    assert p_of(paired) < 1e-4
    assert p_of(apart) > 0.5


@pytest.mark.parametrize("trials", [1, 2])
def test_below_three_trials_there_is_no_interval_and_no_p_value(trials: int) -> None:
    at = contrast([1.0] * trials, [2.0] * trials, paired=False)
    assert (at.interval(), at.p_value, at.detectable(7)) == ((None, None), None, None)
    assert at.log_ratio == pytest.approx(math.log(2))


def test_trials_that_do_not_vary_are_certain() -> None:
    assert p_of(contrast([1.0] * 5, [1.0] * 5, paired=False)) == 1.0
    assert p_of(contrast([1.0] * 5, [2.0] * 5, paired=True)) == 0.0


@pytest.mark.parametrize(("a", "b", "paired"), [([], [1.0], False), ([1.0, 2.0], [1.0], True)])
def test_what_cannot_be_compared_is_refused(a: list[float], b: list[float], paired: bool) -> None:
    with pytest.raises(ValueError, match="are no"):
        contrast(a, b, paired=paired)


def test_holms_adjustment_is_that_of_the_textbook() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(p_values=st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(p <= new <= 1 for p, new in zip(p_values, adjusted, strict=True))
    order = sorted(range(len(p_values)), key=lambda at: p_values[at])
    assert [adjusted[at] for at in order] == sorted(adjusted)
