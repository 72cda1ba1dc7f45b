"""How much longer a campaign takes."""

from dataclasses import replace

import pytest

from ragmeter.core.campaign.events import CampaignPlanned, PhaseStarted, TrialStarted, WarmupEnded
from ragmeter.core.requests.records import Phase
from ragmeter.report.text.pace import Pace
from tests.run.cases import workload

TINY = workload()
THREE = replace(TINY, trials=3)
PLAN = CampaignPlanned(workload=THREE, runs=1, min_trials=3, min_s=0.0, usd_per_hr=None)


def begin(pace: Pace, now_s: float, *, trial: int = 0, lasts_s: float | None = None) -> None:
    pace.hear(TrialStarted(workload=THREE, label="mine", trial=trial), now_s)
    pace.hear(PhaseStarted(phase=Phase.MEASURED, requests=10, lasts_s=lasts_s), now_s)


def test_before_the_first_trial_nothing_is_known() -> None:
    pace = Pace()
    pace.hear(PLAN, 0.0)
    pace.hear(PhaseStarted(phase=Phase.WARMUP, requests=4), 0.0)
    assert pace.left_s(5.0, done=2, total=4) is None


@pytest.mark.parametrize(("done", "left_s"), [(0, None), (5, 25.0), (10, 20.0)])
def test_in_the_first_trial_the_others_are_taken_to_be_alike(done: int, left_s: float | None) -> None:
    pace = Pace()
    pace.hear(PLAN, 0.0)
    begin(pace, 100.0)
    assert pace.left_s(100.0 + (5.0 if done == 5 else 10.0), done=done, total=10) == left_s


def test_later_ones_are_as_long_as_those_before() -> None:
    pace = Pace()
    pace.hear(PLAN, 0.0)
    for trial, now_s in enumerate((0.0, 20.0)):
        begin(pace, now_s, trial=trial)
    assert pace.left_s(25.0, done=5, total=10) == pytest.approx(5.0 + 20.0)


def test_the_prediction_of_the_warm_up_holds_until_a_trial_has_ended() -> None:
    pace = Pace()
    pace.hear(PLAN, 0.0)
    pace.hear(WarmupEnded(trials_s=90.0, usd_per_hr=None), 10.0)
    begin(pace, 10.0)
    assert pace.left_s(40.0, done=0, total=10) == 60.0


def test_a_schedule_is_known_from_the_start() -> None:
    pace = Pace()
    pace.hear(replace(PLAN, workload=TINY), 0.0)
    begin(pace, 0.0, lasts_s=60.0)
    assert pace.left_s(15.0, done=0, total=10) == 45.0
    assert pace.left_s(75.0, done=9, total=10) == 0.0
