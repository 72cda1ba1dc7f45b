"""The load itself: connections to one service, and the requests of a phase sent over them.

Everything that costs time between two requests is here or below: whoever runs it should do nothing else.
"""

import asyncio
import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ragmeter.clients.clocks import AUTO
from ragmeter.clients.decode import decode
from ragmeter.clients.dialects import Dialect, OpenAiDialect, RagDialect
from ragmeter.clients.http import HttpTransport
from ragmeter.clients.pauses import Pauses
from ragmeter.clients.transport import CaptureLosses, Exchange, HttpRequest, Transport
from ragmeter.core.prompting import prompt_of_length
from ragmeter.core.provider import Provider
from ragmeter.core.records import ErrorClass, Phase, RequestSample
from ragmeter.core.run import PhasePlan
from ragmeter.core.traces import Lengths
from ragmeter.core.workload import Workload
from ragmeter.run.backlog import Backlog
from ragmeter.run.load import Start, drive
from ragmeter.run.priority import is_ahead


class Listener(Protocol):
    """Is told of each request. It must be quick."""

    def started(self) -> None:
        """One request was sent."""

    def ended(self, sample: RequestSample) -> None:
        """One request ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """CPU time that the load of a phase took from its process, and how long the phase was.

    dropped_packets: how many a capture lost meanwhile. uncaptured_connections: how many connections so far a capture
    does not date. real_time: whether the process had real-time priority.
    """

    cpu_s: float
    wall_s: float
    dropped_packets: int = 0
    uncaptured_connections: int = 0
    real_time: bool = False


class Loader:
    """Sends what is planned of a workload to one service; use it in one event loop and close it there.

    origin_ns: the ``time.monotonic_ns`` reading that is 0 in the samples. clock: one of `clients.clocks.CLOCKS`.
    local_ports: see `HttpTransport`.
    """

    def __init__(
        self,
        workload: Workload,
        provider: Provider,
        *,
        origin_ns: int,
        listener: Listener,
        clock: str = AUTO,
        local_ports: range | None = None,
    ) -> None:
        """Raises ConfigError for a clock that is not to be had, or a ``ca_file`` that cannot be read."""
        self._workload = workload
        self._pauses = Pauses()
        self._transport: Transport = _transport(provider, clock, local_ports, self._pauses)
        self._dialect = _dialect(workload, provider)
        self._origin_ns = origin_ns
        self._listener = listener

    async def connect(self, connections: int) -> None:
        """Raises TargetError when one does not come up."""
        await self._transport.connect(connections)

    def prepare(self, plan: PhasePlan) -> "Prepared":
        """Make everything of a phase that can be made before it begins."""
        return Prepared(self, plan)

    def _losses(self) -> CaptureLosses:
        return self._transport.capture_losses or CaptureLosses(packets=0, connections=0)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()


@dataclass(slots=True)
class Prepared:
    """A phase that is ready to begin. Its answers are read and kept between sends."""

    loader: Loader
    plan: PhasePlan
    _answers: Backlog[tuple[Start, Exchange]] = field(init=False)
    _requests: dict[tuple[int, Lengths | None], HttpRequest] = field(init=False)
    """Made before the phase: it would be work between the moment of a start and its send."""

    def __post_init__(self) -> None:
        self._answers = Backlog(self._keep, self.loader._pauses)
        order = self.plan.prompt_order
        asked = set(zip(order, self.plan.lengths or (None,) * len(order), strict=True))
        self._requests = {each: self._request(*each) for each in asked}
        gc.collect()

    def _request(self, prompt_index: int, lengths: Lengths | None) -> HttpRequest:
        dialect, prompts = self.loader._dialect, self.loader._workload.prompts
        if lengths is None:
            return dialect.request(prompts[prompt_index].text)
        text = prompt_of_length([prompt.text for prompt in prompts], prompt_index, lengths.input_tokens)
        return dialect.request(text, max_tokens=lengths.output_tokens)

    async def run(self, begin_ns: int | None = None) -> Effort:
        """Send it; returns when every request has ended.

        begin_ns: the ``time.monotonic_ns`` reading at which the phase begins; None for now. When it is cancelled,
        requests in flight are kept with the class ``interrupted``.
        """
        loader = self.loader
        with _quiet_collector():
            cpu_s, wall_s, lost = time.process_time(), time.monotonic(), loader._losses().packets
            async with asyncio.TaskGroup() as group:
                group.create_task(self._answers.run())
                await drive(self.plan, self._send, begin_ns, loader._pauses)
                self._answers.close()
            return Effort(
                cpu_s=time.process_time() - cpu_s,
                wall_s=time.monotonic() - wall_s,
                dropped_packets=loader._losses().packets - lost,
                uncaptured_connections=loader._losses().connections,
                real_time=is_ahead(),
            )

    async def _send(self, start: Start) -> None:
        """Send one request and hand on its answer; when it is cancelled half way, keep what is known."""
        loader = self.loader
        loader._listener.started()
        deadline_ns = time.monotonic_ns() + int(loader._workload.timeout_s * 1e9)
        try:
            request = self._requests[start.prompt_index, start.lengths]
            exchange = await loader._transport.exchange(request, deadline_ns=deadline_ns)
        except asyncio.CancelledError:
            loader._listener.ended(self._interrupted(start))
            raise
        self._answers.add((start, exchange))

    def _keep(self, answer: tuple[Start, Exchange]) -> None:
        start, exchange = answer
        sample = decode(
            exchange,
            self.loader._dialect,
            index=start.index,
            phase=Phase(self.plan.name),
            trial=self.plan.trial,
            step=self.plan.step,
            prompt_index=start.prompt_index,
            scheduled_ns=start.scheduled_ns,
            origin_ns=self.loader._origin_ns,
        )
        self.loader._listener.ended(sample)

    def _interrupted(self, start: Start) -> RequestSample:
        origin_ns = self.loader._origin_ns
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


def _transport(provider: Provider, clock: str, local_ports: range | None, pauses: Pauses) -> HttpTransport:
    ca_file = Path(provider.ca_file) if provider.ca_file else None
    urls = [str(provider.base_url)]
    return HttpTransport(urls, ca_file=ca_file, clock=clock, local_ports=local_ports, pauses=pauses)


def _dialect(workload: Workload, provider: Provider) -> Dialect:
    headers = tuple(provider.headers.items())
    if workload.target == "openai":
        return OpenAiDialect(model=str(workload.model_id), max_tokens=workload.max_output_tokens, headers=headers)
    return RagDialect(k=workload.k, docset=workload.docset, max_tokens=workload.max_output_tokens, headers=headers)


def fast_loop() -> asyncio.AbstractEventLoop:
    """uvloop's event loop where there is one: not on Windows."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


@contextmanager
def _quiet_collector() -> Iterator[None]:
    """No garbage collection within: a pause of many milliseconds would be taken for the server's."""
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
