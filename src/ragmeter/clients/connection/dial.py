"""How a connection comes up, piece by piece and timed."""

import asyncio
import os
import socket
import ssl
import time
from typing import Any, Protocol, TypeVar

from ragmeter.clients.connection.addresses import Address, Addresses, Reached, first_to_answer
from ragmeter.clients.connection.connection import Link, Receiver, Setup
from ragmeter.clients.connection.origin import Origin
from ragmeter.clients.connection.own_limits import out_of_files, own_fault
from ragmeter.clients.connection.tcp_info import TcpInfo, read_tcp_info
from ragmeter.clients.connection.transport import CaptureLosses
from ragmeter.clients.connection.tunnel import NOTHING, Spoken, TunnelRefused, open_tunnel
from ragmeter.core.requests.records import ErrorClass
from ragmeter.core.urls import unused_proxy


class Links(Protocol):
    """Opens links of one kind, which may share what they learn."""

    def prepare(self) -> None:
        """Called before a connection is made. Raises OSError."""

    def place(self, sock: socket.socket) -> None:
        """Called with each socket before it is connected. Raises OSError."""

    async def open(
        self,
        sock: socket.socket,
        receiver: Receiver,
        tls_context: ssl.SSLContext | None,
        host: str,
        spoken: Spoken = NOTHING,
    ) -> Link:
        """From a connected socket, its receiver and, for TLS, the context and the host name to a link, hands shaken.

        spoken: what passed on the socket before. Raises OSError, of which ssl.SSLError is one. The socket is closed by
        the caller of one that raises.
        """
        ...

    def losses(self) -> CaptureLosses | None:
        """What a capture missed, also after `close`; None where nothing is captured."""
        ...

    def close(self) -> None:
        """When all links are closed."""


class Dialled(Receiver, Protocol):
    """What a connection delivers to, and is known by. All three are set when it has come up."""

    link: Link
    setup: Setup | None
    tcp_info: TcpInfo | None


D = TypeVar("D", bound=Dialled)


class DialError(Exception):
    """The connection did not come up; ``error`` is CONNECT or TLS, or CLIENT where this machine is why."""

    def __init__(self, error: ErrorClass, message: str) -> None:
        super().__init__(message)
        self.error = error


async def dial(
    connection: D, origin: Origin, tls: ssl.SSLContext | None, links: Links, addresses: Addresses, *, timeout_s: float
) -> D:
    """Have ``connection`` come up to one of the host's addresses, and return it. Raises DialError; a cancelled call
    leaves no socket behind.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await _dial(connection, origin, tls, links, addresses)
    except TimeoutError as error:
        raise DialError(ErrorClass.CONNECT, f"no connection to {origin} within {timeout_s:g} s") from error


async def _dial(connection: D, origin: Origin, tls: ssl.SSLContext | None, links: Links, addresses: Addresses) -> D:
    _prepare(links, origin)
    began_ns = time.monotonic_ns()
    found = await _resolve(origin)
    resolved_ns = time.monotonic_ns()
    reached = await _connect_any(found, origin, links, addresses)
    sock = reached.sock
    spoken = await _tunnelled(sock, origin)
    connected_ns = time.monotonic_ns()
    connection.tcp_info = read_tcp_info(sock)
    await _link(connection, sock, origin, tls, links, spoken)
    connection.setup = Setup(
        dns_ns=resolved_ns - began_ns,
        connect_ns=connected_ns - resolved_ns,
        tls_ns=time.monotonic_ns() - connected_ns if tls else None,
        address=None if origin.via else str(reached.address[1][0]),
        fallback_ns=reached.waited_ns or None,
    )
    return connection


async def _resolve(origin: Origin) -> list[Address]:
    loop = asyncio.get_running_loop()
    host, port = origin.hop
    who = f"the name {host!r}{' of the proxy' if origin.via else ''}"
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        if (words := out_of_files()) is not None:
            raise DialError(ErrorClass.CLIENT, f"{who} does not resolve: {words}") from error
        raise DialError(ErrorClass.CONNECT, f"{who} does not resolve: {error}{_hint(origin)}") from error
    return [(family, address) for family, _, _, _, address in found]


def _hint(origin: Origin) -> str:
    return "" if origin.via else unused_proxy(origin.scheme, os.environ)


def _prepare(links: Links, origin: Origin) -> None:
    try:
        links.prepare()
    except OSError as error:
        raise DialError(
            ErrorClass.CLIENT, f"cannot time the packets of {origin}: {own_fault(error) or error}"
        ) from error


async def _connect_any(found: list[Address], origin: Origin, links: Links, addresses: Addresses) -> Reached:
    """The first address that answers. Raises DialError with the last refusal.

    It is this machine's only when no address was refused by anything else: a host may have an address of a family that
    this machine has no route for, beside one that does not answer.
    """
    order = addresses.ordered(found)
    refusal: OSError | None = None
    lacking: str | None = None

    async def connect(address: Address) -> socket.socket:
        nonlocal refusal, lacking
        try:
            return await _connect(*address, links)
        except OSError as error:
            words = own_fault(error, address[1])
            refusal, lacking = (error, lacking) if words is None else (refusal, words)
            raise

    reached = await first_to_answer(order, connect)
    if reached is not None:
        addresses.answered(reached.address)
        return reached
    if refusal is None and lacking is not None:
        raise DialError(ErrorClass.CLIENT, f"cannot connect to {_hop(origin)}: {lacking}")
    raise DialError(ErrorClass.CONNECT, f"cannot connect to {_hop(origin)}: {refusal}{_hint(origin)}") from refusal


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


def _hop(origin: Origin) -> str:
    """Whom the connection is made to, in words."""
    return f"the proxy {origin.via}" if origin.via else str(origin)


async def _tunnelled(sock: socket.socket, origin: Origin) -> Spoken:
    if origin.via is None or not origin.tunnelled:
        return NOTHING
    try:
        return await open_tunnel(sock, origin, origin.via)
    except (OSError, TunnelRefused) as error:
        sock.close()
        words = f"the proxy {origin.via}: {error}" if isinstance(error, OSError) else str(error)
        raise DialError(ErrorClass.CONNECT, words) from error
    except BaseException:
        sock.close()
        raise


async def _link(
    connection: Dialled,
    sock: socket.socket,
    origin: Origin,
    tls: ssl.SSLContext | None,
    links: Links,
    spoken: Spoken,
) -> None:
    try:
        connection.link = await links.open(sock, connection, tls, origin.host, spoken)
    except OSError as error:
        sock.close()
        if (words := own_fault(error)) is not None:
            raise DialError(ErrorClass.CLIENT, f"cannot connect to {origin}: {words}") from error
        error_class = ErrorClass.TLS if tls else ErrorClass.CONNECT
        raise DialError(error_class, f"no TLS with {origin}: {error}" if tls else f"{origin}: {error}") from error
    except BaseException:
        sock.close()
        raise
