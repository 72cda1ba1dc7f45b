"""The link that runs everywhere: an asyncio transport. Bytes are dated when asyncio hands them over."""

import asyncio
import socket
import ssl
import time
from typing import cast

from ragmeter.clients.connection.connection import Link, Receiver
from ragmeter.clients.connection.tcp_info import TcpInfo, read_tcp_info
from ragmeter.clients.connection.tunnel import NOTHING, Spoken


class UserLink(asyncio.Protocol):
    """Takes the time before anything looks at the bytes."""

    def __init__(self, sock: socket.socket, receiver: Receiver) -> None:
        self._sock = sock
        self._receiver: Receiver | None = receiver
        self._transport: asyncio.Transport | None = None
        self._last_info: TcpInfo | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        now_ns = time.monotonic_ns()
        if self._receiver is not None:
            self._receiver.received(data, now_ns, None, exact=False)

    def connection_lost(self, exc: Exception | None) -> None:
        now_ns = time.monotonic_ns()
        self._last_info = read_tcp_info(self._sock)
        receiver, self._receiver = self._receiver, None  # it holds this link: without the collector, neither would go
        if receiver is not None:
            receiver.disconnected(now_ns, exc)

    @property
    def is_closing(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    def write(self, data: bytes) -> None:
        assert self._transport is not None  # noqa: S101 - asyncio calls connection_made before it returns the protocol
        self._transport.write(data)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def settle(self) -> None:
        """Nothing is held."""

    def sent_ns(self) -> None:
        return None

    def tcp_info(self) -> TcpInfo | None:
        return self._last_info or read_tcp_info(self._sock)


class UserLinks:
    """Opens user links."""

    def prepare(self) -> None:
        """See `ragmeter.clients.connection.dial.Links`: nothing to prepare."""

    def place(self, sock: socket.socket) -> None:
        """See `ragmeter.clients.connection.dial.Links`: any port will do."""

    async def open(
        self,
        sock: socket.socket,
        receiver: Receiver,
        tls_context: ssl.SSLContext | None,
        host: str,
        spoken: Spoken = NOTHING,  # noqa: ARG002
    ) -> Link:
        """See `ragmeter.clients.connection.dial.Links`."""
        _, link = await asyncio.get_running_loop().create_connection(
            lambda: UserLink(sock, receiver), sock=sock, ssl=tls_context, server_hostname=host if tls_context else None
        )
        return link

    def losses(self) -> None:
        """See `ragmeter.clients.connection.dial.Links`: nothing is captured."""

    def close(self) -> None:
        """See `ragmeter.clients.connection.dial.Links`: nothing is shared."""
