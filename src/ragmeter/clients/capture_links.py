"""Opens capture links, and reads all their sockets together, every few ms at most."""

import asyncio
import select
import socket
import ssl
import time
from collections.abc import Collection

from ragmeter.clients.capture_link import CaptureLink
from ragmeter.clients.captured import Capture, Captured
from ragmeter.clients.connection import Link, Receiver
from ragmeter.clients.kernel_link import KernelLinks
from ragmeter.clients.local_ports import keep_to
from ragmeter.clients.pauses import Pauses
from ragmeter.clients.socket_link import shake_hands
from ragmeter.clients.tls import TlsStream
from ragmeter.clients.transport import CaptureLosses

DRAIN_NS = 8_000_000
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

    def __init__(self, server_ports: Collection[int], local_ports: range | None, pauses: Pauses) -> None:
        """local_ports: where connections start from, if not anywhere: of other processes nothing is captured then."""
        self._server_ports = server_ports
        self._local_ports = local_ports
        self._pauses = pauses
        self._capture: Capture | None = None
        self._otherwise = KernelLinks()
        self._uncaptured = 0
        self._poll = select.epoll()
        self._buffer = memoryview(bytearray(_READ_BYTES))
        self._links: dict[int, CaptureLink] = {}
        self._emptied_ns = 0
        self._unread_ns = 0
        self._took_ns = 0
        self._settled_ns = 0
        self._timer: asyncio.TimerHandle | None = None

    def prepare(self) -> None:
        """See `ragmeter.clients.dial.Links`: the ring has to see the greeting."""
        if self._capture is None:
            self._capture = Capture(self._server_ports, self._local_ports)
            self._listen()

    def place(self, sock: socket.socket) -> None:
        """See `ragmeter.clients.dial.Links`."""
        if self._local_ports is not None:
            keep_to(sock, self._local_ports)

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
            asyncio.get_running_loop().remove_reader(self._poll.fileno())
            self._capture.close()
        self._poll.close()

    def _listen(self) -> None:
        asyncio.get_running_loop().add_reader(self._poll.fileno(), self._wake)

    def _wake(self) -> None:
        """There is something to read: where little comes, it is delivered at once, and nobody wakes for nothing."""
        now_ns = time.monotonic_ns()
        pause_ns = DRAIN_NS - (now_ns - self._emptied_ns)
        if pause_ns <= 0 and self._pauses.fits(self._took_ns):
            self._deliver(self._fetch()[0])
            self._took_ns = time.monotonic_ns() - now_ns
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._poll.fileno())
        self._unread_ns = now_ns
        self._timer = loop.call_later(max(0, pause_ns) / 1e9, self._tick)

    def _tick(self) -> None:
        """Where much comes, it is read together, and only what may end a response is delivered."""
        if self._poll.closed:
            return
        began_ns = time.monotonic_ns()
        if not self._pauses.fits(self._took_ns) and began_ns - self._unread_ns < LATEST_NS:
            self._pauses.after_send(self._tick)
            return
        ready, due = self._fetch()
        if not ready or began_ns - self._settled_ns > SETTLE_NS:
            self._settled_ns = began_ns
            due = [link for link in self._links.values() if link.holds]
        self._deliver(due)
        if ready:
            self._timer = asyncio.get_running_loop().call_later(DRAIN_NS / 1e9, self._tick)
        else:
            self._listen()
        self._took_ns = time.monotonic_ns() - began_ns

    def _fetch(self) -> tuple[list[CaptureLink], list[CaptureLink]]:
        """Read every socket that has something: the links of them, and those among them that are to be delivered."""
        now_ns, emptied_ns, links, buffer = time.monotonic_ns(), self._emptied_ns, self._links, self._buffer
        changes = self._poll.poll(0, max(1, len(links)))
        ready = [links[fd] for fd, _ in changes]
        due = [link for link in ready if link.fetch(buffer, emptied_ns)]
        for fd, change in changes:
            if change != select.EPOLLIN:
                self._poll.modify(fd, _ON_CHANGE)  # ask again: the end may be behind what was read
        self._emptied_ns = self._unread_ns = now_ns
        return ready, due

    def _deliver(self, due: Collection[CaptureLink]) -> None:
        if due:
            self.collect()
        for link in due:
            link.deliver()
