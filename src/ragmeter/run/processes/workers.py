"""Load processes, seen from the process that reports: started once, told what to send, listened to, stopped."""

import asyncio
import math
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from ragmeter.core.errors import ClientError, TargetError
from ragmeter.core.inputs.access.auth import HEADER
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.requests.records import RequestSample
from ragmeter.core.schedule.plan import PhasePlan
from ragmeter.core.schedule.shards import shards
from ragmeter.run.load.loader import ClientLoad, Listener
from ragmeter.run.processes.channel import Channel, opened
from ragmeter.run.processes.children import Child
from ragmeter.run.processes.messages import Begin, Connect, Prepare, Ready, Refused, Renew, Sent, Started, Stop

STOP_S = 5.0
TO_BEGIN_NS = 10_000_000
"""From the word to begin to the beginning: every process has heard it by then."""
LOAD_OF_ONE = 500
"""Requests in flight, or starts a second, for which one process has time to spare on a core of its own."""


def worker_count(workload: Workload, *, embedded: bool, cores: int) -> int:
    """How many load processes a workload needs.

    embedded: the service runs on this machine and needs the cores itself.
    """
    most = max(workload.concurrency or 0, workload.peak_rate_per_s or 0.0)
    return 1 if embedded else max(1, min(cores - 1, math.ceil(most / LOAD_OF_ONE)))


class WorkerDied(Exception):  # noqa: N818 - what happened, in a sentence
    """A load process ended while it was needed."""


@dataclass(slots=True)
class _Process:
    """A load process and our end of its socket."""

    child: Child
    sock: socket.socket


class Workers:
    """A context manager: the load processes start at their first use and are gone at the end.

    They share nothing with this process but a socket each, so that nothing that is done here holds up a request. None
    outlives this process, whatever ends it: see `ragmeter.run.processes.tether`.
    """

    def __init__(self, count: int = 1) -> None:
        self.count = count
        self._processes: list[_Process] = []
        self._is_open = False

    def __enter__(self) -> Self:
        self._is_open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_open = False
        self._end()

    @asynccontextmanager
    async def connected(self, connect: Connect) -> "AsyncIterator[WorkerPool]":
        """The processes with connections to a service. Raises TargetError when they cannot be opened.

        connect: for all of them together; each opens its share of the connections.
        """
        if any(process.child.ended() for process in self._processes):
            self._end()
        while len(self._processes) < self.count:
            self._processes.append(self._started(len(self._processes)))
        async with AsyncExitStack() as stack:
            channels = [await stack.enter_async_context(opened(process.sock.dup())) for process in self._processes]
            team = WorkerPool([each.child for each in self._processes], channels)
            try:
                await team.connect(connect)
                yield team
            finally:
                await stack.aclose()
                if not team.is_settled:
                    self._end()

    def _started(self, number: int) -> _Process:
        if not self._is_open:
            raise RuntimeError("load processes run inside a with statement")
        ours, theirs = socket.socketpair()
        with theirs:
            child = Child(
                f"load process {number}",
                [sys.executable, "-m", "ragmeter.run.processes.worker", str(theirs.fileno())],
                environment=os.environ,
                pass_fds=(theirs.fileno(),),
            )
        return _Process(child, ours)

    def _end(self) -> None:
        for process in self._processes:
            process.sock.close()
        for process in self._processes:
            process.child.stop()
        self._processes.clear()


class WorkerPool:
    """Load processes that are connected to a service.

    is_settled: whether they have said all that they were asked to. What one still has to say would be taken for the
    answer to the next question.
    """

    def __init__(self, children: Sequence[Child], channels: Sequence[Channel]) -> None:
        self._members = list(zip(children, channels, strict=True))
        self.is_settled = True

    async def connect(self, connect: Connect) -> None:
        """Raises TargetError with the first refusal: ClientError, where it is this machine's."""
        count = len(self._members)
        share = -(-connect.connections // count)
        at_once = None if connect.at_once is None else -(-connect.at_once // count)
        for number, (_, channel) in enumerate(self._members):
            mine = replace(connect, connections=share, at_once=at_once, process=number, processes=count)
            channel.send(mine)
        await self._all_ready()

    async def _all_ready(self) -> None:
        self.is_settled = False
        answers = [(child, await channel.receive()) for child, channel in self._members]
        for child, answer in answers:
            if not isinstance(answer, Ready | Refused):
                raise WorkerDied(_end_of(child))
        self.is_settled = True
        for _, answer in answers:
            if isinstance(answer, Refused):
                raise (ClientError if answer.is_own else TargetError)(answer.reason)

    def renew(self, provider: Provider) -> None:
        """Have the requests from now on the header of the provider that lets them in, also those of a running phase."""
        renewed = Renew(header=HEADER, value=provider.headers[HEADER], secrets=provider.secrets)
        for _, channel in self._members:
            channel.send(renewed)

    async def send(self, plan: PhasePlan, begin_ns: int | None, listener: Listener) -> list[ClientLoad]:
        """Send a phase, each process its shard of it, from one moment on; what it cost each of them.

        begin_ns: the ``time.monotonic_ns`` reading of that moment; None for as soon as all are ready. When this is
        cancelled, or a process dies (WorkerDied), the others stop, and what is in flight is kept.
        """
        for (_, channel), part in zip(self._members, shards(plan, len(self._members)), strict=True):
            channel.send(Prepare(part))
        await self._all_ready()
        at_ns = time.monotonic_ns() + TO_BEGIN_NS if begin_ns is None else begin_ns
        self.is_settled = False
        for _, channel in self._members:
            channel.send(Begin(at_ns))
        tasks = [asyncio.create_task(_listen(child, channel, listener)) for child, channel in self._members]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            return [client_load for task in tasks if task in done and (client_load := task.result()) is not None]
        finally:
            await self._stop([task for task in tasks if not task.done()])
            self.is_settled = not any(task.cancelled() or task.exception() for task in tasks)

    async def _stop(self, running: "list[asyncio.Task[ClientLoad | None]]") -> None:
        """Let them tell of what was in flight, but not for ever: a process that hangs ends with us."""
        if not running:
            return
        for _, channel in self._members:
            channel.send(Stop())
        await asyncio.wait(running, timeout=STOP_S)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _listen(child: Child, channel: Channel, listener: Listener) -> ClientLoad | None:
    """Pass on what a process tells of a phase, until it is over. Raises WorkerDied."""
    while (told := await channel.receive()) is not None:
        if isinstance(told, RequestSample):
            listener.ended(told)
        elif isinstance(told, Started):
            for _ in range(told.count):
                listener.started()
        elif isinstance(told, Sent):
            return told.client_load
    raise WorkerDied(_end_of(child))


def _end_of(child: Child) -> str:
    """A sentence on a process whose socket is closed: it has ended or is about to."""
    return child.end_within(STOP_S) or f"{child.name} (pid {child.pid}) closed its socket"
