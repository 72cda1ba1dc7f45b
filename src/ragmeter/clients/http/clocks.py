"""Where arrival times can be taken on this machine, and the links that take them there."""

import socket
import sys
from collections.abc import Callable, Collection
from typing import Literal, get_args

from ragmeter.clients.connection.dial import Links
from ragmeter.clients.connection.pauses import Pauses
from ragmeter.clients.links.kernel_link import KernelLinks, kernel_stamps_offered
from ragmeter.clients.links.user_link import UserLinks
from ragmeter.core.errors import ConfigError


def capture_offered() -> bool:
    """Whether this process may capture packets: Linux, and CAP_NET_RAW in the namespace of its network."""
    if sys.platform != "linux":
        return False
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0).close()
    except OSError:
        return False
    return True


Clock = Literal["capture", "kernel", "user"]
"""``capture``: the kernel stamps every packet, in a ring of packet heads. ``kernel``: it stamps every read of a socket.
``user``: this process looks at its watch when it has read the bytes."""

AUTO = "auto"
CLOCKS: tuple[str, ...] = (AUTO, *get_args(Clock))
_OFFERED: dict[str, Callable[[], bool]] = {
    "capture": capture_offered,
    "kernel": kernel_stamps_offered,
    "user": lambda: True,
}
_NEEDS = {"capture": "Linux and the capability CAP_NET_RAW", "kernel": "Linux"}


def offered_clocks() -> tuple[Clock, ...]:
    """What this process may use, best first."""
    return tuple(clock for clock in get_args(Clock) if _OFFERED[clock]())


def clock_for(asked: str) -> Clock:
    """The clock that was asked for; for ``auto`` the best that this process may use. Raises ConfigError."""
    if asked not in CLOCKS:
        raise ConfigError(f"clock {asked!r} is none of {', '.join(CLOCKS)}")
    found = next((clock for clock in offered_clocks() if asked in (AUTO, clock)), None)
    if found is None:
        raise ConfigError(f"clock {asked!r} needs {_NEEDS[asked]}, which are not there; auto takes the next best")
    return found


def links_for(clock: Clock, *, server_ports: Collection[int], local_ports: range | None, pauses: Pauses) -> Links:
    """server_ports, local_ports: what a capture listens for; see `ragmeter.clients.capture.links.CaptureLinks`.
    pauses: when it may read what it has.
    """
    if clock == "capture":
        from ragmeter.clients.capture.links import CaptureLinks  # Linux only

        return CaptureLinks(server_ports, local_ports, pauses)
    return KernelLinks() if clock == "kernel" else UserLinks()
