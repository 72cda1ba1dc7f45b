"""A load that this pod and others send at once: each of them comes to the same result."""

from collections.abc import Sequence
from dataclasses import dataclass

from ragmeter.core.campaign.case import Case
from ragmeter.core.campaign.events import RunStarted
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.schedule.plan import Shard
from ragmeter.run.cluster.together import run_together
from ragmeter.run.engine.engine import Engine
from ragmeter.run.store import suffix


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """order: what the pods run. shard: which part of the load this one sends."""

    order: str
    shard: Shard

    def measure(self, cases: Sequence[Case], engine: Engine) -> list[SavedRun]:
        return list(engine.each(cases, lambda case: case, lambda case: self._measured(case, engine)))

    def _measured(self, case: Case, engine: Engine) -> SavedRun:
        planned, shard = engine.planned(case, shards=self.shard.count), self.shard
        engine.emit(RunStarted(case=case, shard=shard))
        own = engine.settings.raw_path(case).with_name(f"{engine.settings.stamp}-shard-{shard.number}{suffix}")
        run = run_together(self.order, planned.plan, case.provider, shard, path=own, emit=engine.emit)
        return engine.keep(case, run, planned.placed)
