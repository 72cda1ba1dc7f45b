"""One system of a campaign: what is asked of it, and what came of it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ragmeter.core.figures.spans.records import Received, Trace
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.requests.figure import Figure
from ragmeter.core.requests.records import RequestSample
from ragmeter.core.run.plan import Part, RunEnding, joined
from ragmeter.core.schedule.plan import PhasePlan
from ragmeter.run.session.measure import Conditions, measure
from ragmeter.run.store import SampleLog


@dataclass(slots=True, kw_only=True)
class Variant:
    """One system, what is asked of it, and what came of it.

    label: unique in its campaign. watched: the figures whose intervals have to be as narrow as ``until`` asks.
    traces, received: as in `RunEnding`, once the load is over.
    """

    label: str
    workload: Workload
    conditions: Conditions
    log: SampleLog
    watched: Sequence[Figure] = ()
    samples: list[RequestSample] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    undecided: str | None = None
    search_ended: str | None = None
    traces: tuple[Trace, ...] = ()
    received: Received | None = None
    done: bool = False
    """Whether all of its trials were run."""
    _endings: list[RunEnding] = field(default_factory=list)

    @property
    def stopped(self) -> str | None:
        """Why it runs no further part, if it does not."""
        return next((ending.reason for ending in self._endings if ending.status == "interrupted"), None)

    def run(
        self,
        name: Literal["warmup", "search", "measured"],
        number: int,
        position: int,
        plans: Sequence[PhasePlan],
        *,
        level: float | None = None,
        workload: Workload | None = None,
    ) -> None:
        """Run one part and write down when it ran, in which place of its block, and whether it came to its end.

        workload: at the ``level`` of a step of a search; without it, the variant's.
        """
        began_ns = time.monotonic_ns()
        samples, ending = measure(workload or self.workload, plans, self.conditions)
        self.samples += samples
        self._endings.append(ending)
        part = Part(
            name=name,
            trial=number,
            position=position,
            began_ns=began_ns - self.conditions.origin_ns,
            ended_ns=time.monotonic_ns() - self.conditions.origin_ns,
            whole=ending.status == "complete",
            level=level,
        )
        self.parts.append(part)
        self.log.part(part)

    @property
    def can_run(self) -> bool:
        return self.stopped is None and not self.done

    def interrupt(self, reason: str) -> None:
        """Nothing further is run, although more was planned."""
        if self.stopped is None and not self.done:
            self._endings.append(RunEnding(status="interrupted", reason=reason))

    def ending(self) -> RunEnding:
        """Of the whole run. It ran nothing at all only when it was interrupted."""
        whole = joined(self._endings)
        warnings = (*whole.warnings, *self.warnings)
        return replace(
            whole,
            parts=tuple(self.parts),
            warnings=warnings,
            undecided=self.undecided,
            search_ended=self.search_ended,
            traces=self.traces,
            received=self.received,
        )

    def whole(self, block: int) -> bool | None:
        """Whether its trial of this block came to its end; None when it did not begin."""
        return next((part.whole for part in self.parts if part.name == "measured" and part.trial == block), None)
