import pytest

from ragmeter.core.inputs.until import Until
from ragmeter.run.session.forecast import campaign_s, least_s, trials_s
from tests.core.samples import sample
from tests.run.cases import workload

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


@pytest.mark.parametrize(("requests", "rounds"), [(0, 0), (1, 1), (4, 2), (5, 3)])
def test_saved_runs_foretell_the_warm_up_too(requests: int, rounds: int) -> None:
    saved = [sample(ttft_ms=300, gaps_ms=(100.0, 100.0)) for _ in range(3)]
    planned = workload(requests=20, concurrency=2, trials=4, warmup_requests=requests)
    assert campaign_s(planned, [saved]) == pytest.approx(4 * 5.0 + rounds * 0.5, rel=0.01)
    assert campaign_s(planned, [saved, saved]) == pytest.approx(2 * (4 * 5.0 + rounds * 0.5), rel=0.01)


def test_an_open_loop_is_foretold_by_its_schedule_and_its_last_answer() -> None:
    saved = [sample(ttft_ms=300, gaps_ms=(100.0, 100.0))]
    planned = workload(shape="constant", rate_per_s=2.0, requests=21, concurrency=None, trials=3, warmup_requests=5)
    assert campaign_s(planned, [saved]) == pytest.approx(2.5 + 3 * 10.5, rel=0.01)


def test_without_a_saved_run_of_each_system_nothing_is_foretold() -> None:
    assert campaign_s(workload(), [[sample()], []]) is None
    assert campaign_s(workload(), []) is None
