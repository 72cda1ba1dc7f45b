"""Live progress: what a log shows of the events of a campaign."""

from dataclasses import replace

import pytest

from ragmeter.core.campaign.case import Case
from ragmeter.core.campaign.events import (
    CampaignEnded,
    CampaignPlanned,
    Event,
    LevelStarted,
    LoadEnded,
    PhaseStarted,
    RequestEnded,
    RequestStarted,
    RunStarted,
    Said,
    Tick,
    TrialStarted,
    WarmupEnded,
    WarmupStarted,
)
from ragmeter.core.inputs.until import Until
from ragmeter.core.requests.records import ErrorClass, Phase
from ragmeter.core.schedule.plan import Shard
from ragmeter.report.text.campaign_text import line_of, title_of
from ragmeter.report.text.live import LiveProgress
from tests.core.samples import sample
from tests.run.cases import provider, workload

TINY = workload()
SEVERAL = replace(TINY, trials=3)
UNTIL = replace(SEVERAL, until=Until(ci_width=0.05, metric=None, max_trials=3, max_usd=None, max_minutes=None))
CASE = Case(provider=provider(), workload=TINY, slos=())
PLAN = CampaignPlanned(workload=TINY, runs=1, min_trials=1, min_s=0.0, usd_per_hr=None)
WARM = WarmupEnded(trials_s=90.0, usd_per_hr=None)
SHARD = Shard(number=1, count=3)


@pytest.mark.parametrize(
    ("event", "title"),
    [
        (RunStarted(case=CASE), "tiny @ mine"),
        (RunStarted(case=replace(CASE, repeat=True)), "tiny @ mine again"),
        (RunStarted(case=CASE, shard=SHARD), "tiny @ mine 2/3"),
        (WarmupStarted(workload=SEVERAL, label="mine"), "tiny @ mine"),
        (TrialStarted(workload=TINY, label="mine", trial=0), "tiny @ mine"),
        (TrialStarted(workload=SEVERAL, label="mine", trial=1), "tiny @ mine 2 of 3"),
        (TrialStarted(workload=UNTIL, label="mine", trial=1), "tiny @ mine 2 of at most 3"),
        (LevelStarted(workload=TINY, label="mine", level=12.5), "tiny @ mine at 12.5"),
        (Said("a line"), None),
        (LoadEnded(), None),
    ],
)
def test_title_says_which_part_of_which_run_is_measured(event: Event, title: str | None) -> None:
    assert title_of(event) == title


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Said("a line"), "a line"),
        (PLAN, "plan of tiny: 1 trial of 4 requests; how long it takes is not known before"),
        (
            replace(PLAN, workload=SEVERAL, runs=2, min_s=90.0, usd_per_hr=40.0),
            "plan of tiny: 2 runs, each with 3 trials of 4 requests; at least 90.0 s, 1.00 USD",
        ),
        (
            replace(PLAN, workload=UNTIL, min_trials=2),
            "plan of tiny: 2 to 3 trials of 4 requests; how long it takes is not known before",
        ),
        (WARM, "predicted from the warm-up: 90.0 s from now on"),
        (
            replace(WARM, usd_per_hr=40.0, over_budget="2 USD of at most 1 USD"),
            "predicted from the warm-up: 90.0 s, 1.00 USD from now on; the budget ends before: 2 USD of at most 1 USD",
        ),
        (replace(WARM, trials_s=None), None),
        (RunStarted(case=CASE), None),
        (CampaignEnded(interrupted=False), None),
    ],
)
def test_lines_that_last_say_what_is_planned_and_predicted(event: Event, line: str | None) -> None:
    assert line_of(event) == line


class Log(LiveProgress):
    """A listener whose terminal is no terminal."""

    def __init__(self, label: str = "") -> None:
        super().__init__(show_errors=1, label=label)
        self.written: list[str] = []

    @property
    def _live(self) -> bool:
        return False

    def _write(self, text: str) -> None:
        self.written.append(text)


def test_a_log_has_the_last_state_of_each_phase_and_the_first_failures() -> None:
    log = Log()
    failed = replace(sample(), error=ErrorClass.TIMEOUT, error_message="nothing came", index=7)
    log(WarmupStarted(workload=TINY, label="mine"))
    log(PhaseStarted(phase=Phase.WARMUP, requests=1))
    for event in (RequestStarted(), Tick(), RequestEnded(sample())):
        log(event)
    log(TrialStarted(workload=SEVERAL, label="mine", trial=0))
    log(PhaseStarted(phase=Phase.MEASURED, requests=3))
    for event in (RequestStarted(), RequestStarted(), RequestStarted(), RequestEnded(failed), RequestEnded(failed)):
        log(event)
    log(LoadEnded())
    log(LoadEnded())
    warm, failure, measured = log.written
    assert warm.startswith("tiny @ mine warmup 1/1, 0 errors, ")
    assert failure == "tiny @ mine 1 of 3: request 7 failed: timeout: nothing came\n"
    assert measured.startswith("tiny @ mine 1 of 3 measured 2/3, 2 errors, ")
    assert ", 1 in flight, " in measured


def test_figures_belong_to_the_label_until_an_event_gives_another() -> None:
    log = Log("shard 0 of 2")
    log(PhaseStarted(phase=Phase.MEASURED, requests=0))
    log(LoadEnded())
    assert [line.partition(",")[0] for line in log.written] == ["shard 0 of 2 measured 0/0"]


def test_a_load_that_never_began_is_not_drawn() -> None:
    log = Log()
    log(RunStarted(case=CASE))
    log(Tick())
    log(LoadEnded())
    assert log.written == []
