"""One campaign of the session: plans and raw records before it; results, and what they say of each other, after it."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from time import monotonic_ns
from typing import TYPE_CHECKING

from ragmeter._pytest.comparing import compare_finished
from ragmeter._pytest.inside import measured_inside
from ragmeter._pytest.spending import limits_of, plan_sentence, warm_sentence
from ragmeter.clients.files import schema, write_atomically
from ragmeter.core.budget import rate_of
from ragmeter.core.codec import encode
from ragmeter.core.errors import RagmeterError, TargetError
from ragmeter.core.identity import differing, identity_of
from ragmeter.core.metadata import Source
from ragmeter.core.schema import check
from ragmeter.core.sides import SavedRun
from ragmeter.report.document import result_of
from ragmeter.report.jsonfile import result_json
from ragmeter.run.campaign import Arm, Pace, Stop, run_campaign
from ragmeter.run.catalog import shown
from ragmeter.run.forecast import trials_s
from ragmeter.run.measure import CTRL_C, Conditions
from ragmeter.run.netprobe import find_placement
from ragmeter.run.order import shard_of
from ragmeter.run.planning import run_plan
from ragmeter.run.search import Searching
from ragmeter.run.stopping import Stopping
from ragmeter.run.store import SampleLog, suffix
from ragmeter.run.together import run_together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import TypeVar

    from ragmeter._pytest.around import Around
    from ragmeter._pytest.cases import Case
    from ragmeter._pytest.cluster_options import Inside
    from ragmeter._pytest.session import BenchSession
    from ragmeter.core.placement import Placement
    from ragmeter.core.records import RequestSample
    from ragmeter.core.result import RunResult
    from ragmeter.core.run import RunPlan

    T = TypeVar("T", bound="Finished | Planned | Prepared")
    S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A case that was measured: what was recorded, its result, and where that belongs."""

    case: Case
    run: SavedRun
    result: RunResult
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A case whose service runs and has said what it is, and where. origin_ns: what is 0 on the samples' clock."""

    case: Case
    plan: RunPlan
    placed: Placement
    origin_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A case that is ready to be measured, its raw record open."""

    case: Case
    plan: RunPlan
    placed: Placement
    arm: Arm


@dataclass(frozen=True, slots=True)
class Measuring:
    """Measures cases that ask the same, in blocks. failures: why a case has no whole result, by its id."""

    session: BenchSession
    cases: Sequence[Case]
    failures: dict[str, RagmeterError] = field(default_factory=dict)

    def run(self) -> None:
        """Measure, write and compare. Raises KeyboardInterrupt after everything is written."""
        finished = self._measured()
        list(self._each(finished, _id, self._written))
        self.session.compared += compare_finished(self.session, finished)
        if self.around.interrupted or any(each.run.ending.reason == CTRL_C for each in finished):
            raise KeyboardInterrupt

    @property
    def around(self) -> Around:
        return self.session.around

    def _measured(self) -> list[Finished]:
        self.around.before(self.cases)
        inside, order = self.session.options.inside, self.session.options.order
        if inside is not None:
            return list(self._each(self.cases, lambda case: case.id, lambda case: self._inside(case, inside)))
        if order is not None and self.session.options.shards > 1:
            return list(self._each(self.cases, lambda case: case.id, lambda case: self._together(case, order)))
        return self._here()

    def _here(self) -> list[Finished]:
        planned = list(self._each(self.cases, lambda case: case.id, self._planned))
        with ExitStack() as logs:
            prepared = list(self._each(planned, _id, lambda each: self._prepared(each, logs)))
            self._measure(prepared)
            self.around.after([each.case for each in prepared], [each.arm.stopped for each in prepared])
            settled = list(self._each(prepared, _id, self._settled))
        return list(self._each(settled, _id, self._finished))

    def _inside(self, case: Case, inside: Inside) -> Finished:
        """The case measured by pods, judged as if it had been measured here."""
        self.session.progress.case(f"{case.workload.name} @ {case.label}")
        placed = find_placement(case.provider)
        run = measured_inside(case, inside, self.session)
        self.session.progress.finish()
        return self._kept(case, replace(run, plan=self.around.placed(run.plan, case.provider, placed)), placed)

    def _together(self, case: Case, order: str) -> Finished:
        """The case measured by this pod and others at once: each of them comes to the same result."""
        planned, options = self._planned(case), self.session.options
        shard = shard_of(os.environ, options.shards)
        shard = replace(shard, vantage="inside") if options.edge else shard
        self.session.progress.case(f"{case.workload.name} @ {case.label} {shard.number + 1}/{shard.count}")
        own = self.session.folder(case.provider.name) / f"{self.session.stamp}-shard-{shard.number}{suffix}"
        run = run_together(order, planned.plan, case.provider, shard, path=own, observer=self.session.progress)
        self.session.progress.finish()
        return self._kept(case, run, planned.placed)

    def _kept(self, case: Case, run: SavedRun, placed: Placement) -> Finished:
        """A run whose samples came from elsewhere, with a raw record here."""
        with SampleLog(self._raw_path(case)) as log:
            log.run(run.plan, run.samples, run.ending)
            self.around.after([case], [run.ending.reason])
            run = replace(run, plan=self.around.settled(run.plan, case.provider, placed, log))
            if trouble := self.around.trouble(case.provider):
                run = replace(run, ending=replace(run.ending, warnings=(*run.ending.warnings, *trouble)))
                log.ending(run.ending)
        return self._concluded(case, replace(run, path=shown(log.path)), log.path)

    def _each(self, items: Sequence[S], name: Callable[[S], str], work: Callable[[S], T]) -> Iterator[T]:
        """The work on each item; what fails for one is kept, and the others go on."""
        for item in items:
            try:
                yield work(item)
            except RagmeterError as error:
                self.failures[name(item)] = error

    def _planned(self, case: Case) -> Planned:
        if (reason := self.session.meter.halt()) is not None:
            raise TargetError(f"{case.id}: {reason}; it was not measured")
        case = replace(case, provider=self.session.running(case.provider))
        sources: list[Source] = []
        config = self.session.config
        config.hook.pytest_ragmeter_update_metadata(
            config=config, provider=case.provider, workload=case.workload, sources=sources
        )
        plan = run_plan(
            case.provider,
            case.workload,
            case.slos,
            sources,
            stamp=self.session.stamp,
            started_at=datetime.now(UTC),
            clock=self.session.options.clock,
        )
        placed = find_placement(case.provider)
        plan = self.session.calibrated(self.around.placed(plan, case.provider, placed), case.provider)
        if case.baseline and (difference := differing(identity_of(case.baseline.plan), identity_of(plan))):
            raise TargetError(f"{case.id}: {case.baseline.path} did not measure the same: {difference}")
        if len(self.cases) > 1:
            plan = replace(plan, interleaving=f"{case.workload.name}-{self.session.stamp}")
        if case.twin:
            plan = replace(plan, run_id=f"{plan.run_id}-aa")
        return Planned(case=case, plan=plan, placed=placed, origin_ns=monotonic_ns())

    def _prepared(self, planned: Planned, logs: ExitStack) -> Prepared:
        case = planned.case
        log = logs.enter_context(SampleLog(self._raw_path(case)))
        log.plan(planned.plan)
        rate = rate_of(case.provider.cost)

        def keep(sample: RequestSample) -> None:
            log.sample(sample)
            self.session.meter.add_egress(sample.received_bytes * rate.usd_per_byte)

        conditions = Conditions(
            provider=case.provider,
            origin_ns=planned.origin_ns,
            keep=keep,
            watch=self.session.watch(case.provider),
            observer=self.session.progress,
            clock=planned.plan.clock,
            workers=self.session.workers,
            halt=self.session.meter.halt,
        )
        arm = Arm(label=case.label, workload=case.workload, conditions=conditions, log=log)
        return Prepared(case=case, plan=planned.plan, placed=planned.placed, arm=arm)

    def _measure(self, prepared: Sequence[Prepared]) -> None:
        if not prepared:
            return
        with self.around.beside([each.case for each in prepared]) as begin:
            self._run_campaign([each.arm for each in prepared], begin)

    def _run_campaign(self, arms: Sequence[Arm], begin: Callable[[], None]) -> None:
        """begin: is called after the warm-up."""
        progress, meter, workload = self.session.progress, self.session.meter, arms[0].workload
        progress.say(plan_sentence(meter, self.cases))
        meter.begin()
        pace = Pace(
            trials=workload.trials,
            cool_down_s=workload.cool_down_s,
            announce=self._announce,
            say=progress.say,
            warmed=lambda: self._begin(arms, begin),
            search=Searching(meter=meter, announce=self._announce_level, say=progress.say).run,
            halt=meter.halt,
            after=self._stopping(arms),
        )
        try:
            run_campaign(arms, pace)
        finally:
            progress.finish()
        for arm in arms:
            arm.log.ending(arm.ending())

    def _announce(self, arm: Arm, block: int | None) -> None:
        workload, place = arm.workload, ""
        if block is not None and workload.trials > 1:
            most = "at most " if workload.until else ""
            place = f" {block + 1} of {most}{workload.trials}"
        self.session.progress.case(f"{workload.name} @ {arm.label}{place}")

    def _announce_level(self, arm: Arm, level: float) -> None:
        self.session.progress.case(f"{arm.workload.name} @ {arm.label} at {level:.4g}")

    def _begin(self, arms: Sequence[Arm], begin: Callable[[], None]) -> None:
        self._predict(arms)
        begin()

    def _predict(self, arms: Sequence[Arm]) -> None:
        """After the warm-up."""
        seconds = trials_s(arms[0].workload, [arm.samples for arm in arms if arm.stopped is None])
        if seconds is not None:
            self.session.progress.say(warm_sentence(self.session.meter, limits_of(self.session.options), seconds))

    def _stopping(self, arms: Sequence[Arm]) -> Callable[[Sequence[Arm]], Stop | None]:
        until = arms[0].workload.until
        if until is None:
            return lambda _running: None
        subjects = {case.label: case.watched for case in self.cases}
        return Stopping(until=until, subjects=subjects, meter=self.session.meter).after

    def _settled(self, prepared: Prepared) -> Prepared:
        provider, arm = prepared.case.provider, prepared.arm
        plan = self.around.settled(prepared.plan, provider, prepared.placed, arm.log)
        if trouble := self.around.trouble(provider):
            arm.warnings += trouble
            arm.log.ending(arm.ending())
        return replace(prepared, plan=plan)

    def _finished(self, prepared: Prepared) -> Finished:
        arm, raw = prepared.arm, prepared.arm.log.path
        ending = arm.ending()
        if arm.log.failure is not None:
            ending = replace(ending, warnings=(*ending.warnings, f"{arm.log.failure}: all samples are in {raw}"))
        run = SavedRun(path=shown(raw), plan=prepared.plan, samples=tuple(arm.samples), ending=ending)
        return self._concluded(prepared.case, run, raw)

    def _concluded(self, case: Case, run: SavedRun, raw: Path) -> Finished:
        """The result. It is shown even if it cannot be written."""
        config = self.session.config
        result = result_of(run.plan, run.samples, run.ending, raw_samples_path=run.path)
        result = config.hook.pytest_ragmeter_update_report(config=config, result=result)
        path = raw.with_name(raw.name.removesuffix(suffix) + ".json")
        check(encode(result), schema("benchmark-output.v1"), str(path))
        finished = Finished(case=case, run=run, result=result, path=path)
        self.session.finished.append(finished)
        return finished

    def _written(self, finished: Finished) -> Finished:
        """Raises TargetError for a run that ended early, after its result is written."""
        write_atomically(finished.path, result_json(finished.result))
        if finished.result.status == "interrupted":
            reason = finished.run.ending.reason
            raise TargetError(f"{finished.case.id}: {reason}; what was measured is in {shown(finished.path)}")
        return finished

    def _raw_path(self, case: Case) -> Path:
        """``DIR/ns/<provider>/<timestamp>.raw.jsonl``, with the workload's name when the session has several, and
        ``-aa`` for the second arm of a provider.
        """
        cases, stamp = self.session.cases, self.session.stamp
        several = sum(other.provider.name == case.provider.name for other in cases) > 1
        name = f"{stamp}{f'-{case.workload.name}' if several else ''}{'-aa' if case.twin else ''}{suffix}"
        return self.session.folder(case.provider.name) / name


def _id(each: Planned | Prepared | Finished) -> str:
    return each.case.id
