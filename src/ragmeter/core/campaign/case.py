"""What a campaign measures: one workload on one provider, and which of them are measured together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragmeter.core.compare.measured import GATED
from ragmeter.core.run.plan import labelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmeter.core.inputs.cache import CacheState
    from ragmeter.core.inputs.provider import Provider
    from ragmeter.core.inputs.workload import Workload
    from ragmeter.core.requests.figure import Figure
    from ragmeter.core.run.plan import DeclaredSlo
    from ragmeter.core.run.saved import SavedRun
    from ragmeter.core.schedule.design import Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One workload on one provider, with every SLO that applies.

    watched: what has to be known as well as ``until`` asks. baseline: the run that it is compared with. earlier: of the
    same, from sessions before it. recorded: why it is recorded as a baseline and not judged against one. repeat: the
    second run of an A/A measurement. cache_state: of its caches, where it is measured in several: such cases ask the
    same, and their trials are pairs. cell: of a plan that the workload has, where it is measured in several; they ask
    the same questions, and each block has a trial of all of them.
    """

    provider: Provider
    workload: Workload
    slos: tuple[DeclaredSlo, ...]
    watched: tuple[Figure, ...] = ()
    baseline: SavedRun | None = None
    earlier: tuple[SavedRun, ...] = ()
    recorded: str | None = None
    repeat: bool = False
    cache_state: CacheState | None = None
    cell: Cell | None = None

    @property
    def id(self) -> str:
        """Of the parametrised tests: ``local-smoke``."""
        return f"{self.provider.name}-{self.workload.name}{self.ending}"

    @property
    def ending(self) -> str:
        """What tells its runs and files from others of the same provider and workload."""
        state = "" if self.cache_state is None else f"-{self.cache_state.value}"
        cell = "" if self.cell is None else f"-cell{self.cell.number:02d}"
        return f"{state}{cell}{'-aa' if self.repeat else ''}"

    @property
    def label(self) -> str:
        """Of its run: the provider, which may be measured as two runs, or in several cache states."""
        return labelled(self.provider.name, self.variant)

    @property
    def variant(self) -> str | None:
        """What tells its run from others of the same provider and workload; None where there is none."""
        words = [] if self.cache_state is None else [self.cache_state.value]
        words += [] if self.cell is None else [self.cell.label]
        return " ".join([*words, "again"] if self.repeat else words) or None

    @property
    def gated(self) -> tuple[Figure, ...]:
        """The metrics that are judged against the baseline: all that are compared; costs only with two price sheets.

        None against a baseline without samples: an order has it so that the pods measure what was measured then.
        """
        if self.baseline is None or not self.baseline.samples:
            return ()
        priced = self.provider.cost is not None and self.baseline.plan.cost is not None
        return tuple(key for key in GATED if priced or key[0] != "usd_per_1m_tokens")

    @property
    def meets_others(self) -> bool:
        """Whether it takes turns with runs whose prompts may be in a cache that is to be in a state of its own."""
        return self.cache_state is not None or (self.cell is not None and self.workload.caches is not None)

    def asks_like(self, other: Case) -> bool:
        """Whether both ask the same questions at the same times, so that their trials can be pairs."""
        return _asked(self) == _asked(other)


def campaigns(cases: Sequence[Case]) -> list[list[Case]]:
    """The cases that are measured together, in their order."""
    firsts = [case for case in cases if not any(case.asks_like(other) for other in cases[: cases.index(case)])]
    return [[case for case in cases if case.asks_like(first)] for first in firsts]


def _asked(case: Case) -> tuple[object, ...]:
    workload = case.workload
    if case.cell is not None:
        return workload.name, workload.path, workload.seed, workload.trials
    state = None if case.cache_state is not None else workload.caches
    return workload.name, workload.sha256, workload.seed, workload.trials, state
