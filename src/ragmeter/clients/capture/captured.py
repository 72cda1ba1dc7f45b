"""What a capture ring has said of each connection: when its bytes came, and when its last request went."""

import socket
import time
from collections.abc import Collection

from ragmeter.clients.capture.frames import Segment, route_of
from ragmeter.clients.capture.ring import FRAMES, PacketRing
from ragmeter.clients.capture.track import ByteTimes
from ragmeter.clients.links.stamps import WallOffset

_GREETINGS = 4096


class Captured:
    """One connection. A request is sent when the segment with its first byte passes.

    route: see `route_of`. passed: its segments with data and their times. They wait here until somebody asks: many at
        once cost less than each alone.
    """

    def __init__(self, greeting: Segment) -> None:
        """greeting: the server's SYN, which acknowledges the client's: with them both sequences begin."""
        self.route = greeting.route
        self.passed: list[tuple[Segment, int]] = []
        self._arrivals = ByteTimes(greeting.seq + 1)
        self._departed_ns: int | None = None
        self._first_seq = greeting.ack
        self._sent_bytes = 0
        self._awaited_seq: int | None = None

    def await_departure(self) -> None:
        """What is sent next is a request."""
        self._departed_ns = None
        self._awaited_seq = (self._first_seq + self._sent_bytes) % (1 << 32)

    def sends(self, size: int) -> None:
        self._sent_bytes += size

    def sent_ns(self) -> int | None:
        """When the last request went; None as long as its segment has not been seen."""
        self._work_off()
        return self._departed_ns

    def knows(self, end: int) -> bool:
        """Whether the segments of all bytes before ``end`` have been seen."""
        self._work_off()
        return self._arrivals.known >= end

    def arrived(self, end: int, now_ns: int) -> list[tuple[int, int, bool]]:
        """See `ByteTimes.take`."""
        self._work_off()
        return self._arrivals.take(end, now_ns)

    def _work_off(self) -> None:
        passed, self.passed = self.passed, []
        for segment, at_ns in passed:
            if not segment.outgoing:
                self._arrivals.add(segment.seq, segment.data_bytes, at_ns)
            elif self._awaited_seq is not None and (self._awaited_seq - segment.seq) % (1 << 32) < segment.data_bytes:
                self._departed_ns, self._awaited_seq = at_ns, None


class Capture:
    """The ring, and what it has said of the connections that are followed."""

    def __init__(self, server_ports: Collection[int], local_ports: range | None) -> None:
        """See `PacketRing`."""
        self._ring = PacketRing(server_ports, local_ports)
        self._offset = WallOffset()
        self._followed: dict[int, Captured] = {}
        self._greetings: dict[int, Segment] = {}
        self.collect()

    def follow(self, sock: socket.socket) -> Captured | None:
        """Begin with a connection that was just made; None when the ring has not seen its greeting."""
        route = _route(sock)
        self.collect()
        greeting = self._greetings.pop(route, None)
        if greeting is None or route in self._followed:
            return None
        return self._followed.setdefault(route, Captured(greeting))

    def forget(self, captured: Captured) -> None:
        """Its connection is about to be closed."""
        del self._followed[captured.route]

    def collect(self, most: int = FRAMES) -> bool:
        """Enter what has passed since the last time, but at most so many segments; whether there may be more.

        Stamps from before the wall clock was set are of no use: what they would date is dated when it is read.
        """
        segments = self._ring.read(most)
        before_ns, wall_ns, after_ns = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
        offset_ns = self._offset.observe(before_ns, wall_ns, after_ns)
        followed = self._followed
        for segment in segments:
            captured = followed.get(segment.route)
            if captured is None:
                self._greet(segment)
            elif offset_ns is not None and segment.data_bytes > 0:
                captured.passed.append((segment, segment.stamp_ns + offset_ns))
        return len(segments) == most

    def _greet(self, segment: Segment) -> None:
        """Keep a server's SYN until its connection is followed. Those of other processes come and go, too."""
        if segment.syn and not segment.outgoing:
            self._greetings[segment.route] = segment
            if len(self._greetings) > _GREETINGS:
                del self._greetings[next(iter(self._greetings))]

    @property
    def dropped(self) -> int:
        """See `PacketRing.dropped`."""
        return self._ring.dropped

    def close(self) -> None:
        self._ring.close()


def _route(sock: socket.socket) -> int:
    remote, local = sock.getpeername(), sock.getsockname()
    return route_of(socket.inet_pton(sock.family, remote[0].partition("%")[0]), remote[1], local[1])
