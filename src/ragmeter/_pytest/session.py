"""One pytest session that measures: services are started once, each case is measured once, results are kept."""

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import pytest

from ragmeter._pytest.around import Around
from ragmeter._pytest.asked import BenchOptions
from ragmeter._pytest.cases import Case, campaigns
from ragmeter._pytest.comparing import Compared
from ragmeter._pytest.measuring import Finished, Measuring
from ragmeter._pytest.probing import ProbeSession
from ragmeter._pytest.progress import ProgressReporter
from ragmeter._pytest.spending import check_plan
from ragmeter.core.errors import RagmeterError
from ragmeter.core.measured import Key
from ragmeter.core.provider import Provider
from ragmeter.core.regression import Regression
from ragmeter.core.result import Outcome, RunResult
from ragmeter.core.run import RunPlan
from ragmeter.run.calibrate import calibrated
from ragmeter.run.inside import check_place
from ragmeter.run.local import LocalService, check_installed, local_service
from ragmeter.run.meter import Meter
from ragmeter.run.target import reach
from ragmeter.run.workers import Workers, worker_count

T = TypeVar("T")


@dataclass(slots=True)
class BenchSession:
    """Made at configure time; holds whatever must be stopped at the end.

    selected: the cases that a selected test will ask the result of; those that ask the same are measured together.
    """

    config: pytest.Config
    options: BenchOptions
    cases: tuple[Case, ...]
    stamp: str
    progress: ProgressReporter
    probes: ProbeSession
    around: Around
    meter: Meter
    selected: Sequence[Case] = ()
    finished: list[Finished] = field(default_factory=list)
    compared: list[Compared] = field(default_factory=list)
    report_failure: str | None = None
    """Why a file of pytest's own is missing, if one is."""
    failures: dict[str, RagmeterError] = field(default_factory=dict)
    """Why a case was not measured, or a service not started, by name."""
    _services: dict[str, LocalService] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)
    _workers: Workers | None = None

    def keep_open(self, resource: AbstractContextManager[T]) -> T:
        """Enter a context that ends with the session."""
        return self._stack.enter_context(resource)

    def close(self) -> None:
        """Stop every process that was started, and close whatever else was kept open."""
        self._stack.close()

    def select(self, cases: Sequence[Case]) -> None:
        """Take note of the cases whose result will be asked for. Raises ConfigError when they cannot be paid for."""
        self.selected = cases
        check_plan(self.options, self.meter, campaigns(cases))

    def reach_all(self, cases: list[Case]) -> None:
        """Raise TargetError unless every deployed service is ready and every embedded one can be started."""
        for case in {(case.provider.name, case.workload.target): case for case in cases}.values():
            if self.options.inside is not None:
                check_place(self.options.inside.place(case.provider))
            if self.options.inside is not None and not self.options.edge:
                continue
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

    @property
    def workers(self) -> Workers:
        """The load processes of the session: enough for the largest of its loads."""
        if self._workers is None:
            cores = os.cpu_count() or 1
            needed = [worker_count(c.workload, embedded=c.provider.local is not None, cores=cores) for c in self.cases]
            self._workers = self.keep_open(Workers(self.options.workers or max(needed)))
        return self._workers

    def calibrated(self, plan: RunPlan, provider: Provider) -> RunPlan:
        """The plan with the calibration of the client at its load, unless that was not asked for."""
        if not self.options.calibrate:
            return plan
        return calibrated(plan, provider, self.workers, shards=self.options.shards)

    def watch(self, provider: Provider) -> Callable[[], str | None]:
        """A function that says how the embedded service of the provider has ended, once it has."""
        service = self._services.get(provider.name)
        return service.ended if service else lambda: None

    def result(self, case: Case) -> RunResult:
        """The result of a case, measured at the first call. A case that could not be measured is not tried again.

        Raises TargetError or StorageError; KeyboardInterrupt after the results of what was measured are written.
        """
        for finished in self.finished:
            if finished.case.id == case.id and finished.result.status == "complete":
                return finished.result
        return self._once(case.id, lambda: self._measure(case))

    def is_invalid(self, case: Case) -> bool:
        """Whether the case was measured by a client that was not fit to."""
        return any(each.case.id == case.id and each.result.outcome is Outcome.INVALID for each in self.finished)

    def _once(self, key: str, work: Callable[[], T]) -> T:
        """What ``work`` returns; what failed before fails again with the same words, without being tried."""
        if key in self.failures:
            raise self.failures[key]
        try:
            return work()
        except RagmeterError as error:
            self.failures[key] = error
            raise

    def _measure(self, case: Case) -> RunResult:
        """Measure the case, and in blocks with it every selected case that asks the same."""
        known = {*self.failures, *(finished.case.id for finished in self.finished)}
        partners = {other.id for other in self.selected if other.asks_like(case)} - known | {case.id}
        group = [other for other in self.cases if other.id in partners]
        twins = [replace(other, twin=True, slos=(), baseline=None) for other in group] if self.options.aa else []
        measuring = Measuring(self, [*group, *twins])
        try:
            measuring.run()
        finally:
            self.failures |= measuring.failures
        if case.id in self.failures:
            raise self.failures[case.id]
        return next(finished.result for finished in self.finished if finished.case.id == case.id)

    def regression(self, case: Case, metric: Key) -> Regression:
        """The verdict on one metric of a case that was measured, against its baseline."""
        return next(compared.gate[metric] for compared in self.compared if compared.case_id == case.id)

    def folder(self, *providers: str) -> Path:
        """Where results of a provider go: ``DIR/ns/<provider>``; of several: ``DIR/ns/<provider>+<provider>``.

        Under ``DIR/ew`` when nothing but clusters is probed.
        """
        kind = "ew" if self.options.probe_only else "ns"
        return self.options.report_dir / kind / "+".join(dict.fromkeys(providers))
