"""Part of a run or all of it: connect, send what was planned, and keep every request as it ends."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest

from ragmeter.clients.http.clocks import AUTO
from ragmeter.clients.plugins.registry import known
from ragmeter.clients.tokens.held import authorized, renewal_s
from ragmeter.core.campaign.events import Emit, PhaseStarted, RequestEnded, RequestStarted, Said, Tick, unheard
from ragmeter.core.errors import ClientError, TargetError
from ragmeter.core.figures.observe.cache_growth import cache_growth
from ragmeter.core.figures.observe.records import Reading, Span
from ragmeter.core.inputs.cache import CacheState
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.requests.cache_counts import TrialCounts
from ragmeter.core.requests.records import ErrorClass, Phase, RequestSample
from ragmeter.core.run.plan import CTRL_C, RunEnding
from ragmeter.core.schedule.phases import asked_once
from ragmeter.core.schedule.plan import Marking, PhasePlan
from ragmeter.run.load.loader import ClientLoad, fast_loop
from ragmeter.run.plan.metrics_sources import renewed
from ragmeter.run.processes.messages import Connect
from ragmeter.run.processes.observing import Observation
from ragmeter.run.processes.workers import WorkerDied, WorkerPool, Workers

WATCH_S = 0.25
BEGIN_TOLERANCE_S = 0.1
RENEW_AGAIN_S = 1.0
"""At least so long after a credential another one is got, or tried to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a run needs beside its workload.

    origin_ns: the ``time.monotonic_ns`` reading that is 0 in the samples.
    keep: takes each sample as it ends. emit: is told what happens. watch: a sentence once the measured service has
    died, else None.
    clock: one of `clients.http.clocks.CLOCKS`. workers: the processes that send the load; None for one that is started
    for this call. halt: a sentence once the load has to end although the service has not, else None. marking: as in
    `RunPlan`. observation: of the servers while the load runs; None: nobody looks. keep_reading: takes what it reads.
    traced: as in `Loader`.
    """

    provider: Provider
    origin_ns: int
    keep: Callable[[RequestSample], None]
    watch: Callable[[], str | None]
    emit: Emit = unheard
    clock: str = AUTO
    workers: Workers | None = None
    halt: Callable[[], str | None] = lambda: None
    marking: Marking | None = None
    observation: Observation | None = None
    keep_reading: Callable[[Reading], None] = lambda _reading: None
    traced: bool = False


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
    ``origin_ns`` in their conditions the samples of several calls are on one clock, and `core.run.plan.joined` makes
    one ending of theirs.

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
class _Heard:
    """Hears of requests that are not measured."""

    failures: list[RequestSample] = field(default_factory=list)

    def started(self) -> None:
        """Nobody counts them."""

    def ended(self, sample: RequestSample) -> None:
        if not sample.ok:
            self.failures.append(sample)


@dataclass(slots=True)
class _Run:
    workload: Workload
    plans: Sequence[PhasePlan]
    conditions: Conditions
    begins_ns: Sequence[int | None]
    samples: list[RequestSample] = field(default_factory=list)
    _client_loads: list[Sequence[ClientLoad]] = field(default_factory=list)
    _not_fit: list[str] = field(default_factory=list)
    _warnings: list[str] = field(default_factory=list)
    _cache_counts: list[TrialCounts] = field(default_factory=list)
    _readings: list[Reading] = field(default_factory=list)

    async def all_phases(self, workers: Workers) -> RunEnding:
        reason = await self._phases_unless_stopped(workers)
        return RunEnding(
            status="complete" if reason is None else "interrupted",
            reason=reason,
            client_cpu_ratio=_busiest(self._client_loads),
            real_time=_all_ahead(self._client_loads),
            not_fit=tuple(self._not_fit),
            warnings=tuple(self._warnings),
            cache_counts=tuple(self._cache_counts),
            readings=tuple(self._readings),
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
            self._take_readings()
        failure = next((r for r in results if isinstance(r, Exception)), None)
        if isinstance(failure, WorkerDied | ClientError):
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
            self.conditions.emit(Tick())
            self._take_readings()
            await asyncio.sleep(WATCH_S)
        return reason

    async def _phases(self, workers: Workers) -> None:
        connect = Connect(
            workload=self.workload,
            provider=await self._let_in(),
            origin_ns=self.conditions.origin_ns,
            connections=max(map(_slots, self.plans), default=1),
            at_once=next(map(_slots, self.plans), 1),
            clock=self.conditions.clock,
            marking=self.conditions.marking,
            traced=self.conditions.traced,
            plugins=known(),
        )
        async with workers.connected(connect) as pool, self._renewing(pool):
            for plan, begin_ns in zip_longest(self.plans, self.begins_ns):
                self.conditions.emit(_beginning(plan))
                await self._ask_before(pool, plan)
                loads = await self._observed(plan, partial(self._sent, pool, plan, begin_ns))
                if plan.name == "measured":
                    self._client_loads.append(loads)
                    self._note_losses(plan, loads)
                    self._note_standstill(plan, loads)
                elif plan.name == "warmup":
                    _check_warm(self.samples)

    async def _let_in(self) -> Provider:
        """The provider with a credential that is fresh, which those who watch the servers get, too."""
        provider = await asyncio.to_thread(authorized, self.conditions.provider)
        observation = self.conditions.observation
        if observation is not None and self.conditions.provider.auth is not None:
            observation.renew(renewed(observation.sources, provider))
        return provider

    @asynccontextmanager
    async def _renewing(self, pool: WorkerPool) -> AsyncIterator[None]:
        """Within, credentials are got anew before they expire: here, where it costs no load process time."""
        task = asyncio.create_task(self._renew(pool))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _renew(self, pool: WorkerPool) -> None:
        provider = self.conditions.provider
        while (left_s := renewal_s(provider)) is not None:
            await asyncio.sleep(max(left_s, RENEW_AGAIN_S))
            try:
                pool.renew(await self._let_in())
            except TargetError as error:
                words = f"no new credential during the run: {error}"
                self._warnings += [] if words in self._warnings else [words]
                await asyncio.sleep(RENEW_AGAIN_S)

    async def _ask_before(self, pool: WorkerPool, plan: PhasePlan) -> None:
        """Ask every question of the phase once, where its caches are to be warm. What comes of it is no sample."""
        caches = self.workload.caches
        if caches is None or caches.kv is not CacheState.WARM or plan.name == "warmup" or not plan.prompt_order:
            return
        asking, heard = asked_once(plan), _Heard()
        self.conditions.emit(Said(f"warm caches: {len(asking.prompt_order)} questions are asked once, unmeasured"))
        await pool.send(asking, None, heard)
        if heard.failures:
            last = heard.failures[-1]
            self._not_fit.append(
                f"{len(heard.failures)} of the {len(asking.prompt_order)} questions that were to warm the caches for "
                f"trial {plan.trial + 1} failed; the last: {last.failure}"
            )

    async def _sent(self, pool: WorkerPool, plan: PhasePlan, begin_ns: int | None) -> list[ClientLoad]:
        self._note_lateness(plan, begin_ns)
        return await pool.send(plan, begin_ns, self)

    async def _observed(self, plan: PhasePlan, send: Callable[[], Awaitable[list[ClientLoad]]]) -> list[ClientLoad]:
        """Send the phase while its servers are read: exactly before it, in each of its seconds, exactly after it."""
        observation = self.conditions.observation
        if observation is None:
            return await send()
        span = Span(phase=Phase(plan.name), trial=plan.trial, step=plan.step)
        try:
            self._keep_readings(await observation.begin(span))
            loads = await send()
            self._keep_readings(await observation.end(span))
        finally:
            observation.drop()
        if plan.name == "measured":
            own = [reading for reading in self._readings if reading.span == span]
            if (counts := cache_growth(own, model_id=self.workload.model_id)) is not None:
                self._cache_counts.append(TrialCounts(trial=plan.trial, step=plan.step, counts=counts))
        return loads

    def _take_readings(self) -> None:
        if self.conditions.observation is not None:
            self._keep_readings(self.conditions.observation.taken())

    def _keep_readings(self, readings: Sequence[Reading]) -> None:
        for reading in readings:
            self._readings.append(reading)
            self.conditions.keep_reading(reading)

    def _note_lateness(self, plan: PhasePlan, begin_ns: int | None) -> None:
        """In a closed loop no request is late for a phase that began late: the other shards were alone meanwhile."""
        late_s = 0.0 if begin_ns is None else (time.monotonic_ns() - begin_ns) / 1e9
        if late_s > BEGIN_TOLERANCE_S:
            self._not_fit.append(f"the {plan.name} phase of trial {plan.trial + 1} began {late_s:.3g} s after its time")

    def _note_losses(self, plan: PhasePlan, loads: Sequence[ClientLoad]) -> None:
        if dropped := sum(client_load.dropped_packets for client_load in loads):
            self._not_fit.append(f"the capture ring overflowed: {dropped} packets dropped in trial {plan.trial + 1}")
        if missed := sum(client_load.uncaptured_connections for client_load in loads):
            self._warnings.append(
                f"trial {plan.trial + 1}: the capture did not see {missed} connections open, so the kernel clock dates "
                "them: is NAT active on this host?"
            )

    def _note_standstill(self, plan: PhasePlan, loads: Sequence[ClientLoad]) -> None:
        """A closed loop has no schedule that a frozen client would miss: it asks for less, and nothing else shows."""
        for client_load in loads:
            if (words := client_load.stood_still.reason(client_load.wall_s)) is not None:
                self._not_fit.append(f"trial {plan.trial + 1}: {words}")

    def started(self) -> None:
        self.conditions.emit(RequestStarted())

    def ended(self, sample: RequestSample) -> None:
        self.samples.append(sample)
        self.conditions.keep(sample)
        self.conditions.emit(RequestEnded(sample))


def _slots(plan: PhasePlan) -> int:
    """Requests of a phase that are in flight at once from its beginning on."""
    return max(1, min(plan.concurrency or 1, len(plan.prompt_order)))


def _check_warm(samples: Sequence[RequestSample]) -> None:
    """Raise TargetError unless a warm-up request succeeded: ClientError, where all failed on this machine."""
    if samples and not any(sample.ok for sample in samples):
        last = samples[-1]
        is_own = all(sample.error is ErrorClass.CLIENT for sample in samples)
        raise (ClientError if is_own else TargetError)(
            f"all {len(samples)} warm-up requests failed; the last: {last.failure}"
        )


def _busiest(phases: Sequence[Sequence[ClientLoad]]) -> float | None:
    """CPU time per second of the busiest process over the phases; None when they took no time."""
    ratios = [
        sum(client_load.cpu_s for client_load in process) / wall_s
        for process in zip(*phases, strict=True)
        if (wall_s := sum(client_load.wall_s for client_load in process))
    ]
    return max(ratios, default=None)


def _all_ahead(phases: Sequence[Sequence[ClientLoad]]) -> bool | None:
    """Whether every process had real-time priority; None when no phase was sent to its end."""
    loads = [client_load for process in phases for client_load in process]
    return all(client_load.real_time for client_load in loads) if loads else None


def _beginning(plan: PhasePlan) -> PhaseStarted:
    schedule_s = plan.offsets_ns[-1] / 1e9 if plan.offsets_ns else None
    lasts_s = plan.duration_s if plan.duration_s is not None else schedule_s
    requests = len(plan.prompt_order)
    return PhaseStarted(phase=Phase(plan.name), requests=requests, step=plan.step, lasts_s=lasts_s)
