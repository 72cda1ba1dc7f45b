"""One HTTP/1.1 connection: how it comes up, piece by piece and timed, and one request at a time on it."""

import asyncio
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any, cast

from ragmeter.clients.origin import Origin
from ragmeter.clients.response import ResponseReader
from ragmeter.core.records import ErrorClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How long each part of a new connection took; ``tls_ns`` is None without TLS."""

    dns_ns: int
    connect_ns: int
    tls_ns: int | None = None


class DialError(Exception):
    """The connection did not come up; ``error`` is CONNECT or TLS."""

    def __init__(self, error: ErrorClass, message: str) -> None:
        super().__init__(message)
        self.error = error


class Connection(asyncio.Protocol):
    """Dates bytes the moment asyncio hands them over, before anything looks at them."""

    def __init__(self) -> None:
        self.setup: Setup | None = None
        self.sent_ns: int | None = None
        self.response: ResponseReader | None = None
        self.lost = asyncio.Event()
        self._done: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        now_ns = time.monotonic_ns()
        if self._done is None or self.response is None:
            self.abort()  # bytes that nobody asked for: they would be taken for the next answer
        elif self.response.feed(data, now_ns):
            self._finish()

    def connection_lost(self, exc: Exception | None) -> None:
        now_ns = time.monotonic_ns()
        self.lost.set()
        if self._done is not None and self.response is not None:
            self.response.lost(
                now_ns, f"the connection was reset ({exc})" if exc else "the server closed the connection"
            )
            self._finish()

    def _finish(self) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_result(None)
        self._done = None

    async def roundtrip(self, wire: bytes) -> None:
        """Send a request and wait until its response is over; read it from ``response``, also when cancelled."""
        assert self._transport is not None  # noqa: S101 - asyncio calls connection_made before it returns the protocol
        self.response = ResponseReader()
        self._done = asyncio.get_running_loop().create_future()
        done = self._done
        self.sent_ns = time.monotonic_ns()
        self._transport.write(wire)
        await done

    @property
    def usable(self) -> bool:
        """Whether a request may be sent: nothing under way, nothing left over, not known to be closed."""
        if self._transport is None or self._transport.is_closing() or self._done is not None:
            return False
        return self.response is None or self.response.reusable

    def abort(self) -> None:
        """Close at once. What the response has so far stays readable."""
        self._done = None
        if self._transport is not None:
            self._transport.abort()


async def dial(origin: Origin, tls: ssl.SSLContext | None, *, timeout_s: float) -> Connection:
    """Open a connection. Raises DialError; a cancelled call leaves no socket behind."""
    try:
        async with asyncio.timeout(timeout_s):
            return await _dial(origin, tls)
    except TimeoutError as error:
        raise DialError(ErrorClass.CONNECT, f"no connection to {origin} within {timeout_s:g} s") from error


async def _dial(origin: Origin, tls: ssl.SSLContext | None) -> Connection:
    began_ns = time.monotonic_ns()
    addresses = await _resolve(origin)
    resolved_ns = time.monotonic_ns()
    sock = await _connect_any(addresses, origin)
    connected_ns = time.monotonic_ns()
    connection = await _wrap(sock, origin, tls)
    connection.setup = Setup(
        dns_ns=resolved_ns - began_ns,
        connect_ns=connected_ns - resolved_ns,
        tls_ns=time.monotonic_ns() - connected_ns if tls else None,
    )
    return connection


async def _resolve(origin: Origin) -> list[tuple[socket.AddressFamily, Any]]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DialError(ErrorClass.CONNECT, f"the name {origin.host!r} does not resolve: {error}") from error
    return [(family, address) for family, _, _, _, address in found]


async def _connect_any(addresses: list[tuple[socket.AddressFamily, Any]], origin: Origin) -> socket.socket:
    """The first address that answers, in the resolver's order. Raises DialError with the last refusal."""
    refusal: OSError | None = None
    for family, address in addresses:
        try:
            return await _connect(family, address)
        except OSError as error:
            refusal = error
    raise DialError(ErrorClass.CONNECT, f"cannot connect to {origin}: {refusal}") from refusal


async def _connect(family: socket.AddressFamily, address: Any) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


async def _wrap(sock: socket.socket, origin: Origin, tls: ssl.SSLContext | None) -> Connection:
    try:
        _, connection = await asyncio.get_running_loop().create_connection(
            Connection, sock=sock, ssl=tls, server_hostname=origin.host if tls else None
        )
    except OSError as error:  # ssl.SSLError is one
        sock.close()
        error_class = ErrorClass.TLS if tls else ErrorClass.CONNECT
        raise DialError(error_class, f"no TLS with {origin}: {error}" if tls else f"{origin}: {error}") from error
    except BaseException:
        sock.close()
        raise
    return connection
