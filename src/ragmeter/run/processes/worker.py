"""A process that sends load and does nothing else: ``python -m ragmeter.run.processes.worker FD``.

It is told what to do over the socket FD, tells of each request as it ends, and ends when the other end is gone.
"""

import asyncio
import resource
import socket
import sys
from collections.abc import Coroutine
from typing import Any

from ragmeter.clients.connection.local_ports import share_of_ports
from ragmeter.clients.plugins.registry import known
from ragmeter.core.errors import ClientError, RagmeterError
from ragmeter.core.requests.records import RequestSample
from ragmeter.run.load.loader import ClientLoad, Loader, Prepared, fast_loop
from ragmeter.run.load.priority import take_priority
from ragmeter.run.processes.channel import Channel
from ragmeter.run.processes.messages import Begin, Connect, Prepare, Ready, Refused, Renew, Sent, Started

TELL_S = 0.1
SPARE_FILES = 64
"""File descriptors that a worker needs beside its connections."""


class Worker:
    """Does what it is told, one thing after the other; only `Stop` and `Renew` reach it in the middle of one."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._loader: Loader | None = None
        self._started = 0

    async def serve(self) -> None:
        """Returns when the other end is gone."""
        phase: Prepared | None = None
        order = asyncio.create_task(self._channel.receive())
        while (told := await order) is not None:
            order = asyncio.create_task(self._channel.receive())
            if isinstance(told, Connect):
                self._channel.send(await self._connect(told))
            elif isinstance(told, Prepare) and self._loader is not None:
                phase = self._loader.prepare(told.plan)
                self._channel.send(Ready())
            elif isinstance(told, Renew):
                self._renew(told)
            elif isinstance(told, Begin) and phase is not None:
                client_load, order = await self._until(order, phase.run(told.at_ns))
                self._tell_started()
                self._channel.send(Sent(client_load))

    def _renew(self, told: Renew) -> None:
        if self._loader is not None:
            self._loader.renew(told.header, told.value, told.secrets)

    async def _until(
        self, order: "asyncio.Task[Any]", work: Coroutine[Any, Any, ClientLoad]
    ) -> "tuple[ClientLoad | None, asyncio.Task[Any]]":
        """What the work returns, and the next order. None when one came first that ends it, or the other end went
        away.
        """
        task = asyncio.create_task(work)
        while True:
            await asyncio.wait({task, order}, return_when=asyncio.FIRST_COMPLETED)
            if task.done() or not isinstance(order.result(), Renew):
                break
            self._renew(order.result())
            order = asyncio.create_task(self._channel.receive())
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
        return (None if task.cancelled() else task.result()), order

    async def _connect(self, told: Connect) -> Ready | Refused:
        await self.aclose()
        try:
            allow_files(told.connections)
            known(*told.plugins)
            self._loader = Loader(
                told.workload,
                told.provider,
                origin_ns=told.origin_ns,
                listener=self,
                clock=told.clock,
                local_ports=share_of_ports(told.process, told.processes),
                marking=told.marking,
                traced=told.traced,
            )
            await self._loader.connect(told.connections if told.at_once is None else told.at_once)
        except RagmeterError as error:
            return Refused(str(error), is_own=isinstance(error, ClientError))
        return Ready()

    async def aclose(self) -> None:
        """Close the connections to the service."""
        if self._loader is not None:
            await self._loader.aclose()
            self._loader = None

    def started(self) -> None:
        """Counted and told now and then: a message for each would be work between requests."""
        self._started += 1
        if self._started == 1:
            asyncio.get_running_loop().call_later(TELL_S, self._tell_started)

    def ended(self, sample: RequestSample) -> None:
        self._channel.send(sample)

    def _tell_started(self) -> None:
        if self._started:
            self._channel.send(Started(self._started))
            self._started = 0


def allow_files(connections: int) -> None:
    """Raise ClientError when this process may not have so many connections at once, after raising its own limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    needed = connections + SPARE_FILES
    if hard != resource.RLIM_INFINITY and needed > hard:
        raise ClientError(
            f"{connections} connections need {needed} file descriptors, and a process may have {hard} here: raise the "
            "limit (ulimit -Hn) or use more load processes"
        )


async def main(descriptor: int) -> None:
    """Serve until the parent is gone."""
    take_priority()
    channel = await Channel.open(socket.socket(fileno=descriptor))
    worker = Worker(channel)
    try:
        await worker.serve()
    finally:
        await worker.aclose()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=fast_loop) as runner:
        runner.run(main(int(sys.argv[1])))
