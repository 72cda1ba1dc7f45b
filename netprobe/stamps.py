"""A TCP socket whose packets are dated by the kernel: when one left for the driver, and when one came in.

Linux: Documentation/networking/timestamping.rst, 1.3 SO_TIMESTAMPING. Needs no privilege. A round trip between two such
dates has no waiting for a processor in it, which is most of what a program measures with its own clock.
"""

import contextlib
import socket
import struct
from collections.abc import Iterable

SO_TIMESTAMPING = 37
TX_SOFTWARE, RX_SOFTWARE, SOFTWARE, OPT_ID, OPT_TSONLY = 1 << 1, 1 << 3, 1 << 4, 1 << 7, 1 << 11
"""include/uapi/linux/net_tstamp.h; Python has no names for them."""
FLAGS = TX_SOFTWARE | RX_SOFTWARE | SOFTWARE | OPT_ID | OPT_TSONLY
_TIMESPEC = struct.Struct("@ll")
_ROOM_BYTES = 512


class StampedSocket:
    """A connected TCP socket that carries one message at a time, to and fro.

    within_s: how long a message may take to come. The limit is the kernel's: with one of Python's, a look into the
    queue of departure dates would wait for something to read.
    """

    def __init__(self, sock: socket.socket, *, within_s: float) -> None:
        self._sock, self._within_s = sock, within_s
        sock.settimeout(None)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _TIMESPEC.pack(int(within_s), 0))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError):  # without stamps every date is None
            sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, FLAGS)

    def send(self, message: bytes) -> None:
        self._drain()
        self._sock.sendall(message)

    def receive(self, length: int) -> tuple[bytes, int | None]:
        """A whole message, and when its last part came in, in ns of the wall clock.

        Raises TimeoutError, and ConnectionError when the other end has closed.
        """
        parts, came_ns = b"", None
        while len(parts) < length:
            try:
                data, ancillary, _, _ = self._sock.recvmsg(length - len(parts), _ROOM_BYTES)
            except BlockingIOError as error:
                raise TimeoutError(f"no answer within {self._within_s:g} s") from error
            if not data:
                raise ConnectionResetError("the other end closed the connection")
            parts, came_ns = parts + data, _stamp(ancillary)
        return parts, came_ns

    def left_ns(self) -> int | None:
        """When the last message left, first time; known for certain once its answer has come."""
        return self._drain()

    def _drain(self) -> int | None:
        """Empty the queue of departure dates; the first one: a packet that is sent again is dated again."""
        first = None
        while True:
            try:
                _, ancillary, _, _ = self._sock.recvmsg(0, _ROOM_BYTES, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
            except BlockingIOError:
                return first
            first = first if first is not None else _stamp(ancillary)


def _stamp(ancillary: Iterable[tuple[int, int, bytes]]) -> int | None:
    """The software date among the control messages, in ns; None where there is none."""
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPING) and len(data) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            return int(seconds * 1_000_000_000 + nanoseconds) or None
    return None
