from dataclasses import replace

import pytest

from ragmeter.core.inputs.until import Until
from ragmeter.core.money.budget import Limits, Rate
from ragmeter.core.requests.records import ErrorClass
from ragmeter.core.run.plan import RunEnding
from ragmeter.core.run.saved import SavedRun
from ragmeter.run.session.forecast import Takes, expected_takes, least_s, takes_words, trials_s, whole
from ragmeter.run.session.meter import Meter
from tests.core.samples import sample
from tests.run.cases import plan, workload

UNTIL = Until(ci_width=0.05, metric=None, max_trials=30, max_usd=None, max_minutes=None)


def test_an_open_loop_takes_at_least_its_schedule() -> None:
    planned = workload(shape="constant", rate_per_s=2.0, requests=21, concurrency=None, trials=3, warmup_requests=5)
    assert least_s(planned, runs=2) == pytest.approx(2 * (2.0 + 3 * 10.0))


def test_of_a_closed_loop_only_the_pauses_are_certain() -> None:
    assert least_s(workload(trials=3, cool_down_s=4.0), runs=2) == pytest.approx(5 * 4.0)


def test_until_is_counted_with_its_fewest_trials() -> None:
    planned = workload(shape="constant", rate_per_s=2.0, requests=21, concurrency=None, trials=30, until=UNTIL)
    assert least_s(planned, runs=1) == pytest.approx(8 * 10.0)


def test_the_speed_of_the_warm_up_foretells_a_closed_loop() -> None:
    """Two slots with 20 requests of 500 ms each: ten rounds."""
    warm = [sample(ttft_ms=300, gaps_ms=(100.0, 100.0)) for _ in range(3)]
    slow = [sample(ttft_ms=600, gaps_ms=(200.0, 200.0)) for _ in range(3)]
    planned = workload(requests=20, concurrency=2, trials=4)
    assert trials_s(planned, [warm]) == pytest.approx(4 * 5.0, rel=0.01)
    assert trials_s(planned, [warm, slow]) == pytest.approx(4 * 15.0, rel=0.01)


def test_the_duration_of_a_phase_bounds_its_forecast() -> None:
    warm = [sample(ttft_ms=300, gaps_ms=(100.0, 100.0))]
    planned = workload(requests=20_000, concurrency=2, duration_s=30.0)
    assert trials_s(planned, [warm]) == pytest.approx(30.5, rel=0.01)


def test_without_a_warm_up_nothing_is_foretold() -> None:
    assert trials_s(workload(), [[]]) is None


def session(*e2e_ms: float, ttft_ms: float = 200) -> SavedRun:
    """Of two requests in each trial, that take so long on average."""
    samples = [
        sample(trial=trial, index=2 * trial + which, ttft_ms=ttft_ms, gaps_ms=(mean - ttft_ms + 10 * side,))
        for trial, mean in enumerate(e2e_ms)
        for which, side in enumerate((-1, 1))
    ]
    return SavedRun(path="", plan=plan(), samples=tuple(samples), ending=RunEnding(status="complete"))


@pytest.mark.parametrize(("requests", "rounds"), [(0, 0), (1, 1), (4, 2), (5, 3)])
def test_saved_sessions_foretell_the_warm_up_too(requests: int, rounds: int) -> None:
    planned = workload(requests=20, concurrency=2, trials=4, warmup_requests=requests)
    for systems in (1, 2):
        takes = expected_takes(planned, [[session(500, 500, 500)]] * systems)
        assert takes is not None
        assert takes.about_s == pytest.approx(systems * (4 * 5.0 + rounds * 0.5), rel=0.01)


def test_an_open_loop_is_foretold_by_its_schedule_and_its_last_answer() -> None:
    planned = workload(shape="constant", rate_per_s=2.0, requests=21, concurrency=None, trials=3, warmup_requests=5)
    takes = expected_takes(planned, [[session(500, 500)]])
    assert takes is not None
    assert takes.about_s == pytest.approx(2.5 + 3 * 10.5, rel=0.01)
    assert takes.low_s > 2.0 + 3 * 10.0, "the schedule is certain"
    assert takes.high_s < 1.05 * takes.about_s


@pytest.mark.parametrize(
    ("latencies_ms", "factor"),
    [
        ([(500, 500)], 1.59),  # sessions are taken to differ by 20 %
        ([(500, 500), (500, 500)], 1.50),
        ([(500, 500), (500, 500), (500, 500)], 1.0),
        ([(500, 510), (550, 560), (450, 460)], 1.40),
        ([(500,), (500,), (500,), (550,), (450,)], 1.18),
    ],
)
def test_the_range_is_as_wide_as_the_saved_sessions_differ(
    latencies_ms: list[tuple[float, ...]], factor: float
) -> None:
    planned = workload(requests=20, concurrency=2, trials=4)
    takes = expected_takes(planned, [[session(*each) for each in latencies_ms]])
    assert takes is not None
    assert takes.high_s / takes.about_s == pytest.approx(factor, abs=0.02)
    assert takes.about_s / takes.low_s == pytest.approx(factor, abs=0.02)
    assert takes.sessions == len(latencies_ms)


def test_without_a_saved_run_of_each_system_nothing_is_foretold() -> None:
    unanswered = replace(session(500), samples=(sample(error=ErrorClass.TIMEOUT),))
    nothing: list[list[list[SavedRun]]] = [[], [[]], [[session(500)], []], [[unanswered]]]
    for saved in nothing:
        assert expected_takes(workload(), saved) is None
    known = Takes(about_s=60.0, low_s=30.0, high_s=120.0, sessions=3)
    assert whole([known, None]) is None
    assert whole([]) is None
    assert whole([known, replace(known, sessions=1)]) == Takes(about_s=120.0, low_s=60.0, high_s=240.0, sessions=1)


@pytest.mark.parametrize(
    ("sessions", "usd_per_hr", "words"),
    [
        (
            5,
            36.0,
            "1 min (0.5 to 2) and 0.60 USD (0.30 USD to 1.20 USD), as nine of ten sessions like the 5 saved ones",
        ),
        (2, None, "1 min (0.5 to 2), as nine of ten sessions like the 2 saved ones, if sessions differ by 20 %"),
        (1, None, "1 min (0.5 to 2), as nine of ten sessions like the saved one, if sessions differ by 20 %"),
    ],
)
def test_what_the_plan_takes_in_words(sessions: int, usd_per_hr: float | None, words: str) -> None:
    meter = Meter([Rate(usd_per_hr=usd_per_hr, usd_per_byte=0.0)], Limits())
    takes = Takes(about_s=60.0, low_s=30.0, high_s=120.0, sessions=sessions)
    assert takes_words(takes, 7.0, meter) == f"the plan takes about {words}"
    assert takes_words(takes, 7.0, meter, takes) == f"the plan takes about {words}"
    more = takes_words(takes, 7.0, meter, replace(takes, about_s=600.0))
    usd = "" if usd_per_hr is None else " and 6.00 USD"
    assert more == f"the plan takes about {words}; the trials that are needed take about 10 min{usd}"
