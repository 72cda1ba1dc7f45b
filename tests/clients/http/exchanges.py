"""What the tests of the transport send, and to what."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import uvloop

from ragmeter.clients.connection.transport import Exchange, HttpRequest
from ragmeter.clients.http.client import HttpTransport

GET_INFO = HttpRequest(method="GET", path="/info")


STREAM = HttpRequest(method="POST", path="/query/stream", body=b'{"query": "why?"}')


TransportTo = Callable[..., contextlib.AbstractAsyncContextManager[HttpTransport]]


RUNNERS: list[Callable[[Coroutine[Any, Any, Any]], Any]] = [asyncio.run, uvloop.run]


async def send(transport: HttpTransport, request: HttpRequest = GET_INFO, *, timeout_s: float = 10) -> Exchange:
    return await transport.exchange(request, deadline_ns=time.monotonic_ns() + int(timeout_s * 1e9))


@contextlib.asynccontextmanager
async def closing(transport: HttpTransport) -> AsyncIterator[HttpTransport]:
    try:
        yield transport
    finally:
        await transport.aclose()


@contextlib.asynccontextmanager
async def raw_server(answer: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that answers anything with ``answer`` and closes; with what it was sent."""
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listener:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}", seen
