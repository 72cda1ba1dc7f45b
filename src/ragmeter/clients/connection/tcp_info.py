"""What Linux knows of a TCP connection: struct tcp_info of include/uapi/linux/tcp.h."""

import socket
import struct
import sys
from dataclasses import dataclass

_BYTES = 152
_TOTAL_RETRANS_AT, _MIN_RTT_AT = 100, 148
_U32 = struct.Struct("=I")


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpInfo:
    """rtt_us: least round trip of the last minutes (tcpi_min_rtt). retransmits: of this side, since it connected.

    Not the smoothed round trip: a server acknowledges a request late, up to 40 ms, when its answer is not there yet.
    """

    rtt_us: int
    retransmits: int

    @classmethod
    def parse(cls, raw: bytes) -> "TcpInfo | None":
        """None for the shorter struct of a kernel that is older than both fields."""
        if len(raw) < _BYTES:
            return None
        return cls(
            rtt_us=_U32.unpack_from(raw, _MIN_RTT_AT)[0], retransmits=_U32.unpack_from(raw, _TOTAL_RETRANS_AT)[0]
        )


def read_tcp_info(sock: socket.socket) -> TcpInfo | None:
    """None where the kernel does not tell, or the socket is closed."""
    if sys.platform != "linux":
        return None
    try:
        return TcpInfo.parse(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES))
    except OSError:
        return None
