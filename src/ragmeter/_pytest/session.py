"""One pytest session that measures: services are started once, each case is measured once, results are kept."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic_ns
from typing import TypeVar

import pytest

import ragmeter
from ragmeter._pytest.asked import BenchOptions
from ragmeter._pytest.cases import Case
from ragmeter._pytest.progress import ProgressReporter
from ragmeter.clients.files import schema, write_atomically
from ragmeter.core.codec import encode
from ragmeter.core.errors import RagmeterError, TargetError
from ragmeter.core.metadata import Source, merge
from ragmeter.core.metrics import DEFINITIONS_VERSION
from ragmeter.core.provider import Provider
from ragmeter.core.records import RequestSample
from ragmeter.core.result import RunResult
from ragmeter.core.run import RunEnding, RunPlan
from ragmeter.core.schema import check
from ragmeter.report.document import result_of
from ragmeter.report.jsonfile import result_json
from ragmeter.run.catalog import shown
from ragmeter.run.local import LocalService, check_installed, local_service
from ragmeter.run.measure import CTRL_C, Conditions, clock_of, measure
from ragmeter.run.phases import phases
from ragmeter.run.store import SampleLog, suffix
from ragmeter.run.target import check_identity, reach

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A case that was measured, and where its result belongs."""

    case: Case
    result: RunResult
    path: Path


@dataclass(slots=True)
class BenchSession:
    """Made at configure time; holds whatever must be stopped at the end."""

    config: pytest.Config
    options: BenchOptions
    cases: tuple[Case, ...]
    stamp: str
    progress: ProgressReporter
    finished: list[Finished] = field(default_factory=list)
    report_failure: str | None = None
    """Why a file of pytest's own is missing, if one is."""
    _failures: dict[str, RagmeterError] = field(default_factory=dict)
    _services: dict[str, LocalService] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)

    def close(self) -> None:
        """Stop every embedded service that was started."""
        self._stack.close()

    def reach_all(self, cases: list[Case]) -> None:
        """Raise TargetError unless every deployed service is ready and every embedded one can be started."""
        for case in {(case.provider.name, case.workload.target): case for case in cases}.values():
            if case.provider.local is None:
                reach(case.provider, case.workload.target)
            else:
                check_installed(case.provider.local)

    def running(self, provider: Provider) -> Provider:
        """The provider with the URL of its running service, which is started here if it is an embedded one."""
        if provider.local is None:
            return provider
        if provider.name not in self._services:
            starting = local_service(provider, provider.local, self.progress.say)
            self._services[provider.name] = self._once(
                f"start of {provider.name}", lambda: self._stack.enter_context(starting)
            )
        return self._services[provider.name].provider

    def result(self, case: Case) -> RunResult:
        """The result of a case, measured at the first call. A case that could not be measured is not tried again.

        Raises TargetError or StorageError; KeyboardInterrupt after the results of what was measured are written.
        """
        for finished in self.finished:
            if finished.case.id == case.id and finished.result.status == "complete":
                return finished.result
        return self._once(case.id, lambda: self._measure(case))

    def _once(self, key: str, work: Callable[[], T]) -> T:
        """What ``work`` returns; what failed before fails again with the same words, without being tried."""
        if key in self._failures:
            raise self._failures[key]
        try:
            return work()
        except RagmeterError as error:
            self._failures[key] = error
            raise

    def _measure(self, case: Case) -> RunResult:
        case = replace(case, provider=self.running(case.provider))
        plan, origin_ns = self._plan(case)
        with SampleLog(self._raw_path(case)) as log:
            log.plan(plan)
            samples, ending = self._load(case, log, origin_ns)
            log.ending(ending)
        if log.failure is not None:
            ending = replace(ending, warnings=(*ending.warnings, f"{log.failure}: all samples are in {log.path}"))
        result = result_of(plan, samples, ending, raw_samples_path=shown(log.path))
        return self._conclude(case, result, ending.reason, log.path)

    def _plan(self, case: Case) -> tuple[RunPlan, int]:
        sources: list[Source] = []
        self.config.hook.pytest_ragmeter_update_metadata(
            config=self.config, provider=case.provider, workload=case.workload, sources=sources
        )
        metadata, origins, warnings = merge(sources)
        check_identity(case.workload, metadata, case.provider)
        started_at = datetime.now(UTC)
        metadata = replace(metadata, timestamp=started_at.isoformat())
        check(encode(metadata), schema("run-metadata.v1"), "run metadata")
        plan = RunPlan(
            run_id=f"{case.id}-{self.stamp}",
            ragmeter_version=ragmeter.__version__,
            definitions_version=DEFINITIONS_VERSION,
            provider=case.provider.name,
            provider_path=case.provider.path,
            workload=case.workload,
            slos=case.slos,
            cost=case.provider.cost,
            metadata=encode(metadata),
            metadata_origins={**origins, "timestamp": "this run"},
            started_at=started_at.isoformat(),
            clock=clock_of(case.provider),
            warnings=warnings,
        )
        return plan, monotonic_ns()

    def _load(self, case: Case, log: SampleLog, origin_ns: int) -> tuple[tuple[RequestSample, ...], RunEnding]:
        service = self._services.get(case.provider.name)
        self.progress.case(f"{case.workload.name} @ {case.provider.name}")
        conditions = Conditions(
            provider=case.provider,
            origin_ns=origin_ns,
            keep=log.sample,
            watch=service.ended if service else lambda: None,
            observer=self.progress,
        )
        try:
            return measure(case.workload, phases(case.workload), conditions)
        finally:
            self.progress.finish()

    def _conclude(self, case: Case, result: RunResult, reason: str | None, raw: Path) -> RunResult:
        """Write the result beside its raw record; a run that ended early then ends the test."""
        result = self.config.hook.pytest_ragmeter_update_report(config=self.config, result=result)
        path = raw.with_name(raw.name.removesuffix(suffix) + ".json")
        check(encode(result), schema("benchmark-output.v1"), str(path))
        self.finished.append(Finished(case=case, result=result, path=path))
        try:
            write_atomically(path, result_json(result))
        finally:
            if reason == CTRL_C:
                raise KeyboardInterrupt
        if result.status == "interrupted":
            raise TargetError(f"{case.id}: {reason}; what was measured is in {shown(path)}")
        return result

    def _raw_path(self, case: Case) -> Path:
        """``DIR/ns/<provider>/<timestamp>.raw.jsonl``, with the workload's name when the session has several."""
        several = sum(other.provider.name == case.provider.name for other in self.cases) > 1
        name = f"{self.stamp}-{case.workload.name}" if several else self.stamp
        return self.folder(case.provider.name) / f"{name}{suffix}"

    def folder(self, provider: str) -> Path:
        """Where results of a provider go: ``DIR/ns/<provider>``."""
        return self.options.report_dir / "ns" / provider
