"""Opens capture links, and reads all their sockets at once every few ms."""

import asyncio
import select
import socket
import ssl
import time
from collections.abc import Collection
from functools import partial

from ragmeter.clients.capture_link import CaptureLink
from ragmeter.clients.captured import Capture, Captured
from ragmeter.clients.connection import Link, Receiver
from ragmeter.clients.kernel_link import KernelLinks
from ragmeter.clients.pauses import Pauses
from ragmeter.clients.socket_link import shake_hands
from ragmeter.clients.tls import TlsStream
from ragmeter.clients.transport import CaptureLosses

DRAIN_S = 0.008
LATEST_NS = 10_000_000
"""So long after the last time sockets are read although a request is about to be sent: one that is left unread delays
acknowledgements, and with them a server without TCP_NODELAY."""
SETTLE_NS = 100_000_000
"""How long what was read may be held: what follows a response, against all rules, must not hide its end for longer."""
_READ_BYTES = 1 << 20
_ON_CHANGE = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET
"""A socket that is ready is looked at once, and not a second time to see that it no longer is."""


class CaptureLinks:
    """A socket is read before the ring: what the socket delivers has passed the ring by then.

    A connection whose greeting the ring has not seen, as behind a translation of addresses on this host, gets a kernel
    link.
    """

    def __init__(self, server_ports: Collection[int], pauses: Pauses) -> None:
        self._server_ports = server_ports
        self._pauses = pauses
        self._capture: Capture | None = None
        self._otherwise = KernelLinks()
        self._uncaptured = 0
        self._poll = select.epoll()
        self._buffer = memoryview(bytearray(_READ_BYTES))
        self._links: dict[int, CaptureLink] = {}
        self._emptied_ns = 0
        self._took_ns = 0
        self._settled_ns = 0
        self._timer: asyncio.TimerHandle | None = None

    def prepare(self) -> None:
        """See `ragmeter.clients.dial.Links`: the ring has to see the greeting."""
        if self._capture is None:
            self._capture = Capture(self._server_ports)
            self._tick(self._capture)

    async def open(
        self, sock: socket.socket, receiver: Receiver, tls_context: ssl.SSLContext | None, host: str
    ) -> Link:
        """See `ragmeter.clients.dial.Links`."""
        capture = self._capture
        if capture is None or (captured := capture.follow(sock)) is None:
            self._uncaptured += 1
            return await self._otherwise.open(sock, receiver, tls_context, host)
        tls = TlsStream(tls_context, host) if tls_context else None
        try:
            if tls is not None:
                await shake_hands(sock, tls)
                capture.collect()
        except BaseException:
            capture.forget(captured)
            raise
        link = CaptureLink(sock, receiver, captured, self, tls=tls)
        self._links[sock.fileno()] = link
        self._poll.register(sock, _ON_CHANGE)
        return link

    def collect(self) -> None:
        """See `ragmeter.clients.capture_link.Reader`."""
        if self._capture is not None:
            self._capture.collect()

    def forget(self, sock: socket.socket, captured: Captured) -> None:
        """See `ragmeter.clients.capture_link.Reader`."""
        self._poll.unregister(sock)
        del self._links[sock.fileno()]
        if self._capture is not None:
            self._capture.forget(captured)

    def losses(self) -> CaptureLosses:
        """See `ragmeter.clients.dial.Links`."""
        return CaptureLosses(packets=self._capture.dropped if self._capture else 0, connections=self._uncaptured)

    def close(self) -> None:
        """See `ragmeter.clients.dial.Links`."""
        if self._timer is not None:
            self._timer.cancel()
        if self._capture is not None:
            self._capture.close()
        self._poll.close()

    def _tick(self, capture: Capture) -> None:
        if self._poll.closed:
            return
        began_ns = time.monotonic_ns()
        if not self._pauses.fits(self._took_ns) and began_ns - self._emptied_ns < LATEST_NS:
            self._pauses.after_send(partial(self._tick, capture))
            return
        self._timer = asyncio.get_running_loop().call_later(DRAIN_S, self._tick, capture)
        self._drain(capture)
        self._took_ns = time.monotonic_ns() - began_ns

    def _drain(self, capture: Capture) -> None:
        now_ns = time.monotonic_ns()
        links, buffer, emptied_ns = self._links, self._buffer, self._emptied_ns
        ready = self._poll.poll(0, max(1, len(links)))
        due = [link for fd, _ in ready if (link := links[fd]).fetch(buffer, emptied_ns)]
        for fd, change in ready:
            if change != select.EPOLLIN:
                self._poll.modify(fd, _ON_CHANGE)  # ask again: the end may be behind what was read
        self._emptied_ns = now_ns
        if now_ns - self._settled_ns > SETTLE_NS:
            self._settled_ns = now_ns
            due = list(self._links.values())
        if due:
            capture.collect()
        for link in due:
            link.deliver()
