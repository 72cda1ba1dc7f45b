"""What a gate is planned to decide, and whether gates of that many trials do: the simulation at a reduced size."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from experiments.gate_plan import SPREADS, held, timed
from ragmeter.core.compare.gate_plan import (
    Decided,
    Needed,
    Spread,
    decided_words,
    needed_words,
    of_both,
    smallest_decided,
    spread_of,
    trials_to_decide,
)
from ragmeter.core.requests.figure import Figure
from tests.docs.pages import DOCS, rows

TTFT, E2E = Figure("ttft_ms", "p50"), Figure("e2e_ms", "p95")


@pytest.mark.parametrize(("spread", "runs"), [(0.0, 60), (0.02, 60), (0.05, 60), (0.1, 30), (0.2, 15)])
def test_a_gate_of_the_trials_that_are_asked_for_keeps_its_promise(spread: float, runs: int) -> None:
    at = held(spread, runs, seed=5)
    assert at.false_fails <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
    assert at.found >= 0.8
    assert spread == 0.2 or at.passed >= 0.8
    assert at.in_range >= 0.9 - 3 * math.sqrt(0.9 * 0.1 / runs)


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("sessions", [1, 2, 3, 5])
def test_nine_of_ten_sessions_take_what_the_range_of_the_forecast_holds(spread: float, sessions: int) -> None:
    """And three trials of its own foretell any session to a fifth."""
    runs = 400
    at = timed(spread, sessions, runs, seed=6)
    assert at.in_range >= 0.9 - 3 * math.sqrt(0.9 * 0.1 / runs)
    assert at.revised >= 0.99
    assert at.right >= 0.9 or spread >= 0.1, "one number is enough where sessions differ by little"


def test_the_page_shows_what_the_simulation_found() -> None:
    spreads = [f"{100 * spread:g} %" for spread in SPREADS]
    found = [row for row in rows(DOCS / "explanation-statistics.md") if row[0] in spreads]
    gates, times = ([row for row in found if len(row) == columns] for columns in (6, 11))
    assert [row[0] for row in gates] == [row[0] for row in times] == spreads
    for _, _, held_by, false_fails, _, found_share in gates:
        assert share(false_fails) <= 5
        assert min(share(held_by), share(found_share)) >= 80
    for row in times:
        assert min(share(row[column]) for column in (2, 5, 8)) >= 89.5
        assert share(row[-1]) >= 99


def share(cell: str) -> float:
    return float(cell.removesuffix(" %"))


def test_more_spread_takes_more_trials_and_a_larger_effect_fewer() -> None:
    asked = [trials_to_decide(spread, 0.05, 7) for spread in (0.0, 0.01, 0.03, 0.07, 0.14)]
    assert asked == sorted(asked, key=lambda each: each or 0)
    assert asked[0] == 5
    assert (trials_to_decide(0.07, 0.2, 7) or 0) < (asked[3] or 0)
    # 2.8 standard errors of a log ratio: (2.8 * 0.07 / log(1.05))^2 = 16.1, and one more for Student's t
    assert asked[3] in range(16, 20)


def test_more_than_a_thousand_trials_are_no_plan() -> None:
    assert trials_to_decide(1.0, 0.05, 7) is None


@pytest.mark.parametrize(
    "trials", [[], [1.0], [1.0, 2.0], [1.0, None, 2.0, 3.0], [0.0, 1.0, 2.0, 3.0], [None, None, None]]
)
def test_a_spread_needs_three_trials_that_all_have_the_figure(trials: list[float | None]) -> None:
    assert spread_of(trials) is None


def test_a_spread_is_that_of_the_logarithms_and_of_few_trials_a_little_more() -> None:
    ends = math.exp(0.1)
    found = spread_of([1.0, ends, 1 / ends])
    assert found is not None
    assert 0.1 < found.value < 0.13
    assert found.at(0.95) < found.at(0.5) < found.at(0.05)
    assert found.at(0.5) == pytest.approx(found.value)
    assert spread_of([7.0, 7.0, 7.0]) == Spread(value=0.0, df=2)


def test_the_spread_of_two_systems_is_that_of_their_ratio() -> None:
    one, other = Spread(value=0.3, df=4), Spread(value=0.4, df=4)
    both = of_both(one, other)
    assert both.value == pytest.approx(0.5)
    assert 4 < (both.df or 0) < 8
    assert of_both(Spread(value=0.0, df=4), Spread(value=0.0, df=2)) == Spread(value=0.0, df=6)
    assumed = of_both(one, None)
    assert assumed.df is None
    assert assumed.at(0.05) == assumed.at(0.95) == pytest.approx(math.hypot(0.3, 0.05))


def of(*levels: float) -> list[Sequence[float]]:
    return [[level, level * 1.01, level / 1.01] for level in levels]


def test_saved_sessions_decide_about_as_much_as_they_differ() -> None:
    alike, apart = (smallest_decided(of(*levels)) for levels in ((100, 101, 99, 100), (100, 130, 80, 110)))
    assert alike is not None
    assert apart is not None
    assert 0.01 < alike < 0.1
    assert apart > 0.5
    many = smallest_decided(of(*(100 + at % 3 - 1 for at in range(20))))
    assert many is not None
    assert many < alike


@pytest.mark.parametrize("sessions", [0, 1, 2])
def test_below_three_sessions_nothing_is_decided(sessions: int) -> None:
    assert smallest_decided(of(*[100.0] * sessions)) is None


def test_the_same_session_three_times_decides_about_what_its_trials_scatter() -> None:
    assert smallest_decided([[1.0, 1.0, 1.0]] * 3) == 0.0
    assert (smallest_decided(of(100, 100, 100)) or 0) > 0


def test_words_name_the_easiest_and_the_hardest_figure() -> None:
    one, two, never = (Needed(figure=f, trials=n, low=n, high=n) for f, n in ((TTFT, 7), (E2E, 31), (E2E, None)))
    assert needed_words([two, one], 0.05) == (
        "7 trials to decide about a change of 5 % of p50(ttft_ms), 31 of p95(e2e_ms)"
    )
    ranges = needed_words([replace(one, low=5), replace(never, low=170)], 0.05)
    assert ranges.startswith("7 trials (5 to 7) to decide about")
    assert ranges.endswith(", over 1,000 (170 to over 1,000) of p95(e2e_ms)")
    assert needed_words([one], 0.05) == "7 trials to decide about a change of 5 % of p50(ttft_ms)"
    assert needed_words([never, one], 0.05).endswith("of p50(ttft_ms), over 1,000 of p95(e2e_ms)")
    small, large = (Decided(figure=f, change_ratio=c) for f, c in ((TTFT, 0.04), (E2E, 0.183)))
    assert decided_words([large, small]) == "a change of 4 % of p50(ttft_ms), 18 % of p95(e2e_ms)"
    assert decided_words([large]) == "a change of 18 % of p95(e2e_ms)"
