"""What every way of measuring a case needs, wherever its load is sent from."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic_ns
from typing import TypeVar

from ragmeter.clients.files import schema
from ragmeter.core.campaign.case import Case
from ragmeter.core.campaign.events import Emit, RunEnded, RunFailed, unheard
from ragmeter.core.codec import encode
from ragmeter.core.errors import RagmeterError, TargetError
from ragmeter.core.money.budget import Limits, rate_of
from ragmeter.core.netprobe.placement import Placement
from ragmeter.core.result.build import result_of
from ragmeter.core.run.identity import differing, identity_of
from ragmeter.core.run.plan import RunPlan
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.schema import check
from ragmeter.run.cluster.netprobe import find_placement
from ragmeter.run.engine.probe_schedule import ProbeSchedule, no_probes
from ragmeter.run.engine.resources import Resources
from ragmeter.run.engine.settings import Settings
from ragmeter.run.plan.catalog import shown
from ragmeter.run.plan.labels import gone_labels
from ragmeter.run.plan.planning import run_plan
from ragmeter.run.session.calibrate import calibrated
from ragmeter.run.session.meter import Meter
from ragmeter.run.store import SampleLog, suffix

T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A case whose service runs and has said what it is, and where. origin_ns: what is 0 on the samples' clock."""

    case: Case
    plan: RunPlan
    placed: Placement
    origin_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Plans cases and settles what came of them."""

    settings: Settings
    resources: Resources
    meter: Meter
    probes: ProbeSchedule
    emit: Emit

    def each(self, items: Sequence[S], case_of: Callable[[S], Case], work: Callable[[S], T]) -> Iterator[T]:
        """The work on each item; what fails for one is told, and the others go on."""
        for item in items:
            try:
                yield work(item)
            except RagmeterError as error:
                self.emit(RunFailed(case=case_of(item), error=error))

    def planned(self, case: Case, *, variants: int = 1, shards: int = 1) -> Planned:
        """variants: how many take turns with it, itself included. shards: how many machines send its load at once.

        Raises TargetError when the service cannot be asked, is not what was compared with, or the budget is spent.
        """
        if (reason := self.meter.halt()) is not None:
            raise TargetError(f"{case.id}: {reason}; it was not measured")
        case = replace(case, provider=self.resources.running(case.provider))
        gone = gone_labels(case.provider, case.workload)
        plan, placed = self._plan(case, gone), find_placement(case.provider)
        plan = self.probes.placed(plan, case.provider, placed)
        if self.settings.calibrate:
            plan = calibrated(plan, case.provider, self.resources.workers, shards=shards)
        if case.baseline and (difference := differing(identity_of(case.baseline.plan), identity_of(plan))):
            raise TargetError(f"{case.id}: {case.baseline.path} did not measure the same: {difference}")
        if variants > 1:
            plan = replace(plan, interleaving=f"{case.workload.name}-{self.settings.stamp}")
        if case.ending:
            plan = replace(plan, run_id=f"{plan.run_id}{case.ending}", variant=case.variant)
        return Planned(case=case, plan=plan, placed=placed, origin_ns=monotonic_ns())

    def _plan(self, case: Case, gone: Sequence[str]) -> RunPlan:
        return run_plan(
            case.provider,
            case.workload,
            case.slos,
            self.settings.metadata(case.provider, case.workload),
            stamp=self.settings.stamp,
            started_at=datetime.now(UTC),
            clock=self.settings.clock,
            apart=case.meets_others,
            gone=gone,
        )

    def keep(self, case: Case, run: SavedRun, placed: Placement) -> SavedRun:
        """Conclude a run whose samples came from elsewhere, with a raw record here."""
        with SampleLog(self.settings.raw_path(case)) as log:
            log.run(run.plan, run.samples, run.ending)
            self.probes.after([case], [run.ending.reason])
            run = replace(run, plan=self.probes.settled(run.plan, case.provider, placed, log))
            if trouble := self.probes.trouble(case.provider):
                run = replace(run, ending=replace(run.ending, warnings=(*run.ending.warnings, *trouble)))
                log.ending(run.ending)
        return self.conclude(case, replace(run, path=shown(log.path)), log.path)

    def conclude(self, case: Case, run: SavedRun, raw: Path) -> SavedRun:
        """Compute the result and tell it. Raises SchemaError for one that was amended to what none may be."""
        computed = result_of(run.plan, run.samples, run.ending, raw_samples_path=run.path)
        result = self.settings.amended(computed)
        check(encode(result), schema("benchmark-output.v1"), str(result_path(raw)))
        self.emit(RunEnded(case=case, run=run, result=result))
        return run


def result_path(raw: Path) -> Path:
    """Where the result of a run belongs: beside its raw record."""
    return raw.with_name(raw.name.removesuffix(suffix) + ".json")


@contextmanager
def engine_of(
    cases: Sequence[Case], settings: Settings, *, emit: Emit = unheard, workers: int | None = None
) -> Iterator[Engine]:
    """An engine outside a pytest session: without a budget and without probes.

    cases: all that it may measure. emit: is told what happens. workers: as in `Resources`.
    """
    providers = {case.provider.name: case.provider for case in cases}
    with Resources(cases, workers=workers, emit=emit) as resources:
        yield Engine(
            settings=settings,
            resources=resources,
            meter=Meter([rate_of(provider.cost) for provider in providers.values()], Limits()),
            probes=no_probes(settings.stamp),
            emit=emit,
        )
