"""The load itself: connections to one service, and the requests of a phase sent over them.

Everything that costs time between two requests is here or below: its process should do nothing else.
"""

import asyncio
import gc
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

from ragmeter.clients.answers.decode import Heard, decode
from ragmeter.clients.answers.described import described_dialect
from ragmeter.clients.answers.dialects import Dialect, OpenAiDialect, RagDialect
from ragmeter.clients.connection.pauses import Pauses
from ragmeter.clients.connection.transport import CaptureLosses, Exchange, HttpRequest, Transport
from ragmeter.clients.http.client import HttpTransport
from ragmeter.clients.http.clocks import AUTO
from ragmeter.clients.plugins.transport import PluginTransport
from ragmeter.clients.tokenizer import ends_by
from ragmeter.core.errors import TargetError
from ragmeter.core.figures.quality.scoring import Given, score_answer
from ragmeter.core.inputs.cache import MarkBy
from ragmeter.core.inputs.masking import Secrets
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.traces import Lengths
from ragmeter.core.inputs.workload import Workload, target_values
from ragmeter.core.requests.records import ErrorClass, Phase, RequestSample
from ragmeter.core.schedule.plan import Marking, PhasePlan
from ragmeter.core.schedule.prompting import prompt_of_length
from ragmeter.run.load.backlog import Backlog
from ragmeter.run.load.conversation import Conversations
from ragmeter.run.load.marks import Marks
from ragmeter.run.load.open_loop import Start, drive
from ragmeter.run.load.priority import is_ahead
from ragmeter.run.load.standstill import NONE, Standstill, StandstillWatch
from ragmeter.run.load.talking import talk_all
from ragmeter.run.load.tracing import in_a_trace


class Listener(Protocol):
    """Is told of each request. It must be quick."""

    def started(self) -> None:
        """One request was sent."""

    def ended(self, sample: RequestSample) -> None:
        """One request ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLoad:
    """CPU time that the load of a phase took from its process, and how long the phase was.

    dropped_packets: how many a capture lost meanwhile. uncaptured_connections: how many connections so far a capture
    does not date. real_time: whether the process had real-time priority. stood_still: how long it did not run.
    """

    cpu_s: float
    wall_s: float
    dropped_packets: int = 0
    uncaptured_connections: int = 0
    real_time: bool = False
    stood_still: Standstill = NONE


class Loader:
    """Sends what is planned of a workload to one service; use it in one event loop and close it there.

    origin_ns: the ``time.monotonic_ns`` reading that is 0 in the samples. clock: one of `clients.http.clocks.CLOCKS`.
    local_ports: see `HttpTransport`. marking: as in `RunPlan`. traced: whether each request has a trace of its own: see
    `in_a_trace`.
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
        marking: Marking | None = None,
        traced: bool = False,
    ) -> None:
        """Raises ConfigError for a clock that is not available, and for a file that cannot be read."""
        self._workload = workload
        self._pauses = Pauses()
        self._transport = transport_of(workload, provider, clock, local_ports, self._pauses)
        self._dialect = dialect_of(workload, provider, marking)
        self._ends = None if workload.tokenizer is None else ends_by(workload.tokenizer.path)
        self._marks = Marks(marking)
        self._traced = traced
        self._mark_by: MarkBy = "nonce" if marking is None else marking.by
        self._secrets = provider.secrets
        self._renewed: tuple[str, str] | None = None
        self._replica_header = provider.replica_header
        self._origin_ns = origin_ns
        self._listener = listener

    async def connect(self, connections: int) -> None:
        """Raises TargetError when one does not come up."""
        try:
            await self._transport.connect(connections)
        except TargetError as error:
            raise type(error)(self._secrets.mask(str(error))) from None

    def renew(self, header: str, value: str, secrets: Secrets) -> None:
        """Send another value of a header from now on. The old one may still be repeated, and stays a secret."""
        self._renewed = (header, value)
        self._secrets = self._secrets.with_these(secrets)

    def _authorized(self, request: HttpRequest) -> HttpRequest:
        """With the newest value of the header that lets it in."""
        if self._renewed is None:
            return request
        name, _ = self._renewed
        return replace(request, headers=(*(each for each in request.headers if each[0] != name), self._renewed))

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
    _answers: Backlog[tuple[Start, Exchange, str | None]] = field(init=False)
    _requests: dict[tuple[int, Lengths | None], HttpRequest] = field(init=False)
    """Made before the phase: it would be work between the moment of a start and its send."""
    _talks: Conversations | None = field(init=False)

    def __post_init__(self) -> None:
        self._answers = Backlog(self._keep, self.loader._pauses, rests=is_ahead())
        order = self.plan.prompt_order
        asked = set(zip(order, self.plan.lengths or (None,) * len(order), strict=True))
        self._requests = {} if self.plan.talks else {each: self._request(*each) for each in asked}
        self._talks = self._conversations() if self.plan.talks else None
        gc.collect()

    def _conversations(self) -> Conversations:
        loader = self.loader
        prompts, mark = loader._workload.prompts, loader._marks.written
        return Conversations(
            self.plan, loader._dialect, lambda index: prompts[index].text, mark=mark, mark_by=loader._mark_by
        )

    def _request(self, prompt_index: int, lengths: Lengths | None) -> HttpRequest:
        dialect, prompts, mark = self.loader._dialect, self.loader._workload.prompts, self.loader._marks.written
        if lengths is None:
            return dialect.request(prompts[prompt_index].text, mark=mark)
        text = prompts[prompt_index].text
        if lengths.input_tokens is not None:
            texts = [prompt.text for prompt in prompts]
            text = prompt_of_length(texts, prompt_index, lengths.input_tokens, self.loader._ends)
        return dialect.request(text, max_tokens=lengths.output_tokens, mark=mark)

    async def run(self, begin_ns: int | None = None) -> ClientLoad:
        """Send it; returns when every request has ended.

        begin_ns: the ``time.monotonic_ns`` reading at which the phase begins; None for now. When it is cancelled,
        requests in flight are kept with the class ``interrupted``.
        """
        loader = self.loader
        with _quiet_collector():
            cpu_s, wall_s, lost = time.process_time(), time.monotonic(), loader._losses().packets
            watch = StandstillWatch()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._answers.run())
                with watch.ticking():
                    if self._talks is None:
                        await drive(self.plan, self._send, begin_ns, loader._pauses)
                    else:
                        await talk_all(self.plan, self._say, begin_ns, loader._pauses)
                self._answers.close()
            return ClientLoad(
                cpu_s=time.process_time() - cpu_s,
                wall_s=time.monotonic() - wall_s,
                dropped_packets=loader._losses().packets - lost,
                uncaptured_connections=loader._losses().connections,
                real_time=is_ahead(),
                stood_still=watch.found(),
            )

    async def _send(self, start: Start) -> None:
        """Send one request and hand on its answer; when it is cancelled half way, keep what is known."""
        loader = self.loader
        loader._listener.started()
        deadline_ns = time.monotonic_ns() + self._patience_ns(start)
        try:
            if self._talks is None or start.session is None:
                made = self._requests[start.prompt_index, start.lengths]
                request = loader._marks.placed(made, self.plan, start.index)
            else:
                request = self._talks.request(start.session)
            request, trace_id = loader._authorized(request), None
            if loader._traced:
                request, trace_id = in_a_trace(request)
            exchange = await loader._transport.exchange(request, deadline_ns=deadline_ns)
        except asyncio.CancelledError:
            loader._listener.ended(self._interrupted(start))
            raise
        self._answers.add((start, exchange, trace_id))

    def _patience_ns(self, start: Start) -> int:
        """How long the client waits for the whole answer."""
        timeout_ns = int(self.loader._workload.timeout_s * 1e9)
        return timeout_ns if start.leaves_ns is None else min(start.leaves_ns, timeout_ns)

    async def _say(self, start: Start) -> int | None:
        """Send one turn, and wait until its answer is read: see `ragmeter.run.load.talking.Say`."""
        if self._talks is None or start.session is None:
            raise RuntimeError("a turn is of a session")
        waiting = self._talks.wait(start.session)
        await self._send(start)
        sample = await waiting
        return sample.ended_ns + self.loader._origin_ns if sample.ok else None

    def _keep(self, answer: tuple[Start, Exchange, str | None]) -> None:
        start, exchange, trace_id = answer
        heard = Heard()
        allowed = None if start.lengths is None else start.lengths.output_tokens
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
            max_tokens=self.loader._workload.max_output_tokens if allowed is None else allowed,
            secrets=self.loader._secrets,
            replica_header=self.loader._replica_header,
            ends=self.loader._ends,
            session=start.session,
            turn=start.turn,
            heard=heard,
        )
        sample = sample if trace_id is None else replace(sample, sent_trace_id=trace_id)
        sample = self._scored(self._left(start, sample), heard)
        self.loader._listener.ended(sample)
        if self._talks is not None and start.session is not None:
            self._talks.read(start.session, sample, heard.text)

    def _scored(self, sample: RequestSample, heard: Heard) -> RequestSample:
        """With what the answer's text says of its quality. The text itself goes no further."""
        if not sample.ok:
            return sample
        prompt = self.loader._workload.prompts[sample.prompt_index]
        given = Given(ids=heard.ids, texts=heard.passages)
        return replace(sample, scores=score_answer(heard.text, prompt.text, prompt.answers, given))

    def _left(self, start: Start, sample: RequestSample) -> RequestSample:
        """A client that goes away does so at its own deadline, if that is the earlier one."""
        leaves_ns = start.leaves_ns
        if leaves_ns is None or sample.error is not ErrorClass.TIMEOUT or self._patience_ns(start) != leaves_ns:
            return sample
        words = f"its client went away after {leaves_ns / 1e9:.3g} s"
        return replace(sample, error=ErrorClass.LEFT, error_message=words)

    def _interrupted(self, start: Start) -> RequestSample:
        origin_ns = self.loader._origin_ns
        return RequestSample(
            index=start.index,
            phase=Phase(self.plan.name),
            trial=self.plan.trial,
            step=self.plan.step,
            prompt_index=start.prompt_index,
            session=start.session,
            turn=start.turn,
            scheduled_ns=start.scheduled_ns - origin_ns,
            ended_ns=time.monotonic_ns() - origin_ns,
            error=ErrorClass.INTERRUPTED,
            error_message="the run was stopped",
        )


def transport_of(
    workload: Workload,
    provider: Provider,
    clock: str = AUTO,
    local_ports: range | None = None,
    pauses: Pauses | None = None,
) -> Transport:
    """What asks the target of the workload. Raises ConfigError as `HttpTransport` and `PluginTransport` do."""
    url = str(provider.base_url)
    if workload.described is not None and workload.described.plugin is not None:
        return PluginTransport(
            workload.described.plugin,
            url,
            tls=provider.tls,
            clock=clock,
            local_ports=local_ports,
            pauses=pauses,
            addresses=provider.addresses,
            proxies=provider.proxies,
        )
    return HttpTransport(
        [url],
        http2=provider.http2,
        tls=provider.tls,
        clock=clock,
        local_ports=local_ports,
        pauses=pauses,
        addresses=provider.addresses,
        proxies=provider.proxies,
    )


def dialect_of(workload: Workload, provider: Provider, marking: Marking | None = None) -> Dialect:
    """What the target of the workload is asked at this provider, and how its answers are read. marking: as in
    `RunPlan`.
    """
    headers = tuple(provider.headers.items())
    by: MarkBy = "nonce" if marking is None else marking.by
    if workload.described is not None:
        values, stated = target_values(workload), workload.request
        return described_dialect(workload.described, values=values, headers=headers, stated=stated, mark_by=by)
    if workload.target == "openai":
        return OpenAiDialect(
            model=str(workload.model_id),
            max_tokens=workload.max_output_tokens,
            asked=workload.request,
            body=workload.body,
            headers=headers,
            mark_by=by,
        )
    return RagDialect(
        k=workload.k,
        docset=workload.docset,
        retrieval_mode=workload.retrieval_mode,
        candidates=workload.candidates,
        rerank=workload.rerank,
        filter=workload.filter,
        max_tokens=workload.max_output_tokens,
        tells_passages=workload.passage_texts,
        headers=headers,
        mark_by=by,
    )


_FILES_OF_A_LOOP = 8
"""libuv ends the process, without a word, where its first loop cannot open the few that it needs."""


def fast_loop() -> asyncio.AbstractEventLoop:
    """uvloop's event loop where there is one: not on Windows. Raises OSError where no more files may be opened."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    with ExitStack() as opened:
        for _ in range(_FILES_OF_A_LOOP):
            opened.callback(os.close, os.open(os.devnull, os.O_RDONLY))
    return uvloop.new_event_loop()


@contextmanager
def _quiet_collector() -> Iterator[None]:
    """No garbage collection within: a pause of many milliseconds would be taken for the server's."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
