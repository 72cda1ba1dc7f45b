"""A new session against saved ones: the session is the unit."""

import math

import pytest

from experiments.session_gate import SESSIONS, SPREADS, false_fails, power
from ragmeter.core.stats.sessions import ASSUMED_SPREAD, against_sessions

FIVE = [1.0, 1.02, 0.98, 1.01, 0.99]


def session(level: float) -> list[float]:
    return [level * each for each in FIVE]


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("sessions", SESSIONS)
def test_what_has_not_changed_fails_in_no_more_than_one_of_twenty_sessions(spread: float, sessions: int) -> None:
    runs = 300
    assert false_fails(spread, sessions, runs, seed=3) <= 0.05 * runs + 3 * math.sqrt(runs * 0.05 * 0.95)


def test_a_half_more_is_found_where_five_sessions_differ_by_five_percent() -> None:
    assert power(0.05, 5, 1.5, 100, seed=4) >= 95


def test_the_spread_between_sessions_is_in_the_interval() -> None:
    apart = against_sessions([session(level) for level in (100, 130, 80, 110)], session(100))
    alike = against_sessions([session(level) for level in (100, 101, 99, 100)], session(100))
    widths = [at.interval()[1] - at.interval()[0] for at in (apart, alike)]
    assert widths[0] > 8 * widths[1]
    assert (apart.df, apart.sessions) == (3, 4)


def test_sessions_that_agree_by_chance_are_no_more_certain_than_their_trials() -> None:
    at = against_sessions([session(100)] * 3, session(100))
    assert at.error > 0
    assert at.log_ratio == pytest.approx(0)


@pytest.mark.parametrize("saved", [1, 2])
def test_below_three_sessions_a_spread_is_assumed(saved: int) -> None:
    at = against_sessions([session(100)] * saved, session(100))
    assert at.error == pytest.approx(ASSUMED_SPREAD * math.sqrt(1 + 1 / saved), rel=0.01)


def test_single_trials_have_no_scatter_of_their_own() -> None:
    at = against_sessions([[100.0], [110.0], [90.0]], [100.0])
    assert at.error == pytest.approx(0.1003 * math.sqrt(4 / 3), rel=0.01)
    assert against_sessions([[1.0]] * 3, [1.0]).p_value == 1.0
    assert against_sessions([[1.0]] * 3, [2.0]).p_value == 0.0


@pytest.mark.parametrize(("then", "now"), [([], [1.0]), ([[1.0], []], [1.0]), ([[1.0]], [])])
def test_what_has_no_trials_is_no_session(then: list[list[float]], now: list[float]) -> None:
    with pytest.raises(ValueError, match="each needs one at least"):
        against_sessions(then, now)
