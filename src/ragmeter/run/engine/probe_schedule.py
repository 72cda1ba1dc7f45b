"""The east-west probes around the load of one campaign, and which of them its runs refer to."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ragmeter.core.errors import RagmeterError
from ragmeter.core.netprobe.placement import settled
from ragmeter.core.run.plan import CTRL_C
from ragmeter.core.run.probes import with_placement, with_probe
from ragmeter.run.cluster.netprobe import find_placement
from ragmeter.run.engine.background_probe import BackgroundProbe
from ragmeter.run.engine.probing import Occasion, ProbeSession
from ragmeter.run.plan.planning import run_id
from ragmeter.run.plan.probes import OFF

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from ragmeter.core.campaign.case import Case
    from ragmeter.core.inputs.provider import Provider
    from ragmeter.core.netprobe.document import Load
    from ragmeter.core.netprobe.placement import Placement
    from ragmeter.core.run.plan import RunPlan
    from ragmeter.run.store import SampleLog


@dataclass(slots=True, kw_only=True)
class ProbeSchedule:
    """A probe that fails is a warning of the run. interrupted: whether Ctrl-C ended a probe after the load."""

    probes: ProbeSession
    stamp: str
    interrupted: bool = False

    def before(self, cases: Sequence[Case]) -> None:
        """One for all loads of the session."""
        if self.probes.load == "before":
            probed = {probed.result.provider for probed in self.probes.finished}
            self._each(cases, "before", leave_out=probed)

    def after(self, cases: Sequence[Case], endings: Sequence[str | None]) -> None:
        """The samples are written by then: Ctrl-C loses none of them. Where it ended the load, nothing is probed.

        endings: why runs ended early.
        """
        try:
            if self.probes.load == "after" and CTRL_C not in endings:
                self._each(cases, "after")
        except KeyboardInterrupt:
            self.interrupted = True

    @contextmanager
    def beside(self, cases: Sequence[Case]) -> Iterator[Callable[[], None]]:
        """Yields what is to be called when the load begins; the load is over at the end of the block."""
        if self.probes.load != "during" or not cases:
            yield lambda: None
            return
        provider, runs = cases[0].provider, self._runs(cases, cases[0].provider)

        def probe(turn: Callable[[], str | None]) -> None:
            self.probes.probe(provider, Occasion(load="during", runs=runs, turn=turn))

        with BackgroundProbe(probe) as beside:
            yield beside.begin

    def placed(self, plan: RunPlan, provider: Provider, placed: Placement) -> RunPlan:
        """The plan of a run whose pods run there, with the probe that is known before its load."""
        return with_probe(with_placement(plan, placed), self.probes.reference(provider, placed, plan.run_id))

    def settled(self, plan: RunPlan, provider: Provider, placed: Placement, log: SampleLog) -> RunPlan:
        """The plan with the probe that the run refers to in the end, which is noted in its record, too.

        placed: where its pods ran before its load.
        """
        reference = self.probes.reference(provider, settled(placed, find_placement(provider)), plan.run_id)
        if reference is None or reference == plan.netprobe:
            return plan
        log.probe(reference)
        return with_probe(plan, reference)

    def trouble(self, provider: Provider) -> tuple[str, ...]:
        """Why a probe that the load was to have is missing."""
        failure = self.probes.failure(provider) if self.probes.load != "none" else None
        return () if failure is None else (failure,)

    def _each(self, cases: Sequence[Case], load: Load, leave_out: Collection[str] = ()) -> None:
        providers = {case.provider.name: case.provider for case in cases if case.provider.name not in leave_out}
        for provider in providers.values():
            try:
                self.probes.probe(provider, Occasion(load=load, runs=self._runs(cases, provider)))
            except RagmeterError as error:
                self.probes.say(f"no east-west probe: {error}")

    def _runs(self, cases: Sequence[Case], provider: Provider) -> tuple[str, ...]:
        """The names that the runs of the provider have, or will have."""
        mine = [case for case in cases if case.provider.name == provider.name]
        return tuple(f"{run_id(provider, case.workload, self.stamp)}{'-aa' if case.repeat else ''}" for case in mine)


def no_probes(stamp: str) -> ProbeSchedule:
    """Where no cluster is probed, and no result refers to a probe."""

    def nowhere(*_of: object) -> None:
        """Never called: nothing is probed."""

    none = ProbeSession(
        providers=(),
        stamp=stamp,
        folder=Path(),
        say=nowhere,
        write=nowhere,
        asked=OFF,
        load="none",
        bandwidth_beside=False,
    )
    return ProbeSchedule(probes=none, stamp=stamp)
