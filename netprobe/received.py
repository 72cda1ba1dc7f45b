"""What the receiver of a test got, by the receiver's own record of it.

A receiver that waits for a processor leaves what comes in its socket buffer and reads it in one burst. A count that
begins between the two has bytes in it of a time before it began, and is above what the link carries. So it begins and
ends where the receiver was on time; a wait within it moves bytes from one interval to another and loses none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from netprobe.errors import UnmeasuredError

INTERVAL_S = 0.2
LATE_S = 0.02
"""An interval that is this much too long or too short is one that its process was not there for."""
MIN_SHARE = 0.5
SOCKET_BYTES = 6 << 20
"""Most that a socket keeps for a late reader: Linux's default of the third value of net.ipv4.tcp_rmem."""
NEGLIGIBLE_SHARE = 0.02


@dataclass(frozen=True)
class Received:
    """What came in the time that is counted."""

    payload_bytes: int
    duration_s: float

    @property
    def bits_per_second(self) -> float:
        return 8 * self.payload_bytes / self.duration_s


def received(intervals: Sequence[dict[str, Any]], begin_s: float, end_s: float, *, streams: int = 1) -> Received:
    """Of the ``intervals`` of iperf3 between two times of the test; after its end, what is left of the queue comes.

    Where what the sockets can keep is little beside what came, as on a fast link, a receiver that was late is counted
    all the same. Raises UnmeasuredError when nothing came, and when less than half of the time can be counted.
    """
    sums = [interval["sum"] for interval in intervals]
    timely = [abs(at["seconds"] - INTERVAL_S) <= LATE_S for at in sums]
    within = [begin_s - LATE_S <= at["start"] and at["end"] <= end_s + LATE_S for at in sums]
    whole = [i for i in range(1, len(sums)) if within[i] and timely[i]]
    begins = [i for i in whole if timely[i - 1]]
    found = _counted(sums[begins[0] : whole[-1] + 1] if begins else [])
    everything = _counted([at for at, inside in zip(sums, within, strict=True) if inside])
    if (
        found.duration_s < everything.duration_s
        and streams * SOCKET_BYTES <= NEGLIGIBLE_SHARE * everything.payload_bytes
    ):
        found = everything
    if found.duration_s < MIN_SHARE * (end_s - begin_s):
        raise UnmeasuredError(
            f"the receiver waited for a processor: {found.duration_s:.1f} of {end_s - begin_s:g} s can be counted"
        )
    if not found.payload_bytes > 0:
        raise UnmeasuredError("nothing came through: the receiver got 0 bytes")
    return found


def _counted(sums: Sequence[dict[str, Any]]) -> Received:
    return Received(sum(at["bytes"] for at in sums), sum(at["seconds"] for at in sums))
