"""One campaign: probes around its load, and a load that is sent from here, by pods, or by this pod and others."""

from collections.abc import Sequence
from typing import Protocol

from ragmeter.core.campaign.case import Case
from ragmeter.core.campaign.events import CampaignEnded
from ragmeter.core.run.plan import CTRL_C
from ragmeter.core.run.saved import SavedRun
from ragmeter.run.engine.engine import Engine


class Strategy(Protocol):
    """Who sends the load of a campaign."""

    def measure(self, cases: Sequence[Case], engine: Engine) -> Sequence[SavedRun]:
        """The runs that have a result. Tells a `RunEnded` or a `RunFailed` of each case."""


def measure_campaign(cases: Sequence[Case], engine: Engine, strategy: Strategy) -> None:
    """Measure cases that ask the same, and tell the engine's listener what happens.

    Raises KeyboardInterrupt after Ctrl-C: when a load was stopped by it, after a `RunEnded` of every case.
    """
    engine.probes.before(cases)
    runs = strategy.measure(cases, engine)
    interrupted = engine.probes.interrupted or any(run.ending.reason == CTRL_C for run in runs)
    engine.emit(CampaignEnded(interrupted=interrupted))
    if interrupted:
        raise KeyboardInterrupt
