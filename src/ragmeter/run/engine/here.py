"""A load that is sent from this machine, in which the variants of a campaign take turns."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace

from ragmeter.core.campaign.case import Case
from ragmeter.core.campaign.events import Event, RunStarted, Said, ServersRead, WarmupEnded
from ragmeter.core.figures.observe.records import Reading
from ragmeter.core.figures.spans.joined import with_spans
from ragmeter.core.money.budget import rate_of
from ragmeter.core.netprobe.placement import Placement
from ragmeter.core.requests.records import RequestSample
from ragmeter.core.run.plan import RunPlan
from ragmeter.core.run.saved import SavedRun
from ragmeter.run.engine.engine import Engine, Planned
from ragmeter.run.plan.catalog import shown
from ragmeter.run.plan.metrics_sources import metrics_sources
from ragmeter.run.processes.observing import Observation
from ragmeter.run.processes.receiving import PATIENCE_S, QUIET_S, Receiver
from ragmeter.run.session.campaign import run_campaign
from ragmeter.run.session.measure import Conditions
from ragmeter.run.session.variant import Variant
from ragmeter.run.store import SampleLog


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A case that is ready to be measured, its raw record open."""

    case: Case
    plan: RunPlan
    placed: Placement
    variant: Variant


@dataclass(frozen=True, slots=True)
class Here:
    """The default."""

    def measure(self, cases: Sequence[Case], engine: Engine) -> list[SavedRun]:
        count = len(cases)
        planned = list(engine.each(cases, lambda case: case, lambda case: engine.planned(case, variants=count)))
        with ExitStack() as logs:
            prepared = list(engine.each(planned, _case, lambda each: _prepared(each, logs, engine)))
            _send(prepared, engine)
            engine.probes.after([each.case for each in prepared], [each.variant.stopped for each in prepared])
            settled = list(engine.each(prepared, _case, lambda each: _settled(each, engine)))
        return list(engine.each(settled, _case, lambda each: _concluded(each, engine)))


def _case(each: Planned | _Prepared) -> Case:
    return each.case


def _prepared(planned: Planned, logs: ExitStack, engine: Engine) -> _Prepared:
    """Raises StorageError when its raw record cannot be made."""
    case = planned.case
    log = logs.enter_context(SampleLog(engine.settings.raw_path(case)))
    log.plan(planned.plan)
    conditions = Conditions(
        provider=case.provider,
        origin_ns=planned.origin_ns,
        keep=_keeper(case, log, engine),
        watch=engine.resources.watch(case.provider),
        emit=engine.emit,
        clock=planned.plan.clock,
        workers=engine.resources.workers,
        halt=engine.meter.halt,
        marking=planned.plan.marking,
        observation=_observation(planned, engine),
        keep_reading=_reading_keeper(log, engine),
        traced=engine.resources.receiver is not None,
    )
    variant = Variant(label=case.label, workload=case.workload, conditions=conditions, log=log, watched=case.watched)
    engine.emit(RunStarted(case=case))
    return _Prepared(case=case, plan=planned.plan, placed=planned.placed, variant=variant)


def _observation(planned: Planned, engine: Engine) -> Observation | None:
    """Of the servers of the case; None where none of them tells anything."""
    found = metrics_sources(planned.case.provider, planned.case.workload)
    for words in found.notes:
        engine.emit(Said(f"{planned.case.id}: {words}"))
    if not found.sources:
        return None
    return Observation(engine.resources.observer, found.sources, planned.origin_ns)


def _keeper(case: Case, log: SampleLog, engine: Engine) -> Callable[[RequestSample], None]:
    rate = rate_of(case.provider.cost)

    def keep(sample: RequestSample) -> None:
        log.sample(sample)
        engine.meter.add_egress(sample.received_bytes * rate.usd_per_byte)

    return keep


def _reading_keeper(log: SampleLog, engine: Engine) -> Callable[[Reading], None]:
    def keep(reading: Reading) -> None:
        log.reading(reading)
        engine.emit(ServersRead(reading))

    return keep


def _send(prepared: Sequence[_Prepared], engine: Engine) -> None:
    if not prepared:
        return
    variants = [each.variant for each in prepared]
    with engine.probes.beside([each.case for each in prepared]) as begin:

        def emit(event: Event) -> None:
            engine.emit(event)
            if isinstance(event, WarmupEnded):
                begin()

        run_campaign(variants, engine.meter, emit)
        for variant in variants:
            variant.log.ending(variant.ending())
    if engine.resources.receiver is not None:
        _take_spans(variants, engine.resources.receiver)


def _take_spans(variants: Sequence[Variant], receiver: Receiver) -> None:
    """Those of the run's requests, once they are there: the endings that are written already do not wait for them."""
    cut = any(variant.stopped is not None for variant in variants)
    samples = [sample for variant in variants for sample in variant.samples]
    with suppress(KeyboardInterrupt):
        receiver.wait_for(samples, QUIET_S if cut else PATIENCE_S)
    for variant in variants:
        mask = variant.conditions.provider.secrets.mask
        variant.traces, variant.received = receiver.taken(variant.samples, mask)
        for trace in variant.traces:
            variant.log.trace(trace)
        variant.log.ending(variant.ending())


def _settled(prepared: _Prepared, engine: Engine) -> _Prepared:
    """With the probe that belongs to the run in the end."""
    provider, variant = prepared.case.provider, prepared.variant
    plan = engine.probes.settled(prepared.plan, provider, prepared.placed, variant.log)
    if trouble := engine.probes.trouble(provider):
        variant.warnings += trouble
        variant.log.ending(variant.ending())
    return replace(prepared, plan=plan)


def _concluded(prepared: _Prepared, engine: Engine) -> SavedRun:
    variant, log = prepared.variant, prepared.variant.log
    ending = variant.ending()
    if log.failure is not None:
        ending = replace(ending, warnings=(*ending.warnings, f"{log.failure}: all samples are in {log.path}"))
    samples = with_spans(variant.samples, variant.traces)
    run = SavedRun(path=shown(log.path), plan=prepared.plan, samples=samples, ending=ending)
    return engine.conclude(prepared.case, run, log.path)
