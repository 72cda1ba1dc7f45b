"""A forecast that the first trials contradict is said anew, once."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ragmeter._pytest.measuring.revising import Revising
from ragmeter._pytest.session.session import BenchSession
from ragmeter.core.campaign.case import Case
from ragmeter.core.campaign.events import CampaignPlanned, Event, RequestEnded, Said, TrialStarted, WarmupEnded
from ragmeter.core.money.budget import Spent
from ragmeter.core.requests.figure import Figure
from ragmeter.core.setting import Setting
from tests.core.samples import sample
from tests.run.cases import provider, workload

TTFT = Figure("ttft_ms", "p50")
STEADY = ((100.0, 110.0), (101.0, 111.1), (99.0, 108.9), (100.0, 110.0), (100.0, 110.0))
SCATTERED = ((100.0, 110.0), (100.0, 160.0), (100.0, 70.0), (100.0, 110.0), (100.0, 110.0))


@dataclass
class Clock:
    """A meter whose minutes are set."""

    minutes: float = 0.0
    usd_per_hr: float | None = 36.0

    def spent(self) -> Spent:
        return Spent(minutes=self.minutes, usd=None)


@dataclass
class Told:
    """A campaign of two providers told to the listener, trial by trial."""

    folder: Path
    predicted_s: float | None = None
    trial_minutes: float = 0.0
    reference: bool = True
    trials: int = 5
    said: list[str] = field(default_factory=list)

    def sentences(self, ttfts_ms: tuple[tuple[float, float], ...]) -> list[str]:
        asked = workload(trials=self.trials)
        cases = [Case(provider=provider(name=name), workload=asked, slos=()) for name in ("mine", "other")]
        named = Setting(key="reference", value="mine", origin="--bench-reference") if self.reference else None
        options = SimpleNamespace(reference=named, baseline=None, min_effect_ratio=None, report_dir=self.folder)
        meter = Clock()
        session = cast("BenchSession", SimpleNamespace(options=options, meter=meter, emit=self._heard))
        listener = Revising(session, cases)
        listener(CampaignPlanned(workload=asked, runs=2, min_trials=self.trials, min_s=0.0, usd_per_hr=None))
        listener(WarmupEnded(trials_s=self.predicted_s, usd_per_hr=None))
        for trial, pair in enumerate(ttfts_ms[: self.trials]):
            for case, ttft_ms in zip(cases, pair, strict=True):
                listener(TrialStarted(workload=asked, label=case.label, trial=trial))
                for index in range(20):
                    listener(RequestEnded(sample(index=index, trial=trial, ttft_ms=ttft_ms)))
            meter.minutes += self.trial_minutes
        return self.said

    def _heard(self, event: Event) -> None:
        if isinstance(event, Said):
            self.said.append(event.line)


@pytest.mark.parametrize(
    ("ttfts_ms", "settings", "words"),
    [
        (STEADY, {}, ["other-tiny: after 3 trials: needs 5 trials to decide about a change of 5 % of"]),
        (SCATTERED, {}, ["after 3 trials: needs 5 trials to decide about a change of 5 % of", "5 are planned"]),
        (STEADY, {"trials": 3}, []),
        (STEADY, {"reference": False}, []),
        (STEADY, {"reference": False, "predicted_s": 300.0, "trial_minutes": 1.1}, []),
        (STEADY, {"reference": False, "predicted_s": 10.0, "trial_minutes": 1 / 20}, []),  # 5 s more are no news
        (STEADY, {"reference": False, "predicted_s": None, "trial_minutes": 5.0}, []),
        (
            STEADY,
            {"reference": False, "predicted_s": 300.0, "trial_minutes": 2.0},
            ["after 3 trials: 4 min 0 s, 2.40 USD from now on, as a trial takes 2 min 0 s; 5 min 0 s in all were"],
        ),
        (
            STEADY,
            {"reference": False, "predicted_s": 300.0, "trial_minutes": 0.25},
            ["after 3 trials: 30.0 s, 0.30 USD from now on, as a trial takes 15.0 s; 5 min 0 s in all were predicted"],
        ),
    ],
)
def test_what_is_said_after_the_first_trials(
    tmp_path: Path, ttfts_ms: tuple[tuple[float, float], ...], settings: dict[str, Any], words: list[str]
) -> None:
    said = Told(tmp_path, **settings).sentences(ttfts_ms)
    assert len(said) == min(len(words), 1)
    for part in words:
        assert part in said[0]


def test_the_figure_that_scatters_takes_the_most_trials(tmp_path: Path) -> None:
    (said,) = Told(tmp_path).sentences(SCATTERED)
    assert "of p95(ttft_ms)" in said
    assert int(said.split(", ")[1].split()[0]) > 100
