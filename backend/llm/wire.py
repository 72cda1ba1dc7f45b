"""A pooled HTTP/1.1 client for one server, lean enough for 10,000 token events a second.

asyncio.Protocol and llhttp: one callback for each read, and one wake-up of the reading task for all that came with it.
General clients cost 40 to 150 µs of CPU for each event; this one costs a third of that.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import httptools

from ..errors import LlmCutError, LlmError, LlmProtocolError, LlmSilentError, LlmUnreachableError
from .round_trip import round_trip_ms

_CONNECT_TIMEOUT_S = 5.0
# Below the 5 s after which uvicorn (vLLM) and cpp-httplib (llama.cpp) close an idle connection.
_IDLE_S = 4.0
_PAUSE_BYTES = 256 * 1024


class StaleConnectionError(LlmUnreachableError):
    """A kept connection was closed by the server before it sent a byte: another one may work."""


class Exchange:
    """One request and its response. `read` returns the body bytes that came since the last call, b"" at the end."""

    def __init__(self, connection: Connection, silence_s: float) -> None:
        self.status = 0
        self.ended = False
        self._connection = connection
        self._chunks: list[bytes] = []
        self._waiting_bytes = 0
        self._error: LlmError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._silence_s = silence_s
        self._heard_s = time.monotonic()
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(silence_s, self._check_silence)

    async def head(self) -> int:
        """The status of the response."""
        while not self.status:
            await self._wait()
        return self.status

    @property
    def round_trip_ms(self) -> float | None:
        """Of the connection, by the kernel; None where it does not tell."""
        return self._connection.round_trip_ms

    async def read(self) -> bytes:
        while not self._chunks:
            if self.ended:
                return b""
            await self._wait()
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        if self._waiting_bytes > _PAUSE_BYTES:
            self._connection.resume()
        self._waiting_bytes = 0
        return data

    def fail(self, error: LlmError) -> None:
        """Ends the exchange: the reader gets what has come, then `error`."""
        if not self.ended and self._error is None:
            self._error = error
            self._finish()

    def close(self) -> None:
        self._timer.cancel()

    def on_head(self, status: int) -> None:
        self._heard_s = time.monotonic()
        self.status = status
        self._wake()

    def on_body(self, data: bytes) -> None:
        self._heard_s = time.monotonic()
        self._chunks.append(data)
        self._waiting_bytes += len(data)
        if self._waiting_bytes > _PAUSE_BYTES:
            self._connection.pause()
        self._wake()

    def on_end(self) -> None:
        self.ended = True
        self._finish()

    def _finish(self) -> None:
        self._timer.cancel()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _wait(self) -> None:
        if self._error is not None:
            raise self._error
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _check_silence(self) -> None:
        # Re-armed lazily: a timer for each token would cost more than the token.
        left_s = self._heard_s + self._silence_s - time.monotonic()
        if left_s <= 0:
            self.fail(LlmSilentError(f"the LLM sent nothing for {self._silence_s:g} s"))
        else:
            self._timer = self._loop.call_later(left_s, self._check_silence)


class Connection(asyncio.Protocol):
    """Its `on_` methods are the callbacks of httptools.HttpResponseParser."""

    def __init__(self) -> None:
        self.idle_since_s = 0.0
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._exchange: Exchange | None = None
        self._served = 0
        self._keep_alive = False

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    @property
    def round_trip_ms(self) -> float | None:
        return None if self._transport is None else round_trip_ms(self._transport)

    def start(self, request: bytes, silence_s: float) -> Exchange:
        self._parser = httptools.HttpResponseParser(self)
        self._keep_alive = False
        self._exchange = Exchange(self, silence_s)
        if self._transport is None or self._transport.is_closing():
            self._exchange.fail(StaleConnectionError("the LLM closed the connection"))
        else:
            self._transport.write(request)
        return self._exchange

    def release(self) -> bool:
        """Ends the exchange; True when the connection may serve another."""
        exchange, self._exchange = self._exchange, None
        reusable = exchange is not None and exchange.ended and self._keep_alive and self.usable
        if exchange is not None:
            exchange.close()
        if not reusable:
            self.abort()
        self.idle_since_s = time.monotonic()
        return reusable

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def pause(self) -> None:
        if self._transport is not None and self._transport.is_reading():
            self._transport.pause_reading()

    def resume(self) -> None:
        if self.usable and self._transport is not None and not self._transport.is_reading():
            self._transport.resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a stream connection: always a Transport

    def data_received(self, data: bytes) -> None:
        if self._exchange is None or self._parser is None:
            self.abort()  # bytes that nobody asked for
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._exchange.fail(LlmProtocolError(f"the LLM's answer is not HTTP ({error}): {data[:60]!r}"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        exchange = self._exchange
        if exchange is None:
            return
        if exchange.status:
            exchange.fail(LlmCutError("the LLM closed the connection in the middle of its answer"))
        elif self._served:
            exchange.fail(StaleConnectionError("the LLM closed a kept connection"))
        else:
            exchange.fail(LlmUnreachableError(f"the LLM closed the connection unasked ({exc or 'end of file'})"))

    def on_headers_complete(self) -> None:
        if self._exchange is not None and self._parser is not None:
            self._exchange.on_head(self._parser.get_status_code())

    def on_body(self, body: bytes) -> None:
        if self._exchange is not None:
            self._exchange.on_body(body)

    def on_message_complete(self) -> None:
        if self._exchange is not None and self._parser is not None:
            self._served += 1
            self._keep_alive = self._parser.should_keep_alive()
            self._exchange.on_end()


class HttpPool:
    """Connections to one server, kept while they are fresh. As many as there are exchanges: admission bounds those."""

    def __init__(self, base_url: str, *, silence_s: float, api_key: str | None) -> None:
        parts = urlsplit(base_url)
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._tls else 80)
        self._prefix = parts.path
        self._silence_s = silence_s
        self._idle: list[Connection] = []
        authority = parts.netloc
        self._headers = f"host: {authority}\r\naccept: application/json, text/event-stream\r\n"
        if api_key is not None:
            self._headers += f"authorization: Bearer {api_key}\r\n"

    @asynccontextmanager
    async def exchange(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        silence_s: float | None = None,
    ) -> AsyncIterator[Exchange]:
        """The response, once its head is there. Leaving before its end closes the connection: the server stops."""
        request = self._request(method, path, body, headers or {})
        connection, exchange = await self._begin(request, silence_s or self._silence_s)
        try:
            yield exchange
        finally:
            if connection.release():
                self._idle.append(connection)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().abort()

    def _request(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        content = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n" if body else ""
        own = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{method} {self._prefix}{path} HTTP/1.1\r\n{self._headers}{own}{content}\r\n".encode("latin-1") + body

    async def _begin(self, request: bytes, silence_s: float) -> tuple[Connection, Exchange]:
        while (connection := self._take_idle()) is not None:
            with suppress(StaleConnectionError):
                return connection, await _start(connection, request, silence_s)
        connection = await self._connect()
        return connection, await _start(connection, request, silence_s)

    def _take_idle(self) -> Connection | None:
        oldest_s = time.monotonic() - _IDLE_S
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and connection.idle_since_s > oldest_s:
                return connection
            connection.abort()
        return None

    async def _connect(self) -> Connection:
        try:
            async with asyncio.timeout(_CONNECT_TIMEOUT_S):
                _, connection = await asyncio.get_running_loop().create_connection(
                    Connection, self._host, self._port, ssl=self._tls
                )
        except TimeoutError as error:
            raise LlmUnreachableError(
                f"no connection to the LLM at {self._host}:{self._port} in {_CONNECT_TIMEOUT_S:g} s"
            ) from error
        except OSError as error:
            raise LlmUnreachableError(f"no connection to the LLM at {self._host}:{self._port}: {error}") from error
        return connection


async def _start(connection: Connection, request: bytes, silence_s: float) -> Exchange:
    exchange = connection.start(request, silence_s)
    try:
        await exchange.head()
    except BaseException:  # cancelled, too: an exchange that nobody reads must not go on
        connection.release()
        raise
    return exchange
