"""How long a packet takes to the other end of a connection and back, as Linux knows it: struct tcp_info of its uapi."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys

_BYTES = 152
_MIN_RTT_AT = 148
_UNKNOWN_US = 2**32 - 1


def round_trip_ms(transport: asyncio.BaseTransport) -> float | None:
    """The least of the last minutes; None where the kernel does not tell. A proxy is the other end of a connection."""
    sock = transport.get_extra_info("socket")
    if sys.platform != "linux" or sock is None:
        return None
    try:
        raw = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES)
    except OSError:
        return None
    if len(raw) < _BYTES:  # an older kernel
        return None
    (least_us,) = struct.unpack_from("=I", raw, _MIN_RTT_AT)
    return None if least_us == _UNKNOWN_US else float(least_us) / 1000
