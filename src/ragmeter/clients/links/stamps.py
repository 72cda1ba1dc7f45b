"""From the kernel's receive stamps, which are of the wall clock, to the monotonic clock. Pure.

A stamp is taken when the packet enters the network stack, after a network card's merging of packets (GRO) and before
TCP; it is there however late the process reads. Linux: Documentation/networking/timestamping.rst, 1.1 SO_TIMESTAMPNS.
"""

import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

SO_TIMESTAMPNS = 35
"""include/uapi/asm-generic/socket.h; Python has no name for it. The control message has the same number."""
_TIMESPEC = struct.Struct("@ll")
ANCILLARY_BYTES = 2 * (16 + _TIMESPEC.size)
"""Room for the control message and its header."""

EARLY_NS = 1_000_000
"""How long before the previous read of its socket a stamp may lie: a packet waits in queues between stamp and TCP."""
STEP_NS = 1_000
"""Above what two readings of two clocks differ by, and below any step that would matter."""


def stamp_of(ancillary: Iterable[tuple[int, int, bytes]]) -> int | None:
    """The receive stamp among the control messages of one read, in ns of the wall clock."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS and len(data) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            return int(seconds * 1_000_000_000 + nanoseconds)
    return None


@dataclass(slots=True)
class WallOffset:
    """The monotonic clock minus the wall clock, in ns: both are slewed alike, so it moves only when one is set.

    It is known between two bounds, which every reading narrows.
    """

    low_ns: int | None = None
    high_ns: int | None = None

    def observe(self, before_ns: int, wall_ns: int, after_ns: int) -> int | None:
        """The offset after a wall reading between two monotonic ones; None if the wall clock has been set since."""
        low_ns, high_ns = before_ns - wall_ns, after_ns - wall_ns
        if self.low_ns is None or self.high_ns is None:
            self.low_ns, self.high_ns = low_ns, high_ns
        elif low_ns > self.high_ns + STEP_NS or high_ns < self.low_ns - STEP_NS:
            self.low_ns, self.high_ns = low_ns, high_ns
            return None
        else:
            self.low_ns, self.high_ns = max(low_ns, self.low_ns), min(high_ns, self.high_ns)
        return (self.low_ns + self.high_ns) // 2


@dataclass(slots=True)
class ReadDates:
    """Dates the reads of one socket, in ascending order. ``offset`` may be shared by sockets."""

    offset: WallOffset = field(default_factory=WallOffset)
    _previous_read_ns: int = 0
    _previous_date_ns: int = 0

    def date(self, stamp_ns: int | None, before_ns: int, wall_ns: int, after_ns: int) -> tuple[int, bool]:
        """When the last byte of a read arrived, and whether the stamp says so.

        ``before_ns`` is the time at which this process had the bytes, the date where there is no stamp or one that
        cannot be: in the future, well before the previous read of the socket, or on a wall clock that was set since.
        """
        offset_ns = self.offset.observe(before_ns, wall_ns, after_ns)
        at_ns, stamped = before_ns, False
        if stamp_ns is not None and offset_ns is not None:
            arrived_ns = stamp_ns + offset_ns
            if max(self._previous_read_ns - EARLY_NS, self._previous_date_ns) < arrived_ns <= after_ns:
                at_ns, stamped = arrived_ns, True
        self._previous_read_ns, self._previous_date_ns = before_ns, at_ns
        return at_ns, stamped
