"""The local ports of one of several load processes: by them it knows its packets from those of the others.

Linux 6.3 and later: IP_LOCAL_PORT_RANGE in ip(7), also for IPv6.
"""

import socket
import struct
from pathlib import Path

_IP_LOCAL_PORT_RANGE = 51
"""include/uapi/linux/in.h; Python has no name for it."""
_OF_THE_SYSTEM = Path("/proc/sys/net/ipv4/ip_local_port_range")


def share_of_ports(number: int, count: int) -> range | None:
    """The part of the system's range that process ``number`` of ``count`` uses, from 0 on.

    None for a process that is alone, and on a system that does not let a process choose.
    """
    if count == 1 or not _offered():
        return None
    first, last = map(int, _OF_THE_SYSTEM.read_text(encoding="ascii").split())
    size = (last + 1 - first) // count
    return range(first + number * size, first + (number + 1) * size) if size else None


def keep_to(sock: socket.socket, ports: range) -> None:
    """Have the kernel choose the local port among these when the socket is connected. Raises OSError."""
    sock.setsockopt(socket.IPPROTO_IP, _IP_LOCAL_PORT_RANGE, struct.pack("=HH", ports[0], ports[-1]))


def _offered() -> bool:
    with socket.socket() as sock:
        try:
            keep_to(sock, range(1, 2))
        except OSError:
            return False
    return _OF_THE_SYSTEM.exists()
