"""From frames of the capture ring to TCP segments, many at a time. Pure.

Layout: struct tpacket2_hdr and struct sockaddr_ll of include/uapi/linux/if_packet.h, then the packet from its network
header on.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ragmeter.clients.capture_filter import OUTGOING

FRAME_BYTES = 256
READY = 1
"""TP_STATUS_USER: the kernel is done with the frame."""

FRAME = np.dtype(
    {
        "names": ["status", "packet_bytes", "packet_at", "seconds", "nanoseconds", "packet_type"],
        "formats": ["<u4", "<u4", "<u2", "<u4", "<u4", "u1"],
        "offsets": [0, 4, 14, 16, 20, 42],
        "itemsize": FRAME_BYTES,
    }
)
_TCP_FIXED_BYTES = 20
_SYN = 0x02

Frames = npt.NDArray[Any]


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
    folded = 0
    for start in range(0, len(remote_address), 4):
        folded ^= int.from_bytes(remote_address[start : start + 4], "big")
    return folded << 32 | remote_port << 16 | local_port


def segments_of(frames: Frames) -> list[Segment]:
    """The segments in frames of dtype `FRAME`, in their order. What the filter lets through is taken to be TCP."""
    if not len(frames):
        return []
    raw = frames.view(np.uint8).reshape(len(frames), FRAME_BYTES)
    rows = np.arange(len(frames))
    packet_at = frames["packet_at"].astype(np.intp)
    first = raw[rows, packet_at]
    is_v4 = first >> 4 == 4
    header_bytes = np.where(is_v4, (first & 0xF).astype(np.intp) * 4, 40)
    tcp = _bytes_at(raw, rows, packet_at + header_bytes, _TCP_FIXED_BYTES)
    outgoing = frames["packet_type"] == OUTGOING
    ports = tcp[:, :4].view(">u2").astype(np.uint64)
    local = np.where(outgoing, ports[:, 0], ports[:, 1])
    remote = np.where(outgoing, ports[:, 1], ports[:, 0])
    route = _remote_address(raw, rows, packet_at, is_v4, outgoing) << 32 | remote << 16 | local
    numbers = tcp[:, 4:12].view(">u4")
    data_bytes = _ip_bytes(raw, rows, packet_at, is_v4, frames["packet_bytes"]) - header_bytes - (tcp[:, 12] >> 4) * 4
    stamps = frames["seconds"].astype(np.int64) * 1_000_000_000 + frames["nanoseconds"]
    columns = (route, outgoing, tcp[:, 13] & _SYN != 0, numbers[:, 0], numbers[:, 1], data_bytes, stamps)
    return list(map(Segment._make, zip(*(column.tolist() for column in columns), strict=True)))


def _bytes_at(raw: Frames, rows: Frames, at: Frames, size: int) -> Frames:
    return raw[rows[:, None], at[:, None] + np.arange(size)]


def _remote_address(raw: Frames, rows: Frames, packet_at: Frames, is_v4: Frames, outgoing: Frames) -> Frames:
    """32 bits; the four words of an IPv6 address are folded into one."""
    v4 = _bytes_at(raw, rows, packet_at + np.where(outgoing, 16, 12), 4).view(">u4")[:, 0]
    if is_v4.all():
        return v4.astype(np.uint64)
    words = _bytes_at(raw, rows, packet_at + np.where(outgoing, 24, 8), 16).view(">u4")
    return np.where(is_v4, v4, np.bitwise_xor.reduce(words, axis=1)).astype(np.uint64)


def _ip_bytes(raw: Frames, rows: Frames, packet_at: Frames, is_v4: Frames, packet_bytes: Frames) -> Frames:
    """The packet's length as its header has it: a short one is padded by Ethernet. 0 there: merged beyond 64 KiB."""
    lengths = _bytes_at(raw, rows, packet_at + np.where(is_v4, 2, 4), 2).view(">u2")[:, 0].astype(np.int64)
    total = np.where(is_v4, lengths, lengths + 40)
    return np.where(lengths == 0, packet_bytes.astype(np.int64), total)
