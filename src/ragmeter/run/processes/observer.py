"""A process that reads the metrics of servers and does nothing else: ``python -m ragmeter.run.processes.observer FD``.

It is told over the socket FD which pages to read, tells what they say, and ends when the other end is gone. It sends no
load, so that reading a page holds up no request of the client.
"""

import asyncio
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Final, Literal

import httpx

from ragmeter.clients.observe.source import MetricsSource, Page, read_page
from ragmeter.core.errors import ConfigError
from ragmeter.core.figures.observe.records import Reading
from ragmeter.run.processes.channel import Channel
from ragmeter.run.processes.observer_messages import BeginSpan, EdgeRead, EndSpan, Renew

INTERVAL_S: Final = 1.0
FIRST_S: Final = 0.5
"""From the beginning of a span to its first reading: those of a span stand in the middle of its seconds."""


class _Watching:
    """One span: its sources with a connection each, and what reads them."""

    def __init__(self, told: BeginSpan, channel: Channel) -> None:
        self.told = told
        self._channel = channel
        self._clients: list[tuple[MetricsSource, httpx.AsyncClient | str]] = []
        self._loops: list[asyncio.Task[None]] = []
        self._stack = AsyncExitStack()
        self._cpu_ns = time.process_time_ns()

    async def begin(self) -> None:
        for source in self.told.sources:
            try:
                client: httpx.AsyncClient | str = await self._stack.enter_async_context(source.client())
            except ConfigError as error:
                client = str(error)
            self._clients.append((source, client))
        await self._edge("begin")
        began_s = time.monotonic()
        self._loops = [asyncio.create_task(self._each_second(*at, began_s)) for at in self._clients]

    def renew(self, sources: Sequence[MetricsSource]) -> None:
        headers = {source.url: source.headers for source in sources}
        for source, client in self._clients:
            if isinstance(client, httpx.AsyncClient):
                client.headers.update(headers.get(source.url, {}))

    async def end(self) -> None:
        await self.stop()
        await self._edge("end")
        await self._stack.aclose()

    async def stop(self) -> None:
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)

    async def drop(self) -> None:
        await self.stop()
        await self._stack.aclose()

    async def _each_second(self, source: MetricsSource, client: httpx.AsyncClient | str, began_s: float) -> None:
        """A page that takes longer is read again at the next whole second: its readings keep their places."""
        tick = 0
        while True:
            elapsed_s = time.monotonic() - began_s - FIRST_S
            tick = max(tick + 1, int(elapsed_s // INTERVAL_S) + 2) if elapsed_s >= 0 else 1
            await asyncio.sleep(max(0.0, FIRST_S + (tick - 1) * INTERVAL_S - (time.monotonic() - began_s)))
            page = await _read(client, source, buckets=False)
            self._channel.send(self._reading(source.url, page, None, tick))

    async def _edge(self, edge: Literal["begin", "end"]) -> None:
        pages = await asyncio.gather(*(_read(client, source, buckets=True) for source, client in self._clients))
        named = zip(self._clients, pages, strict=True)
        readings = tuple(self._reading(source.url, page, edge, 0) for (source, _), page in named)
        self._channel.send(EdgeRead(self.told.number, readings))

    def _reading(self, url: str, page: Page, edge: Literal["begin", "end"] | None, tick: int) -> Reading:
        before, self._cpu_ns = self._cpu_ns, time.process_time_ns()
        return Reading(
            source=url,
            span=self.told.span,
            at_ns=(page.began_ns + page.ended_ns) // 2 - self.told.origin_ns,
            took_ns=page.ended_ns - page.began_ns,
            cpu_ns=self._cpu_ns - before,
            edge=edge,
            tick=tick,
            samples=page.samples,
            failure=page.failure,
        )


async def _read(client: httpx.AsyncClient | str, source: MetricsSource, *, buckets: bool) -> Page:
    if isinstance(client, str):
        now_ns = time.monotonic_ns()
        return Page(began_ns=now_ns, ended_ns=now_ns, failure=client)
    return await read_page(client, source, buckets=buckets)


async def main(descriptor: int) -> None:
    """Serve until the parent is gone."""
    channel = await Channel.open(socket.socket(fileno=descriptor))
    watching: _Watching | None = None
    while (told := await channel.receive()) is not None:
        if watching is not None and isinstance(told, Renew):
            watching.renew(told.sources)
            continue
        if watching is not None and not isinstance(told, EndSpan):
            await watching.drop()
            watching = None
        if isinstance(told, BeginSpan):
            watching = _Watching(told, channel)
            await watching.begin()
        elif isinstance(told, EndSpan) and watching is not None:
            await watching.end()
            watching = None


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
