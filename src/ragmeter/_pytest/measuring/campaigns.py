"""The result of a case: its campaign is measured at the first call, and what the engine tells of it is kept."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ragmeter._pytest.measuring.comparing import compare_finished
from ragmeter._pytest.measuring.factoring import factors_of_finished
from ragmeter._pytest.measuring.revising import Revising
from ragmeter._pytest.session.finished import Finished, write_result
from ragmeter.core.campaign.events import RunEnded, RunFailed
from ragmeter.core.errors import RagmeterError, TargetError
from ragmeter.run.cluster.results import shard_of
from ragmeter.run.engine.campaign import measure_campaign
from ragmeter.run.engine.engine import Engine, result_path
from ragmeter.run.engine.here import Here
from ragmeter.run.engine.in_cluster import InCluster
from ragmeter.run.engine.settings import Settings
from ragmeter.run.engine.together import Together
from ragmeter.run.plan.catalog import shown
from ragmeter.run.store import suffix

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ragmeter._pytest.session.session import BenchSession
    from ragmeter.core.campaign.case import Case
    from ragmeter.core.campaign.events import Event
    from ragmeter.core.inputs.provider import Provider
    from ragmeter.core.inputs.workload import Workload
    from ragmeter.core.result.result import RunResult
    from ragmeter.core.run.metadata import Source
    from ragmeter.run.engine.campaign import Strategy


def result_of_case(session: BenchSession, case: Case) -> RunResult:
    """The result of a case, measured at the first call. A case that could not be measured is not tried again.

    Raises TargetError or StorageError; KeyboardInterrupt after the results of what was measured are written.
    """
    for finished in session.finished:
        if finished.case.id == case.id and finished.result.status == "complete":
            return finished.result
    return session.once(case.id, lambda: _measure(session, case))


def _measure(session: BenchSession, case: Case) -> RunResult:
    """Measure the case, and in blocks with it every selected case that asks the same."""
    known = {*session.failures, *(finished.case.id for finished in session.finished)}
    partners = {other.id for other in session.selected if other.asks_like(case)} - known | {case.id}
    group = [other for other in session.cases if other.id in partners]
    repeats = [replace(other, repeat=True, slos=(), baseline=None) for other in group] if session.options.aa else []
    keeper = _Keeper(session, Revising(session, group))
    try:
        measure_campaign([*group, *repeats], _engine(session, keeper), _strategy(session))
    except OSError as error:  # a limit of this machine on files, processes or memory
        raise TargetError(f"{case.id}: this machine does not let it be measured: {error.strerror or error}") from error
    finally:
        keeper.write()
    if case.id in session.failures:
        raise session.failures[case.id]
    return next(finished.result for finished in session.finished if finished.case.id == case.id)


@dataclass(frozen=True, slots=True)
class _Keeper:
    """Hears what comes of a campaign and keeps it; it is written when the load is over."""

    session: BenchSession
    revising: Revising
    finished: list[Finished] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        self.session.emit(event)
        self.revising(event)
        match event:
            case RunEnded():
                path = result_path(Path(event.run.path).absolute())  # not where it was to go: a disk may be full
                self.finished.append(Finished(case=event.case, run=event.run, result=event.result, path=path))
                self.session.finished.append(self.finished[-1])
            case RunFailed():
                self.session.failures[event.case.id] = event.error

    def write(self) -> None:
        """Each result, and what they say of one another."""
        for finished in self.finished:
            try:
                self._write(finished)
            except RagmeterError as error:
                self.session.failures[finished.case.id] = error
        self.session.compared += compare_finished(self.session, self.finished)
        self.session.factored += factors_of_finished(self.session, self.finished)

    def _write(self, finished: Finished) -> None:
        """Raises TargetError for a run that ended early, after its result is written."""
        write_result(self.session.options, finished)
        if finished.result.status == "interrupted":
            reason = finished.run.ending.reason
            raise TargetError(f"{finished.case.id}: {reason}; what was measured is in {shown(finished.path)}")


def _engine(session: BenchSession, keeper: _Keeper) -> Engine:
    options = session.options
    settings = Settings(
        stamp=session.stamp,
        raw_path=lambda case: raw_path(session, case),
        clock=options.clock,
        calibrate=options.calibrate,
        metadata=_metadata(session),
        amended=_amended(session),
    )
    return Engine(
        settings=settings, resources=session.resources, meter=session.meter, probes=session.schedule, emit=keeper
    )


def _metadata(session: BenchSession) -> Callable[[Provider, Workload], Sequence[Source]]:
    config = session.config

    def ask(provider: Provider, workload: Workload) -> Sequence[Source]:
        sources: list[Source] = []
        config.hook.pytest_ragmeter_update_metadata(
            config=config, provider=provider, workload=workload, sources=sources
        )
        return sources

    return ask


def _amended(session: BenchSession) -> Callable[[RunResult], RunResult]:
    config = session.config

    def amend(result: RunResult) -> RunResult:
        amended: RunResult = config.hook.pytest_ragmeter_update_report(config=config, result=result)
        return amended

    return amend


def _strategy(session: BenchSession) -> Strategy:
    """Raises ClusterError for a shard that is none."""
    options = session.options
    if options.in_cluster is not None:
        return InCluster(
            place=options.in_cluster.place,
            service_url=options.in_cluster.service_url,
            edge=options.edge,
            workers=options.workers,
            show_errors=options.show_errors,
        )
    if options.order is not None and options.shards > 1:
        shard = shard_of(os.environ, options.shards)
        return Together(order=options.order, shard=replace(shard, vantage="inside") if options.edge else shard)
    return Here()


def raw_path(session: BenchSession, case: Case) -> Path:
    """``DIR/ns/<provider>/<timestamp>.raw.jsonl``, with the workload's name when the session has several, the cache
    state in a cache matrix, and ``-aa`` for the second variant of a provider.
    """
    several = len({each.workload.name for each in session.cases if each.provider.name == case.provider.name}) > 1
    name = f"{session.stamp}{f'-{case.workload.name}' if several else ''}{case.ending}{suffix}"
    return session.folder(case.provider.name) / name
