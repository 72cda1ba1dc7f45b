"""Change points of series with a known step, and of series without one."""

import numpy as np
import pytest

from ragmeter.core.stats.changes import change_points, levels


def drifting(rng: np.random.Generator, *levels: float, each: int = 8, spread: float = 0.1) -> list[float]:
    return [float(level * rng.lognormal(0, spread)) for level in levels for _ in range(each)]


def test_steps_are_found_where_they_are_within_a_run() -> None:
    values = drifting(np.random.default_rng(1), 100, 180, 60)
    found = change_points(values)
    assert len(found) == 2
    assert abs(found[0] - 8) <= 1
    assert abs(found[1] - 16) <= 1
    low, high, last = levels(values)
    assert [at.first for at in (high, last)] == found
    assert low.count + high.count + last.count == len(values)
    assert high.value / low.value == pytest.approx(1.8, rel=0.15)
    assert last.value / high.value == pytest.approx(1 / 3, rel=0.15)


def test_figures_without_a_change_are_one_level_and_none_are_none() -> None:
    assert levels([]) == []
    (level,) = levels([4.0, 9.0])
    assert (level.first, level.count) == (0, 2)
    assert level.value == pytest.approx(6.0)


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
    assert [change_points([value] * 26) for value in (38.1, 517.3, 0.0723)] == [[], [], []]
