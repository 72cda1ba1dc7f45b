"""What the links that read their own socket share: sending, TLS, and the end."""

import asyncio
import socket
import ssl
import time

from ragmeter.clients.connection.connection import Receiver
from ragmeter.clients.connection.tcp_info import TcpInfo, read_tcp_info
from ragmeter.clients.connection.tls import TlsStream

READ_BYTES = 1 << 16


class SocketLink:
    """Owns a connected non-blocking socket; a subclass reads it, dates what it reads and calls `_take`."""

    def __init__(self, sock: socket.socket, receiver: Receiver, *, tls: TlsStream | None = None) -> None:
        self._sock = sock
        self._receiver: Receiver | None = receiver
        self._tls = tls
        self._unsent = bytearray()
        self._last_info: TcpInfo | None = None
        self._loop = asyncio.get_running_loop()

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

    def settle(self) -> None:
        """Nothing is held."""

    def sent_ns(self) -> int | None:
        return None

    def tcp_info(self) -> TcpInfo | None:
        return self._last_info or read_tcp_info(self._sock)

    def _take(self, data: bytes, at_ns: int, earliest_ns: int, exact: bool) -> None:
        """Deliver what came, TLS undone: plain text comes with the last byte of its record."""
        if self._receiver is None:
            return
        if self._tls is None:
            self._receiver.received(data, at_ns, earliest_ns, exact)
        else:
            self._decrypt(self._tls, data, at_ns, earliest_ns, exact)

    def _decrypt(self, tls: TlsStream, data: bytes, at_ns: int, earliest_ns: int, exact: bool) -> None:
        try:
            plain, at_end = tls.decrypt(data)
        except ssl.SSLError as error:
            self._close(error)
            return
        if answer := tls.pending():
            self._send(answer)
        if plain and self._receiver is not None:
            self._receiver.received(plain, at_ns, earliest_ns, exact and at_end)
        if tls.closed:
            self._close(None)

    def _send(self, data: bytes) -> None:
        if self._unsent:
            self._unsent += data
        else:
            self._push(data)

    def _push(self, data: bytes) -> None:
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
        self._push(rest)

    def _close(self, error: OSError | None) -> None:
        """Once; afterwards nothing is delivered, and the receiver is no longer held: it holds this link."""
        receiver, self._receiver = self._receiver, None
        if receiver is None:
            return
        now_ns = time.monotonic_ns()
        self._stop_reading()
        self._loop.remove_writer(self._sock)
        self._last_info = read_tcp_info(self._sock)
        self._sock.close()
        receiver.disconnected(now_ns, error)

    def _stop_reading(self) -> None:
        """The socket is about to be closed."""
        raise NotImplementedError


async def handshake(sock: socket.socket, tls: TlsStream) -> None:
    """Raises OSError, of which ssl.SSLError is one."""
    loop = asyncio.get_running_loop()
    over = tls.handshake(b"")
    while not over:
        await loop.sock_sendall(sock, tls.pending())
        data = await loop.sock_recv(sock, READ_BYTES)
        if not data:
            raise ConnectionResetError("the server closed the connection during the TLS handshake")
        over = tls.handshake(data)
    await loop.sock_sendall(sock, tls.pending())
    if tls.decrypt(b"")[0]:
        raise ConnectionAbortedError("the server sent data before it was asked")
