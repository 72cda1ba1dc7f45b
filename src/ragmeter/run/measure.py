"""Part of a run or all of it: connect, send what was planned, and keep every request as it ends."""

import asyncio
import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ragmeter.clients.decode import decode
from ragmeter.clients.dialects import Dialect, OpenAiDialect, RagDialect
from ragmeter.clients.http import HttpTransport
from ragmeter.clients.transport import Exchange, Transport
from ragmeter.core.errors import TargetError
from ragmeter.core.provider import Provider
from ragmeter.core.records import ErrorClass, Phase, RequestSample
from ragmeter.core.run import PhasePlan, RunEnding
from ragmeter.core.workload import Workload
from ragmeter.run.backlog import Backlog
from ragmeter.run.load import Start, drive

WATCH_S = 0.25
CTRL_C = "Ctrl-C"


class Observer(Protocol):
    """Is told what happens while a run goes on. Called between requests: it must be quick."""

    def phase(self, phase: Phase, total: int) -> None:
        """A phase of ``total`` requests begins."""

    def started(self) -> None:
        """One request was sent."""

    def ended(self, sample: RequestSample) -> None:
        """One request ended."""

    def tick(self) -> None:
        """Called a few times a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a run needs beside its workload.

    origin_ns: the ``time.monotonic_ns`` reading that is 0 in the samples.
    keep: takes each sample as it ends. watch: a sentence once the measured service has died, else None.
    """

    provider: Provider
    origin_ns: int
    keep: Callable[[RequestSample], None]
    watch: Callable[[], str | None]
    observer: Observer


def clock_of(provider: Provider) -> str:
    """The clock that will stamp arrivals for this provider."""
    return _transport(provider).clock


def measure(
    workload: Workload, plans: Sequence[PhasePlan], conditions: Conditions
) -> tuple[tuple[RequestSample, ...], RunEnding]:
    """Run phases of the workload, one after the other: every sample, and how it ended.

    plans: `phases.phases` of the workload for all of it; `phases.warmup` and `phases.trial` for a part. Calls share
    nothing: each opens its connections before its first phase and closes them after its last. With the same
    ``origin_ns`` in their conditions the samples of several calls are on one clock, and `run.joined` makes one ending
    of theirs.

    Ctrl-C, a service that dies and a warm-up without a single success end the run early: its status is then
    interrupted, and requests in flight are kept with the class ``interrupted``.
    """
    run = _Run(workload, plans, conditions)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        ending = runner.run(run.all_phases())
    return tuple(run.samples), ending


@dataclass(slots=True)
class _Run:
    workload: Workload
    plans: Sequence[PhasePlan]
    conditions: Conditions
    samples: list[RequestSample] = field(default_factory=list)
    _cpu_s: float = 0.0
    _wall_s: float = 0.0

    async def all_phases(self) -> RunEnding:
        transport = _transport(self.conditions.provider)
        try:
            reason = await self._phases_unless_stopped(transport)
        finally:
            await transport.aclose()
        return RunEnding(
            status="complete" if reason is None else "interrupted",
            reason=reason,
            client_cpu_ratio=self._cpu_s / self._wall_s if self._wall_s else None,
        )

    async def _phases_unless_stopped(self, transport: Transport) -> str | None:
        """None when all phases ran, else why they did not."""
        load = asyncio.create_task(self._phases(transport))
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
        if failure is not None and not isinstance(failure, TargetError):
            raise failure
        return self._death() or (None if failure is None else str(failure))

    def _death(self) -> str | None:
        end = self.conditions.watch()
        return None if end is None else f"the measured service ended during the run: {end}"

    async def _watch(self) -> None:
        """Returns when the service has died."""
        while self._death() is None:
            self.conditions.observer.tick()
            await asyncio.sleep(WATCH_S)

    async def _phases(self, transport: Transport) -> None:
        await transport.connect(self.workload.concurrency or 1)
        for plan in self.plans:
            self.conditions.observer.phase(Phase(plan.name), len(plan.prompt_order))
            with _quiet_collector():
                await self._one_phase(plan, transport)
            if plan.name == "warmup" and not any(sample.ok for sample in self.samples):
                raise TargetError(f"all {len(self.samples)} warm-up requests failed; the last: {_why(self.samples)}")

    async def _one_phase(self, plan: PhasePlan, transport: Transport) -> None:
        sender = _Sender(self, plan, transport, _dialect(self.workload, self.conditions.provider))
        cpu_s, wall_s = time.process_time(), time.monotonic()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(sender.answers.run())
                await drive(plan, sender.send)
                sender.answers.close()
        finally:
            if plan.name == "measured":
                self._cpu_s += time.process_time() - cpu_s
                self._wall_s += time.monotonic() - wall_s

    def keep(self, sample: RequestSample) -> None:
        self.samples.append(sample)
        self.conditions.keep(sample)
        self.conditions.observer.ended(sample)


@dataclass(slots=True)
class _Sender:
    """Sends the requests of a phase. ``answers`` are read and kept between sends; somebody has to run it."""

    run: _Run
    plan: PhasePlan
    transport: Transport
    dialect: Dialect
    answers: Backlog[tuple[Start, Exchange]] = field(init=False)

    def __post_init__(self) -> None:
        self.answers = Backlog(self._keep)

    async def send(self, start: Start) -> None:
        """Send one request and hand on its answer; when it is cancelled half way, keep what is known."""
        workload, origin_ns = self.run.workload, self.run.conditions.origin_ns
        request = self.dialect.request(workload.prompts[start.prompt_index].text)
        self.run.conditions.observer.started()
        deadline_ns = time.monotonic_ns() + int(workload.timeout_s * 1e9)
        try:
            exchange = await self.transport.exchange(request, deadline_ns=deadline_ns)
        except asyncio.CancelledError:
            self.run.keep(self._interrupted(start, origin_ns))
            raise
        self.answers.add((start, exchange))

    def _keep(self, answer: tuple[Start, Exchange]) -> None:
        start, exchange = answer
        sample = decode(
            exchange,
            self.dialect,
            index=start.index,
            phase=Phase(self.plan.name),
            trial=self.plan.trial,
            step=self.plan.step,
            prompt_index=start.prompt_index,
            scheduled_ns=start.scheduled_ns,
            origin_ns=self.run.conditions.origin_ns,
        )
        self.run.keep(sample)

    def _interrupted(self, start: Start, origin_ns: int) -> RequestSample:
        return RequestSample(
            index=start.index,
            phase=Phase(self.plan.name),
            trial=self.plan.trial,
            step=self.plan.step,
            prompt_index=start.prompt_index,
            scheduled_ns=start.scheduled_ns - origin_ns,
            ended_ns=time.monotonic_ns() - origin_ns,
            error=ErrorClass.INTERRUPTED,
            error_message="the run was stopped",
        )


def _why(samples: Sequence[RequestSample]) -> str:
    last = samples[-1]
    return f"{last.error}: {last.error_message}"


def _transport(provider: Provider) -> HttpTransport:
    ca_file = Path(provider.ca_file) if provider.ca_file else None
    return HttpTransport([str(provider.base_url)], ca_file=ca_file)


def _dialect(workload: Workload, provider: Provider) -> Dialect:
    headers = tuple(provider.headers.items())
    if workload.target == "openai":
        return OpenAiDialect(model=str(workload.model_id), max_tokens=workload.max_output_tokens, headers=headers)
    return RagDialect(k=workload.k, docset=workload.docset, max_tokens=workload.max_output_tokens, headers=headers)


@contextmanager
def _quiet_collector() -> Iterator[None]:
    """No garbage collection within: a pause of many milliseconds would be taken for the server's."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # not to be had on Windows
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
