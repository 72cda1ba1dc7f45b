"""Frames of the ring, built by hand: what each header says ends up in its segment."""

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.clients.capture.filter import OUTGOING, TO_US, tcp_filter
from ragmeter.clients.capture.frames import FRAME_BYTES, PACKET_AT, Segment, route_of, segment_at

SERVER, CLIENT = 443, 50_000


def tcp(source: int, target: int, *, seq: int = 1, ack: int = 2, flags: int = 0x18, options: int = 12) -> bytes:
    return struct.pack(">HHIIBBHHH", source, target, seq, ack, (20 + options) // 4 << 4, flags, 0, 0, 0) + bytes(
        options
    )


def ipv4(
    source: str, target: str, behind: bytes, *, data_bytes: int, options: int = 0, total: int | None = None
) -> bytes:
    size = 20 + options + len(behind) + data_bytes if total is None else total
    addresses = socket.inet_aton(source) + socket.inet_aton(target)
    return struct.pack(">BBHHHBBH", 0x45 + options // 4, 0, size, 0, 0, 64, 6, 0) + addresses + bytes(options) + behind


def ipv6(source: str, target: str, behind: bytes, *, data_bytes: int) -> bytes:
    addresses = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, target)
    return struct.pack(">IHBB", 6 << 28, len(behind) + data_bytes, 6, 64) + addresses + behind


def frame(packet: bytes, *, packet_bytes: int, packet_type: int = TO_US, at: tuple[int, int] = (3, 4)) -> bytes:
    """Header, address and packet as the kernel lays them out; the VLAN tag is beside the packet, not in it."""
    header = struct.pack("<IIIHHIIHHI", 1, packet_bytes, len(packet), PACKET_AT, PACKET_AT, *at, 7, 0x8100, 0)
    address = struct.pack("<HHiHBB8x", 17, 0, 1, 1, packet_type, 6)
    return (header + address).ljust(PACKET_AT, b"\0") + packet.ljust(FRAME_BYTES - PACKET_AT, b"\xee")


def parsed(*frames: bytes) -> list[Segment]:
    memory = b"".join(frames)
    return [segment_at(memory, at) for at in range(0, len(memory), FRAME_BYTES)]


def test_segment_from_a_server_and_one_to_it_have_the_same_route() -> None:
    came = ipv4("10.0.0.1", "10.0.0.2", tcp(SERVER, CLIENT, seq=7, ack=8), data_bytes=100)
    went = ipv4("10.0.0.2", "10.0.0.1", tcp(CLIENT, SERVER, seq=8, ack=107), data_bytes=50)
    route = route_of(socket.inet_aton("10.0.0.1"), SERVER, CLIENT)
    assert parsed(frame(came, packet_bytes=152), frame(went, packet_bytes=102, packet_type=OUTGOING)) == [
        Segment(route, outgoing=False, syn=False, seq=7, ack=8, data_bytes=100, stamp_ns=3_000_000_004),
        Segment(route, outgoing=True, syn=False, seq=8, ack=107, data_bytes=50, stamp_ns=3_000_000_004),
    ]


@pytest.mark.parametrize("packet_type", [TO_US, OUTGOING])
def test_ipv6_is_read_beside_ipv4(packet_type: int) -> None:
    server, client = "2001:db8::1:2", "2001:db8::3"
    ends = (server, client) if packet_type == TO_US else (client, server)
    ports = (SERVER, CLIENT) if packet_type == TO_US else (CLIENT, SERVER)
    six = ipv6(*ends, tcp(*ports, seq=1 << 31), data_bytes=9)
    four = ipv4("10.0.0.1", "10.0.0.2", tcp(SERVER, CLIENT), data_bytes=1)
    first, second = parsed(frame(six, packet_bytes=81, packet_type=packet_type), frame(four, packet_bytes=53))
    assert first.route == route_of(socket.inet_pton(socket.AF_INET6, server), SERVER, CLIENT)
    assert (first.seq, first.data_bytes, second.data_bytes) == (1 << 31, 9, 1)


@pytest.mark.parametrize(
    ("packet", "packet_bytes", "data_bytes", "why"),
    [
        (ipv4("1.1.1.1", "2.2.2.2", tcp(SERVER, CLIENT, options=0), data_bytes=0), 46, 0, "padded by Ethernet"),
        (ipv4("1.1.1.1", "2.2.2.2", tcp(SERVER, CLIENT, options=40), data_bytes=5, options=40), 125, 5, "options"),
        (ipv4("1.1.1.1", "2.2.2.2", tcp(SERVER, CLIENT), data_bytes=64_000), 64_052, 64_000, "merged"),
        (ipv4("1.1.1.1", "2.2.2.2", tcp(SERVER, CLIENT), data_bytes=0, total=0), 180_052, 180_000, "merged > 64 KiB"),
    ],
)  # fmt: skip
def test_data_is_counted_whatever_surrounds_it(packet: bytes, packet_bytes: int, data_bytes: int, why: str) -> None:
    assert parsed(frame(packet, packet_bytes=packet_bytes))[0].data_bytes == data_bytes, why


def test_greeting_of_a_server_is_known() -> None:
    greeting, plain = (ipv4("1.1.1.1", "2.2.2.2", tcp(SERVER, CLIENT, flags=f), data_bytes=0) for f in (0x12, 0x10))
    assert [s.syn for s in parsed(frame(greeting, packet_bytes=52), frame(plain, packet_bytes=52))] == [True, False]


@given(seq=st.integers(0, 2**32 - 1), seconds=st.integers(0, 2**32 - 1), nanoseconds=st.integers(0, 999_999_999))
def test_numbers_of_any_size_are_read_whole(seq: int, seconds: int, nanoseconds: int) -> None:
    packet = ipv4("255.255.255.255", "2.2.2.2", tcp(65535, 65535, seq=seq, ack=seq), data_bytes=1)
    (segment,) = parsed(frame(packet, packet_bytes=53, at=(seconds, nanoseconds)))
    assert (segment.seq, segment.ack) == (seq, seq)
    assert segment.stamp_ns == seconds * 10**9 + nanoseconds
    assert segment.route == route_of(b"\xff" * 4, 65535, 65535)


def test_filter_without_a_port_is_refused() -> None:
    with pytest.raises(ValueError, match="port of a server"):
        tcp_filter([])
