"""Change points of series with a known step, and of series without one."""

import numpy as np
import pytest

from ragmeter.core.stats.changes import change_points, change_ratio


def drifting(rng: np.random.Generator, *levels: float, each: int = 8, spread: float = 0.1) -> list[float]:
    return [float(level * rng.lognormal(0, spread)) for level in levels for _ in range(each)]


def test_steps_are_found_where_they_are_within_a_run() -> None:
    values = drifting(np.random.default_rng(1), 100, 180, 60)
    found = change_points(values)
    assert len(found) == 2
    assert abs(found[0] - 8) <= 1
    assert abs(found[1] - 16) <= 1
    assert change_ratio(values, found, found[0]) == pytest.approx(1.8, rel=0.15)
    assert change_ratio(values, found, found[1]) == pytest.approx(1 / 3, rel=0.15)


@pytest.mark.parametrize("spread", [0.05, 0.5])
def test_runs_that_only_drift_seldom_change(spread: float) -> None:
    rng = np.random.default_rng(2)
    assert sum(bool(change_points(drifting(rng, 100, each=20, spread=spread))) for _ in range(300)) / 300 <= 0.03


def test_a_step_as_large_as_three_spreads_is_mostly_found() -> None:
    rng = np.random.default_rng(3)
    assert sum(bool(change_points(drifting(rng, 100, 135))) for _ in range(100)) >= 90


@pytest.mark.parametrize("count", [0, 1, 5])
def test_too_few_runs_have_no_change(count: int) -> None:
    assert change_points([1.0] * count) == []


def test_runs_that_do_not_vary_change_where_they_step() -> None:
    assert change_points([1.0] * 4 + [2.0] * 4) == [4]
    assert change_points([1.0] * 8) == []
