"""How a connection comes up, piece by piece and timed."""

import asyncio
import socket
import ssl
import time
from typing import Any, Protocol

from ragmeter.clients.connection import Connection, Link, Receiver, Setup
from ragmeter.clients.origin import Origin
from ragmeter.clients.tcp_info import read_tcp_info
from ragmeter.clients.transport import CaptureLosses
from ragmeter.core.records import ErrorClass


class Links(Protocol):
    """Opens links of one kind, which may share what they learn."""

    def prepare(self) -> None:
        """Called before a connection is made. Raises OSError."""

    def place(self, sock: socket.socket) -> None:
        """Called with each socket before it is connected. Raises OSError."""

    async def open(
        self, sock: socket.socket, receiver: Receiver, tls_context: ssl.SSLContext | None, host: str
    ) -> Link:
        """From a connected socket, its receiver and, for TLS, the context and the host name to a link, hands shaken.

        Raises OSError, of which ssl.SSLError is one. The socket is closed by the caller of one that raises.
        """
        ...

    def losses(self) -> CaptureLosses | None:
        """What a capture missed, also after `close`; None where nothing is captured."""
        ...

    def close(self) -> None:
        """When all links are closed."""


class DialError(Exception):
    """The connection did not come up; ``error`` is CONNECT or TLS."""

    def __init__(self, error: ErrorClass, message: str) -> None:
        super().__init__(message)
        self.error = error


async def dial(origin: Origin, tls: ssl.SSLContext | None, links: Links, *, timeout_s: float) -> Connection:
    """Open a connection. Raises DialError; a cancelled call leaves no socket behind."""
    try:
        async with asyncio.timeout(timeout_s):
            return await _dial(origin, tls, links)
    except TimeoutError as error:
        raise DialError(ErrorClass.CONNECT, f"no connection to {origin} within {timeout_s:g} s") from error


async def _dial(origin: Origin, tls: ssl.SSLContext | None, links: Links) -> Connection:
    _prepare(links, origin)
    began_ns = time.monotonic_ns()
    addresses = await _resolve(origin)
    resolved_ns = time.monotonic_ns()
    sock = await _connect_any(addresses, origin, links)
    connected_ns = time.monotonic_ns()
    connection = Connection()
    connection.tcp_info = read_tcp_info(sock)
    await _link(connection, sock, origin, tls, links)
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


def _prepare(links: Links, origin: Origin) -> None:
    try:
        links.prepare()
    except OSError as error:
        raise DialError(ErrorClass.CONNECT, f"cannot time the packets of {origin}: {error}") from error


async def _connect_any(
    addresses: list[tuple[socket.AddressFamily, Any]], origin: Origin, links: Links
) -> socket.socket:
    """The first address that answers, in the resolver's order. Raises DialError with the last refusal."""
    refusal: OSError | None = None
    for family, address in addresses:
        try:
            return await _connect(family, address, links)
        except OSError as error:
            refusal = error
    raise DialError(ErrorClass.CONNECT, f"cannot connect to {origin}: {refusal}") from refusal


async def _connect(family: socket.AddressFamily, address: Any, links: Links) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        links.place(sock)
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


async def _link(
    connection: Connection, sock: socket.socket, origin: Origin, tls: ssl.SSLContext | None, links: Links
) -> None:
    try:
        connection.link = await links.open(sock, connection, tls, origin.host)
    except OSError as error:
        sock.close()
        error_class = ErrorClass.TLS if tls else ErrorClass.CONNECT
        raise DialError(error_class, f"no TLS with {origin}: {error}" if tls else f"{origin}: {error}") from error
    except BaseException:
        sock.close()
        raise
