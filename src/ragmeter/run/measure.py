"""Part of a run or all of it: connect, send what was planned, and keep every request as it ends."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Protocol

from ragmeter.clients.clocks import AUTO
from ragmeter.core.errors import TargetError
from ragmeter.core.provider import Provider
from ragmeter.core.records import Phase, RequestSample
from ragmeter.core.run import PhasePlan, RunEnding
from ragmeter.core.workload import Workload
from ragmeter.run.loader import Effort, Listener, fast_loop
from ragmeter.run.orders import Connect
from ragmeter.run.workers import WorkerDied, Workers

WATCH_S = 0.25
BEGIN_TOLERANCE_S = 0.1
CTRL_C = "Ctrl-C"


class Observer(Listener, Protocol):
    """Is told what happens while a run goes on. Called between requests: it must be quick."""

    def phase(self, phase: Phase, total: int) -> None:
        """A phase of ``total`` requests begins."""

    def tick(self) -> None:
        """Called a few times a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a run needs beside its workload.

    origin_ns: the ``time.monotonic_ns`` reading that is 0 in the samples.
    keep: takes each sample as it ends. watch: a sentence once the measured service has died, else None.
    clock: one of `clients.clocks.CLOCKS`. workers: the processes that send the load; None for one that is started for
    this call. halt: a sentence once the load has to end although the service has not, else None.
    """

    provider: Provider
    origin_ns: int
    keep: Callable[[RequestSample], None]
    watch: Callable[[], str | None]
    observer: Observer
    clock: str = AUTO
    workers: Workers | None = None
    halt: Callable[[], str | None] = lambda: None


def measure(
    workload: Workload,
    plans: Sequence[PhasePlan],
    conditions: Conditions,
    *,
    begins_ns: Sequence[int | None] = (),
) -> tuple[tuple[RequestSample, ...], RunEnding]:
    """Run phases of the workload, one after the other: every sample, and how it ended.

    plans: `phases.phases` of the workload for all of it; `phases.warmup` and `phases.trial` for a part. begins_ns: the
    ``time.monotonic_ns`` reading at which each of them begins; None, or none at all, for at once. Calls share
    processes at most: each opens its connections before its first phase and closes them after its last. With the same
    ``origin_ns`` in their conditions the samples of several calls are on one clock, and `run.joined` makes one ending
    of theirs.

    A load process that dies ends the run, which is then not fit, by name. Ctrl-C, ``halt``, a service that dies and a
    warm-up without a single success end the run early: its status is then interrupted, and requests in flight are kept
    with the class ``interrupted``.
    """
    run = _Run(workload, plans, conditions, begins_ns)
    with ExitStack() as stack:
        workers = conditions.workers or stack.enter_context(Workers())
        with asyncio.Runner(loop_factory=fast_loop) as runner:
            ending = runner.run(run.all_phases(workers))
    return tuple(run.samples), ending


@dataclass(slots=True)
class _Run:
    workload: Workload
    plans: Sequence[PhasePlan]
    conditions: Conditions
    begins_ns: Sequence[int | None]
    samples: list[RequestSample] = field(default_factory=list)
    _efforts: list[Sequence[Effort]] = field(default_factory=list)
    _not_fit: list[str] = field(default_factory=list)
    _warnings: list[str] = field(default_factory=list)

    async def all_phases(self, workers: Workers) -> RunEnding:
        reason = await self._phases_unless_stopped(workers)
        return RunEnding(
            status="complete" if reason is None else "interrupted",
            reason=reason,
            client_cpu_ratio=_busiest(self._efforts),
            real_time=_all_ahead(self._efforts),
            not_fit=tuple(self._not_fit),
            warnings=tuple(self._warnings),
        )

    async def _phases_unless_stopped(self, workers: Workers) -> str | None:
        """None when all phases ran, else why they did not."""
        load = asyncio.create_task(self._phases(workers))
        watching = asyncio.create_task(self._watch())
        try:
            await asyncio.wait({load, watching}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:  # Ctrl-C: the event loop's runner cancels this task
            return CTRL_C
        finally:
            for task in (load, watching):
                task.cancel()
            results = await asyncio.gather(load, watching, return_exceptions=True)
        failure = next((r for r in results if isinstance(r, Exception)), None)
        if isinstance(failure, WorkerDied):
            self._not_fit.append(str(failure))
        elif failure is not None and not isinstance(failure, TargetError):
            raise failure
        halted = results[1] if isinstance(results[1], str) else None
        return self._death() or halted or (None if failure is None else str(failure))

    def _death(self) -> str | None:
        end = self.conditions.watch()
        return None if end is None else f"the measured service ended during the run: {end}"

    async def _watch(self) -> str:
        """Returns when the service has died or the load has to end, with the reason."""
        while (reason := self._death() or self.conditions.halt()) is None:
            self.conditions.observer.tick()
            await asyncio.sleep(WATCH_S)
        return reason

    async def _phases(self, workers: Workers) -> None:
        connect = Connect(
            workload=self.workload,
            provider=self.conditions.provider,
            origin_ns=self.conditions.origin_ns,
            connections=max((plan.concurrency or 1 for plan in self.plans), default=1),
            clock=self.conditions.clock,
        )
        async with workers.connected(connect) as team:
            for plan, begin_ns in zip_longest(self.plans, self.begins_ns):
                self.conditions.observer.phase(Phase(plan.name), len(plan.prompt_order))
                self._note_lateness(plan, begin_ns)
                efforts = await team.send(plan, begin_ns, self)
                if plan.name == "measured":
                    self._efforts.append(efforts)
                    self._note_losses(plan, efforts)
                elif plan.name == "warmup":
                    _check_warm(self.samples)

    def _note_lateness(self, plan: PhasePlan, begin_ns: int | None) -> None:
        """In a closed loop no request is late for a phase that began late: the other shards were alone meanwhile."""
        late_s = 0.0 if begin_ns is None else (time.monotonic_ns() - begin_ns) / 1e9
        if late_s > BEGIN_TOLERANCE_S:
            self._not_fit.append(f"the {plan.name} phase of trial {plan.trial + 1} began {late_s:.3g} s after its time")

    def _note_losses(self, plan: PhasePlan, efforts: Sequence[Effort]) -> None:
        if dropped := sum(effort.dropped_packets for effort in efforts):
            self._not_fit.append(f"the capture had no room for {dropped} packets in trial {plan.trial + 1}")
        if missed := sum(effort.uncaptured_connections for effort in efforts):
            self._warnings.append(
                f"trial {plan.trial + 1}: the capture did not see {missed} connections open, so the kernel clock dates "
                "them: are addresses translated on this host?"
            )

    def started(self) -> None:
        self.conditions.observer.started()

    def ended(self, sample: RequestSample) -> None:
        self.samples.append(sample)
        self.conditions.keep(sample)
        self.conditions.observer.ended(sample)


def _check_warm(samples: Sequence[RequestSample]) -> None:
    """Raise TargetError unless a warm-up request succeeded."""
    if samples and not any(sample.ok for sample in samples):
        last = samples[-1]
        raise TargetError(f"all {len(samples)} warm-up requests failed; the last: {last.error}: {last.error_message}")


def _busiest(phases: Sequence[Sequence[Effort]]) -> float | None:
    """CPU time per second of the busiest process over the phases; None when they took no time."""
    ratios = [
        sum(effort.cpu_s for effort in process) / wall_s
        for process in zip(*phases, strict=True)
        if (wall_s := sum(effort.wall_s for effort in process))
    ]
    return max(ratios, default=None)


def _all_ahead(phases: Sequence[Sequence[Effort]]) -> bool | None:
    """Whether every process had real-time priority; None when no phase was sent to its end."""
    efforts = [effort for process in phases for effort in process]
    return all(effort.real_time for effort in efforts) if efforts else None
