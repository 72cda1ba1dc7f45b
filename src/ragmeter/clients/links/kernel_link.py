"""The link on Linux: a socket that is read with recvmsg, so that the kernel says when the bytes arrived."""

import asyncio
import socket
import ssl
import sys
import time

from ragmeter.clients.connection.connection import Link, Receiver
from ragmeter.clients.connection.tls import TlsStream
from ragmeter.clients.connection.tunnel import NOTHING, Spoken
from ragmeter.clients.links.socket_link import READ_BYTES, SocketLink, handshake
from ragmeter.clients.links.stamps import ANCILLARY_BYTES, SO_TIMESTAMPNS, ReadDates, WallOffset, stamp_of


def kernel_stamps_offered() -> bool:
    """Whether this system takes the request for stamps. The first of them come some ms after the first request."""
    if sys.platform != "linux":
        return False
    with socket.socket() as sock:
        try:
            sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        except OSError:
            return False
    return True


class Polls:
    """When the event loop last asked which sockets can be read: what is not ready then comes later.

    before_last_ns: before the poll ahead of the one that the event loop works off now. asyncio runs what it is asked to
    run soon after its next poll, uvloop before it; three marks are right for both.
    """

    def __init__(self) -> None:
        self.before_last_ns = 0
        self._second_ns = 0
        self._third_ns = 0
        self._is_marked = False

    def reading(self) -> None:
        """A socket was found ready: the poll that comes when all such were read is dated."""
        if not self._is_marked:
            self._is_marked = True
            asyncio.get_running_loop().call_soon(self._mark)

    def _mark(self) -> None:
        self.before_last_ns, self._second_ns, self._third_ns = self._second_ns, self._third_ns, time.monotonic_ns()
        self._is_marked = False


class KernelLink(SocketLink):
    """Reads as soon as the event loop says so.

    A read has one stamp, that of the last segment in it: a date is exact for the last byte of a read and for no other.
    It is not said to be exact when the read took all it asked for, for then the last segment may go on after it, nor
    when the read ends within a TLS record, for then the plain text ends before it. Any byte of a read came after the
    read before and after the last poll that did not find the socket ready.
    """

    def __init__(
        self,
        sock: socket.socket,
        receiver: Receiver,
        *,
        tls: TlsStream | None = None,
        offset: WallOffset | None = None,
        polls: Polls | None = None,
    ) -> None:
        super().__init__(sock, receiver, tls=tls)
        self._dates = ReadDates(offset or WallOffset())
        self._polls = polls or Polls()
        self._empty_ns = time.monotonic_ns()
        self._loop.add_reader(sock, self._read)

    def _read(self) -> None:
        asked_ns = time.monotonic_ns()
        try:
            data, ancillary, _, _ = self._sock.recvmsg(READ_BYTES, ANCILLARY_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._close(error)
            return
        before_ns, wall_ns, after_ns = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
        at_ns, stamped = self._dates.date(stamp_of(ancillary), before_ns, wall_ns, after_ns)
        if not data:
            self._close(None)
            return
        self._polls.reading()
        whole = len(data) < READ_BYTES
        earliest_ns = min(at_ns, max(self._empty_ns, self._polls.before_last_ns))
        if whole:
            self._empty_ns = asked_ns
        self._take(data, at_ns, earliest_ns, stamped and whole)

    def _stop_reading(self) -> None:
        self._loop.remove_reader(self._sock)


class KernelLinks:
    """Opens kernel links that share what they learn of the wall clock and of the event loop's polls."""

    def __init__(self) -> None:
        self._offset = WallOffset()
        self._polls = Polls()

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
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        tls = TlsStream(tls_context, host) if tls_context else None
        if tls is not None:
            await handshake(sock, tls)
        return KernelLink(sock, receiver, tls=tls, offset=self._offset, polls=self._polls)

    def losses(self) -> None:
        """See `ragmeter.clients.connection.dial.Links`: nothing is captured."""

    def close(self) -> None:
        """See `ragmeter.clients.connection.dial.Links`: what is shared needs no end."""
