"""The link with the truest times: the capture ring dates what passes, and sockets are read when it suits."""

import asyncio
import select
import socket
import ssl
import time
from collections.abc import Collection

from ragmeter.clients.capture_frames import Segment, route_of
from ragmeter.clients.capture_ring import PacketRing
from ragmeter.clients.capture_track import ByteTimes
from ragmeter.clients.connection import Link, Receiver
from ragmeter.clients.kernel_link import KernelLinks
from ragmeter.clients.socket_link import SocketLink, shake_hands
from ragmeter.clients.stamps import WallOffset
from ragmeter.clients.tls import TlsStream
from ragmeter.clients.transport import CaptureLosses

DRAIN_S = 0.005
"""At most 10 ms: a socket that is left unread delays acknowledgements, and with them a server without TCP_NODELAY."""
_READ_BYTES = 1 << 20
_GREETINGS = 4096


class Captured:
    """What the ring has said of one connection: when bytes came, and when the last request went.

    A request is sent when the segment with its first byte passes.
    """

    def __init__(self, greeting: Segment) -> None:
        """greeting: the server's SYN, which acknowledges the client's: with them both sequences begin."""
        self.arrivals = ByteTimes(greeting.seq + 1)
        self.departed_ns: int | None = None
        self._first_seq = greeting.ack
        self._sent_bytes = 0
        self._awaited_seq: int | None = None

    def await_departure(self) -> None:
        """What is sent next is a request."""
        self.departed_ns = None
        self._awaited_seq = (self._first_seq + self._sent_bytes) % (1 << 32)

    def sends(self, size: int) -> None:
        self._sent_bytes += size

    def add(self, segment: Segment, at_ns: int) -> None:
        if segment.data_bytes <= 0:
            return
        if not segment.outgoing:
            self.arrivals.add(segment.seq, segment.data_bytes, at_ns)
        elif self._awaited_seq is not None and (self._awaited_seq - segment.seq) % (1 << 32) < segment.data_bytes:
            self.departed_ns, self._awaited_seq = at_ns, None


class CaptureLink(SocketLink):
    """Is read by its `CaptureLinks`. Times are exact for every byte but for those whose segment the ring missed."""

    def __init__(
        self,
        sock: socket.socket,
        receiver: Receiver,
        captured: Captured,
        links: "CaptureLinks",
        *,
        tls: TlsStream | None = None,
    ) -> None:
        super().__init__(sock, receiver, tls=tls)
        self._captured = captured
        self._links = links
        self._taken_bytes = 0
        if tls is not None:
            self._taken_bytes = tls.taken_bytes
            captured.arrivals.take(tls.taken_bytes, 0)
            captured.sends(tls.given_bytes)

    def write(self, data: bytes) -> None:
        self._captured.await_departure()
        super().write(data)

    def departed_ns(self) -> int | None:
        return self._captured.departed_ns

    def fetch(self, buffer: memoryview) -> bytes | None:
        """What the socket has: empty at its end, None when there is nothing to be had."""
        try:
            return bytes(buffer[: self._sock.recv_into(buffer)])
        except (BlockingIOError, InterruptedError):
            return None
        except OSError as error:
            self._close(error)
            return None

    def deliver(self, data: bytes, earliest_ns: int, now_ns: int) -> None:
        """Date what was fetched, segment by segment, and hand it on. The socket was empty at ``earliest_ns``."""
        if not data:
            self._close(None)
            return
        start, done = self._taken_bytes, 0
        self._taken_bytes += len(data)
        for end, at_ns, exact in self._captured.arrivals.take(self._taken_bytes, now_ns):
            self._take(data[done : end - start], at_ns, at_ns if exact else min(earliest_ns, at_ns), exact)
            done = end - start

    def _send(self, data: bytes) -> None:
        self._captured.sends(len(data))
        super()._send(data)

    def _stop_reading(self) -> None:
        self._links.forget(self._sock)


class CaptureLinks:
    """Opens capture links, and reads all their sockets at once every few ms.

    A socket is read before the ring: what the socket delivers has passed the ring by then. A connection whose greeting
    the ring has not seen, as behind a translation of addresses on this host, gets a kernel link.
    """

    def __init__(self, server_ports: Collection[int]) -> None:
        self._uncaptured = 0
        self._server_ports = server_ports
        self._otherwise = KernelLinks()
        self._offset = WallOffset()
        self._ring: PacketRing | None = None
        self._poll = select.epoll()
        self._buffer = memoryview(bytearray(_READ_BYTES))
        self._links: dict[int, CaptureLink] = {}
        self._routes: dict[int, int] = {}
        self._captured: dict[int, Captured] = {}
        self._greetings: dict[int, Segment] = {}
        self._emptied_ns = 0
        self._timer: asyncio.TimerHandle | None = None

    def prepare(self) -> None:
        """See `ragmeter.clients.dial.Links`: the ring has to see the greeting."""
        if self._ring is None:
            self._ring = PacketRing(self._server_ports)
            self._drain(self._ring)

    async def open(
        self, sock: socket.socket, receiver: Receiver, tls_context: ssl.SSLContext | None, host: str
    ) -> Link:
        """See `ragmeter.clients.dial.Links`."""
        if self._ring is None or (captured := self._watch(self._ring, sock)) is None:
            self._uncaptured += 1
            return await self._otherwise.open(sock, receiver, tls_context, host)
        tls = TlsStream(tls_context, host) if tls_context else None
        try:
            if tls is not None:
                await shake_hands(sock, tls)
                self._collect(self._ring)
        except BaseException:
            self.forget(sock)
            raise
        link = CaptureLink(sock, receiver, captured, self, tls=tls)
        self._links[sock.fileno()] = link
        self._poll.register(sock, select.EPOLLIN)
        return link

    def _watch(self, ring: PacketRing, sock: socket.socket) -> Captured | None:
        remote, local = sock.getpeername(), sock.getsockname()
        route = route_of(socket.inet_pton(sock.family, remote[0].partition("%")[0]), remote[1], local[1])
        self._collect(ring)
        greeting = self._greetings.pop(route, None)
        if greeting is None or route in self._captured:
            return None
        self._routes[sock.fileno()] = route
        return self._captured.setdefault(route, Captured(greeting))

    def forget(self, sock: socket.socket) -> None:
        """The socket is about to be closed."""
        if self._links.pop(sock.fileno(), None) is not None:
            self._poll.unregister(sock)
        self._captured.pop(self._routes.pop(sock.fileno()))

    def losses(self) -> CaptureLosses:
        """See `ragmeter.clients.dial.Links`."""
        return CaptureLosses(packets=self._ring.dropped if self._ring else 0, connections=self._uncaptured)

    def close(self) -> None:
        """See `ragmeter.clients.dial.Links`."""
        if self._timer is not None:
            self._timer.cancel()
        if self._ring is not None:
            self._ring.close()
        self._poll.close()

    def _drain(self, ring: PacketRing) -> None:
        self._timer = asyncio.get_running_loop().call_later(DRAIN_S, self._drain, ring)
        polled_ns = time.monotonic_ns()
        ready = [self._links[fd] for fd, _ in self._poll.poll(0)]
        fetched = [(link, data) for link in ready if (data := link.fetch(self._buffer)) is not None]
        self._collect(ring)
        now_ns = time.monotonic_ns()
        for link, data in fetched:
            link.deliver(data, self._emptied_ns, now_ns)
        self._emptied_ns = polled_ns

    def _collect(self, ring: PacketRing) -> None:
        """Stamps from before the wall clock was set are of no use: what they would date is dated when it is read."""
        segments = ring.read()
        before_ns, wall_ns, after_ns = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
        offset_ns = self._offset.observe(before_ns, wall_ns, after_ns)
        for segment in segments:
            captured = self._captured.get(segment.route)
            if captured is None:
                self._greet(segment)
            elif offset_ns is not None:
                captured.add(segment, segment.stamp_ns + offset_ns)

    def _greet(self, segment: Segment) -> None:
        """Keep a server's SYN until its connection is opened. Those of other processes come and go, too."""
        if segment.syn and not segment.outgoing:
            self._greetings[segment.route] = segment
            if len(self._greetings) > _GREETINGS:
                del self._greetings[next(iter(self._greetings))]
