"""The link on Linux: a socket that is read with recvmsg, so that the kernel says when the bytes arrived."""

import asyncio
import socket
import ssl
import sys
import time

from ragmeter.clients.connection import Link, Receiver
from ragmeter.clients.stamps import ANCILLARY_BYTES, SO_TIMESTAMPNS, ReadDates, WallOffset, stamp_of
from ragmeter.clients.tcp_info import TcpInfo, read_tcp_info
from ragmeter.clients.tls import TlsStream

READ_BYTES = 1 << 16


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


class KernelLink:
    """Owns a connected non-blocking socket.

    A read has one stamp, that of the last segment in it: a date is exact for the last byte of a read and for no other.
    It is not said to be exact when the read took all it asked for, for then the last segment may go on after it, nor
    when the read ends within a TLS record, for then the plain text ends before it.
    """

    def __init__(
        self, sock: socket.socket, receiver: Receiver, *, tls: TlsStream | None = None, offset: WallOffset | None = None
    ) -> None:
        self._sock = sock
        self._receiver: Receiver | None = receiver
        self._tls = tls
        self._dates = ReadDates(offset or WallOffset())
        self._unsent = bytearray()
        self._last_info: TcpInfo | None = None
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock, self._read)

    @property
    def is_closing(self) -> bool:
        return self._receiver is None

    def write(self, data: bytes) -> None:
        if self._receiver is None:
            return
        try:
            wire = self._tls.encrypt(data) if self._tls else data
        except ssl.SSLError as error:
            self._close(error)
            return
        self._send(wire)

    def abort(self) -> None:
        self._close(None)

    def tcp_info(self) -> TcpInfo | None:
        return self._last_info or read_tcp_info(self._sock)

    def _read(self) -> None:
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
        elif self._tls is None:
            self._deliver(data, at_ns, stamped and len(data) < READ_BYTES)
        else:
            self._decrypt(self._tls, data, at_ns, stamped and len(data) < READ_BYTES)

    def _decrypt(self, tls: TlsStream, data: bytes, at_ns: int, exact: bool) -> None:
        try:
            plain, at_end = tls.decrypt(data)
        except ssl.SSLError as error:
            self._close(error)
            return
        if answer := tls.pending():
            self._send(answer)
        if plain:
            self._deliver(plain, at_ns, exact and at_end)
        if tls.closed:
            self._close(None)

    def _deliver(self, data: bytes, at_ns: int, exact: bool) -> None:
        if self._receiver is not None:
            self._receiver.received(data, at_ns, exact)

    def _send(self, data: bytes) -> None:
        if self._unsent:
            self._unsent += data
            return
        try:
            sent = self._sock.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            self._close(error)
            return
        if sent < len(data):
            self._unsent += data[sent:]
            self._loop.add_writer(self._sock, self._send_rest)

    def _send_rest(self) -> None:
        self._loop.remove_writer(self._sock)
        rest = bytes(self._unsent)
        self._unsent.clear()
        self._send(rest)

    def _close(self, error: OSError | None) -> None:
        """Once; afterwards nothing is delivered, and the receiver is no longer held: it holds this link."""
        receiver, self._receiver = self._receiver, None
        if receiver is None:
            return
        now_ns = time.monotonic_ns()
        self._loop.remove_reader(self._sock)
        self._loop.remove_writer(self._sock)
        self._last_info = read_tcp_info(self._sock)
        self._sock.close()
        receiver.disconnected(now_ns, error)


class KernelLinks:
    """Opens kernel links that share what they learn of the wall clock."""

    def __init__(self) -> None:
        self._offset = WallOffset()

    async def open(
        self, sock: socket.socket, receiver: Receiver, tls_context: ssl.SSLContext | None, host: str
    ) -> Link:
        """See `ragmeter.clients.dial.OpenLink`."""
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        tls = await _shake_hands(sock, TlsStream(tls_context, host)) if tls_context else None
        return KernelLink(sock, receiver, tls=tls, offset=self._offset)


async def _shake_hands(sock: socket.socket, tls: TlsStream) -> TlsStream:
    loop = asyncio.get_running_loop()
    over = tls.shake_hands(b"")
    while not over:
        await loop.sock_sendall(sock, tls.pending())
        data = await loop.sock_recv(sock, READ_BYTES)
        if not data:
            raise ConnectionResetError("the server closed the connection during the TLS handshake")
        over = tls.shake_hands(data)
    await loop.sock_sendall(sock, tls.pending())
    if tls.decrypt(b"")[0]:
        raise ConnectionAbortedError("the server sent data before it was asked")
    return tls
