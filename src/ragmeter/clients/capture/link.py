"""The link with the truest times: its socket is read when it suits, for a capture ring dates what passes."""

import socket
import time
from typing import Protocol

from ragmeter.clients.capture.captured import Captured
from ragmeter.clients.connection.connection import Receiver
from ragmeter.clients.connection.tls import TlsStream
from ragmeter.clients.connection.tunnel import NOTHING, Spoken
from ragmeter.clients.links.socket_link import READ_BYTES, SocketLink

_BLANK_LINE = b"\r\n\r\n"
_MOST_HELD_BYTES = 1 << 20


class Reader(Protocol):
    """Reads the ring, and the sockets of all links."""

    def collect(self) -> None:
        """Enter what has passed the ring."""

    def forget(self, sock: socket.socket, captured: Captured) -> None:
        """A link's socket is about to be closed."""


class CaptureLink(SocketLink):
    """Is read by its `Reader`. Times are exact for every byte but for those whose segment the ring missed.

    What was read is held until the response may have ended, and then dated and delivered all at once: most of the work
    between two tokens is left for later, and done with warm caches.
    """

    def __init__(
        self,
        sock: socket.socket,
        receiver: Receiver,
        captured: Captured,
        reader: Reader,
        *,
        tls: TlsStream | None = None,
        spoken: Spoken = NOTHING,
    ) -> None:
        """spoken: what passed before, and is none of the receiver's."""
        super().__init__(sock, receiver, tls=tls)
        self._captured = captured
        self._reader = reader
        self._held: list[tuple[bytes, int, int]] = []
        self._taken_bytes = self._read_bytes = spoken.received_bytes + (tls.taken_bytes if tls else 0)
        self._may_hold = False
        self._failure: OSError | None = None
        if self._taken_bytes:
            captured.arrived(self._taken_bytes, 0)
        captured.sends(spoken.sent_bytes + (tls.given_bytes if tls else 0))

    def write(self, data: bytes) -> None:
        self._may_hold = False
        self._captured.await_departure()
        super().write(data)

    def sent_ns(self) -> int | None:
        return self._captured.sent_ns()

    def abort(self) -> None:
        self._held.clear()
        super().abort()

    def fetch(self, earliest_ns: int) -> bool:
        """Hold all that the socket has, which was empty at ``earliest_ns``. Whether it is to be delivered now.

        What does not end with an empty line does not end a chunked response (RFC 9112, 7.1).
        """
        while (data := self._read()) is not None:
            self._held.append((data, earliest_ns, time.monotonic_ns()))
            self._read_bytes += len(data)
            if len(data) < READ_BYTES:
                return not self._may_hold or self._read_bytes - self._taken_bytes > _MOST_HELD_BYTES or _may_end(data)
        return bool(self._held)

    def _read(self) -> bytes | None:
        """Empty at the end, None when nothing is there."""
        try:
            return self._sock.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError as error:
            self._failure = error
            return b""

    @property
    def held(self) -> int:
        """How many reads were not delivered."""
        return len(self._held)

    def settle(self) -> None:
        if self._held or self.sent_ns() is None:
            self._reader.collect()
        if self._held:
            self.deliver()

    def deliver(self) -> None:
        """Date what is held, segment by segment, and hand it on. The ring was collected since it was read."""
        held, self._held = self._held, []
        if len(held) > 1 and held[-1][0] and self._captured.knows(self._read_bytes):
            held = [(b"".join([data for data, _, _ in held]), held[0][1], held[-1][2])]
        for data, earliest_ns, now_ns in held:
            if not data:
                self._close(self._failure)
                return
            self._date(data, earliest_ns, now_ns)
        self._may_hold = self._tls is None and self._receiver is not None and self._receiver.is_chunked

    def _date(self, data: bytes, earliest_ns: int, now_ns: int) -> None:
        start, done = self._taken_bytes, 0
        self._taken_bytes += len(data)
        for end, at_ns, exact in self._captured.arrived(self._taken_bytes, now_ns):
            self._take(data[done : end - start], at_ns, at_ns if exact else min(earliest_ns, at_ns), exact)
            done = end - start

    def _send(self, data: bytes) -> None:
        self._captured.sends(len(data))
        super()._send(data)

    def _stop_reading(self) -> None:
        self._reader.forget(self._sock, self._captured)


def _may_end(data: bytes) -> bool:
    """Whether a chunked body may end with this; it says nothing of the bytes before."""
    return data.endswith(_BLANK_LINE) or len(data) < len(_BLANK_LINE)
