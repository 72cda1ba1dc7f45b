"""A way through a proxy to a host (CONNECT, RFC 9110, 9.3.6): what follows on the socket is between its ends."""

import asyncio
import re
import socket
from dataclasses import dataclass
from typing import Final

from ragmeter.clients.connection.origin import Origin
from ragmeter.core.inputs.access.proxy import AUTHORIZATION, Proxy

_MOST_BYTES: Final = 16 << 10
_STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3}) ?([^\r\n]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """How many bytes of a connection went out and came in before its link was opened."""

    sent_bytes: int = 0
    received_bytes: int = 0


NOTHING: Final = Spoken()


class TunnelRefused(Exception):  # noqa: N818 - what the proxy did
    """Why there is no way to the host, in words."""


async def open_tunnel(sock: socket.socket, origin: Origin, via: Proxy) -> Spoken:
    """On a socket that is connected to the proxy. Raises TunnelRefused, and OSError."""
    host = f"{f'[{origin.host}]' if ':' in origin.host else origin.host}:{origin.port}"
    credentials = f"{AUTHORIZATION}: {via.authorization}\r\n" if via.authorization else ""
    asked = f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n{credentials}\r\n".encode("ascii")
    await asyncio.get_running_loop().sock_sendall(sock, asked)
    head = await _head(sock)
    told = _STATUS.match(head)
    if told is None:
        raise TunnelRefused(f"the proxy {via} answered with no HTTP: {head[:60]!r}")
    if not told[1].startswith(b"2"):
        raise TunnelRefused(
            f"the proxy {via} opens no way to {host}: HTTP {told[1].decode()} {told[2].decode('latin-1')}"
        )
    return Spoken(sent_bytes=len(asked), received_bytes=len(head))


async def _head(sock: socket.socket) -> bytes:
    """Byte by byte: what comes behind the empty line is of the host, and of the link."""
    head = bytearray()
    while not head.endswith(b"\r\n\r\n"):
        byte = await asyncio.get_running_loop().sock_recv(sock, 1)
        if not byte or len(head) == _MOST_BYTES:
            break
        head += byte
    return bytes(head)
