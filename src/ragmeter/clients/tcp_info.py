"""What Linux knows of a TCP connection: struct tcp_info of include/uapi/linux/tcp.h."""

import socket
import struct
import sys
from dataclasses import dataclass

_BYTES = 104
_RTT_AT, _TOTAL_RETRANS_AT = 68, 100
_U32 = struct.Struct("=I")


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpInfo:
    """rtt_us: smoothed round trip of what this side sent (tcpi_rtt). retransmits: of this side, since it connected."""

    rtt_us: int
    retransmits: int

    @classmethod
    def parse(cls, raw: bytes) -> "TcpInfo | None":
        """None for the shorter struct of a kernel that is older than both fields."""
        if len(raw) < _BYTES:
            return None
        return cls(rtt_us=_U32.unpack_from(raw, _RTT_AT)[0], retransmits=_U32.unpack_from(raw, _TOTAL_RETRANS_AT)[0])


def read_tcp_info(sock: socket.socket) -> TcpInfo | None:
    """None where the kernel does not tell, or the socket is closed."""
    if sys.platform != "linux":
        return None
    try:
        return TcpInfo.parse(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES))
    except OSError:
        return None
