"""Ports of this machine for programs that cannot say which one they took."""

import random
import socket
from pathlib import Path

import pytest

FIRST = 10_240
RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
USUAL = 32_768
"""Where the kernel's own range usually begins."""


def free_port() -> int:
    """One at which nothing listens. It is not from the kernel's range for connections: until the program has started,
    one of the thousands that other tests open would take it, and the program would not start.
    """
    end = int(RANGE.read_text().split()[0]) if RANGE.exists() else USUAL
    while True:
        port = random.randrange(FIRST, max(end, FIRST + 1_000))
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", port))
            except OSError:
                continue
            return port


def has_ipv6() -> bool:
    """Whether a server can listen on ``::1``; in most containers none can."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="no IPv6 on this machine")
