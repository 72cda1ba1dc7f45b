"""The state of one pytest session that measures: services are started once, each case is measured once, results are
kept.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from ragmeter._pytest.session.failed import FailedTests
from ragmeter.core.errors import RagmeterError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    import pytest

    from ragmeter._pytest.options.bench_options import BenchOptions
    from ragmeter._pytest.session.finished import Compared, Factored, Finished
    from ragmeter.core.campaign.case import Case
    from ragmeter.core.campaign.events import Emit
    from ragmeter.core.inputs.provider import Provider
    from ragmeter.run.engine.probe_schedule import ProbeSchedule
    from ragmeter.run.engine.probing import ProbeSession
    from ragmeter.run.engine.resources import Resources
    from ragmeter.run.session.meter import Meter

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
    emit: Emit
    probes: ProbeSession
    schedule: ProbeSchedule
    meter: Meter
    resources: Resources
    selected: Sequence[Case] = ()
    finished: list[Finished] = field(default_factory=list)
    compared: list[Compared] = field(default_factory=list)
    factored: list[Factored] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What a reader of the summary should know of the session, in sentences."""
    report_failure: str | None = None
    """Why a file of pytest's own is missing, if one is."""
    failed_tests: FailedTests = field(default_factory=FailedTests)
    failures: dict[str, RagmeterError] = field(default_factory=dict)
    """Why a case was not measured, or a service not started, by name."""
    _stack: ExitStack = field(default_factory=ExitStack)

    def keep_open(self, resource: AbstractContextManager[T]) -> T:
        """Enter a context that ends with the session."""
        return self._stack.enter_context(resource)

    def close(self) -> None:
        """Stop every process that was started, and close whatever else was kept open."""
        with self._stack:  # signals are heeded and logs masked until the last process is gone
            self.resources.close()

    def running(self, provider: Provider) -> Provider:
        """As `Resources.running`."""
        return self.once(f"start of {provider.name}", lambda: self.resources.running(provider))

    def once(self, key: str, work: Callable[[], T]) -> T:
        """What ``work`` returns; what failed before fails again with the same words, without being tried."""
        if key in self.failures:
            raise self.failures[key]
        try:
            return work()
        except RagmeterError as error:
            self.failures[key] = error
            raise

    def folder(self, *providers: str) -> Path:
        """Where results of a provider go: ``DIR/ns/<provider>``; of several: ``DIR/ns/<provider>+<provider>``.

        Under ``DIR/ew`` when nothing but clusters is probed.
        """
        kind = "ew" if self.options.probe_only else "ns"
        return self.options.report_dir / kind / "+".join(dict.fromkeys(providers))
