"""From a frame of the capture ring to a TCP segment. Pure.

Layout: struct tpacket2_hdr and struct sockaddr_ll of include/uapi/linux/if_packet.h, then the packet from its network
header on.
"""

import struct
from typing import NamedTuple

from ragmeter.clients.capture.filter import OUTGOING

FRAME_BYTES = 256
READY = 1
"""TP_STATUS_USER: the kernel is done with the frame."""

PACKET_AT = 80
"""Where a socket of type SOCK_DGRAM has the packet: both structs, each aligned to 16 bytes, and 16 bytes of room."""
_HEAD = struct.Struct("<4xI8xII18xB")
_IPV4_TCP = struct.Struct(">BxH8xIIHHIIBB")
_NO_OPTIONS = 0x45
"""The first byte of an IPv4 header of 20 bytes."""
_IPV6 = struct.Struct(">4xH2x8I")
_TCP = struct.Struct(">HHIIBB")
_SYN = 0x02
_MERGED = 0
"""The length in the header of a packet that was merged beyond 64 KiB."""


class Segment(NamedTuple):
    """One TCP segment to or from a server, which is remote.

    route: the remote address (IPv6: folded), the remote port and the local port, as one number; see `route_of`.
    stamp_ns: of the wall clock. seq, ack: of its header, modulo 2**32. data_bytes: behind its header.
    """

    route: int
    outgoing: bool
    syn: bool
    seq: int
    ack: int
    data_bytes: int
    stamp_ns: int


def route_of(remote_address: bytes, remote_port: int, local_port: int) -> int:
    """remote_address: 4 or 16 bytes in network order."""
    return (
        _folded(struct.unpack(f">{len(remote_address) // 4}I", remote_address)) << 32 | remote_port << 16 | local_port
    )


def segment_at(memory: bytes | memoryview, at: int) -> Segment:
    """The segment in the frame that begins there. What the filter lets through is taken to be TCP.

    The packet's length is what its header says: Ethernet pads a short one.
    """
    packet_bytes, seconds, nanoseconds, packet_type = _HEAD.unpack_from(memory, at)
    first, length, source, target, from_port, to_port, seq, ack, offset, flags = _IPV4_TCP.unpack_from(
        memory, at + PACKET_AT
    )
    header_bytes = 20
    if first != _NO_OPTIONS:
        header_bytes = (first & 0xF) * 4
        if first >> 4 != 4:
            length, *words = _IPV6.unpack_from(memory, at + PACKET_AT)
            source, target, header_bytes = _folded(words[:4]), _folded(words[4:]), 40
            length += 40 if length != _MERGED else 0
        from_port, to_port, seq, ack, offset, flags = _TCP.unpack_from(memory, at + PACKET_AT + header_bytes)
    outgoing = packet_type == OUTGOING
    route = target << 32 | to_port << 16 | from_port if outgoing else source << 32 | from_port << 16 | to_port
    data_bytes = (length or packet_bytes) - header_bytes - (offset >> 4) * 4
    stamp_ns = seconds * 1_000_000_000 + nanoseconds
    # half the time of calling Segment itself
    return tuple.__new__(Segment, (route, outgoing, flags & _SYN != 0, seq, ack, data_bytes, stamp_ns))


def _folded(words: "tuple[int, ...] | list[int]") -> int:
    """An address in 32 bits."""
    folded = 0
    for word in words:
        folded ^= word
    return folded
