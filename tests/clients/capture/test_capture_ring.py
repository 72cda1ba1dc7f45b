"""The capture ring on real packets: what it keeps, what it loses, and a link between namespaces that loses packets."""

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from ragmeter.clients.capture.frames import Segment, route_of
from ragmeter.clients.capture.ring import PacketRing
from ragmeter.clients.capture.track import ByteTimes
from ragmeter.clients.connection.local_ports import keep_to, share_of_ports
from ragmeter.clients.links.stamps import EARLY_NS, WallOffset
from tests.clients.lossy_link import Bed, bed, mac_of
from tests.ports import needs_ipv6
from tests.programs import needs
from tests.tethered import tethered

pytestmark = pytest.mark.privileged("capture")

WAIT_S = 60.0
LOOPBACKS = ["127.0.0.1", pytest.param("::1", marks=needs_ipv6)]


@contextlib.contextmanager
def ring_on(*ports: int, frames: int = 256) -> Iterator[PacketRing]:
    ring = PacketRing(ports, frames=frames)
    try:
        yield ring
    finally:
        ring.close()


@contextlib.contextmanager
def connected(host: str = "127.0.0.1") -> Iterator[tuple[int, socket.socket, socket.socket, PacketRing]]:
    """A server's port, both ends of a connection to it, and a ring that has seen its beginning."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listener:
        port = listener.getsockname()[1]
        with ring_on(9, port, 10) as ring, socket.create_connection((host, port)) as client:
            server, _ = listener.accept()
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with server:
                yield port, client, server, ring


def with_data(segments: list[Segment]) -> list[tuple[bool, int]]:
    return [(segment.outgoing, segment.data_bytes) for segment in segments if segment.data_bytes]


@pytest.mark.parametrize("host", LOOPBACKS)
def test_each_direction_is_seen_once_although_loopback_shows_every_packet_twice(host: str) -> None:
    with connected(host) as (port, client, server, ring):
        client.sendall(b"question")
        server.recv(100)
        server.sendall(b"an")
        server.sendall(b"swer")
        client.recv(100)
        segments = ring.read()
    greeting = segments[0]
    assert greeting.syn
    assert with_data(segments) == [(True, 8), (False, 2), (False, 4)]
    question, answer = segments[1], next(s for s in segments if s.data_bytes == 2)
    assert (question.seq, answer.seq) == (greeting.ack, greeting.seq + 1)
    address = socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    assert {s.route for s in segments} == {route_of(address, port, client_port(greeting))}


def client_port(segment: Segment) -> int:
    return segment.route & 0xFFFF


def test_traffic_of_other_ports_and_bare_acknowledgements_stay_out() -> None:
    with connected() as (_, client, server, ring), connected() as (_, other, foreign, _):
        foreign.sendall(b"not ours")
        other.recv(100)
        for _ in range(20):
            server.sendall(b"token")
            client.recv(100)
        segments = ring.read()
    assert with_data(segments) == [(False, 5)] * 20
    assert not any(segment.outgoing for segment in segments)


@pytest.mark.skipif(share_of_ports(0, 2) is None, reason="a process chooses its ports since Linux 6.3")
@pytest.mark.parametrize("host", LOOPBACKS)
def test_ring_of_one_load_process_does_not_see_what_another_sends_and_gets(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    shares = [ports for number in range(2) if (ports := share_of_ports(number, 2))]
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((host, 0), family=family))
        port = listener.getsockname()[1]
        rings = [PacketRing({port}, ports) for ports in shares]
        for ring in rings:
            stack.callback(ring.close)
        for size, ports in enumerate(shares, start=1):
            client = stack.enter_context(socket.socket(family))
            keep_to(client, ports)
            client.connect((host, port))
            assert client.getsockname()[1] in ports
            server = stack.enter_context(listener.accept()[0])
            client.sendall(bytes(size))
            server.recv(9)
            server.sendall(bytes(10 * size))
            client.recv(99)
        seen = [ring.read() for ring in rings]
    assert [with_data(segments) for segments in seen] == [[(True, 1), (False, 10)], [(True, 2), (False, 20)]]
    assert all(
        client_port(segment) in ports for segments, ports in zip(seen, shares, strict=True) for segment in segments
    )


def test_ring_that_is_full_counts_what_it_lost_and_goes_on() -> None:
    with connected() as (_, client, server, ring):
        for _ in range(300):
            server.sendall(b"token")
            client.recv(100)
        kept = len(ring.read())
        lost = ring.dropped
        server.sendall(b"later")
        client.recv(100)
        assert with_data(ring.read())[-1:] == [(False, 5)]
        assert ring.dropped == lost
    assert kept == 256
    assert lost >= 300 - 256


def test_ring_is_read_round_and_round() -> None:
    sizes = [1 + n % 200 for n in range(1500)]
    with connected() as (_, client, server, ring):
        seen = []
        for n, size in enumerate(sizes):
            server.sendall(bytes(size))
            client.recv(1000)
            if n % 100 == 99:
                seen += with_data(ring.read())
    assert seen == [(False, size) for size in sizes]


@pytest.fixture
def laid() -> Iterator[Bed]:
    with bed() as made:
        yield made


@needs("ip", "tc", "nsenter")
@pytest.mark.privileged("namespaces")
def test_tagged_packet_is_read_without_its_tag(laid: Bed) -> None:
    """The kernel takes a VLAN tag off before a packet gets here; the tagged packet is sent by hand."""
    tagged = "020000000001 81000064 0800 45000029000040004006 0000 0a000001 0a000002"
    segment = "01bbc350 00000007 00000008 50180000 00000000 78"
    send = "import socket, sys; s = socket.socket(17, 3); s.bind((sys.argv[1], 0)); s.send(bytes.fromhex(sys.argv[2]))"
    with ring_on(443) as ring:
        packet = mac_of(laid.here) + (tagged + segment).replace(" ", "")
        subprocess.run(laid.other.inside(sys.executable, "-c", send, laid.there, packet), check=True)
        found = first_of(ring)
    assert [(s.seq, s.ack, s.data_bytes, client_port(s)) for s in found] == [(7, 8, 1, 50_000)]


def first_of(ring: PacketRing) -> list[Segment]:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        if found := ring.read():
            return found
    raise TimeoutError("no packet came")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One read of a socket that was waited for: what it was asked at, gave at, and up to which byte."""

    asked_ns: int
    given_ns: int
    end: int


def read_to_the_end(client: socket.socket) -> list[Read]:
    """As promptly as a process can."""
    reads: list[Read] = []
    while True:
        asked_ns = time.monotonic_ns()
        size = len(client.recv(1 << 20))
        if not size:
            return reads
        reads.append(Read(asked_ns=asked_ns, given_ns=time.monotonic_ns(), end=(reads[-1].end if reads else 0) + size))


@needs("ip", "tc", "nsenter")
@pytest.mark.privileged("namespaces")
@pytest.mark.parametrize(
    ("shaping", "size"), [(None, 7000), ("tbf rate 8mbit burst 4000 limit 6000", 700)], ids=["merged", "lost"]
)
def test_bytes_are_dated_when_they_could_be_read_also_when_packets_are_merged_or_lost(
    laid: Bed, shaping: str | None, size: int
) -> None:
    """Each date lies between the write and the read of its byte, and after the read that did not find it yet."""
    bursts, pieces = 12, 30
    if shaping:
        command = laid.other.inside("tc", "qdisc", "add", "dev", laid.there, "root", *shaping.split())
        subprocess.run(command, check=True)
    script = Path(__file__).parent / "bursty_server.py"
    words = map(str, (sys.executable, script, laid.address, bursts, pieces, size, 0.01))
    with subprocess.Popen(tethered(laid.other.inside(*words)), stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = json.loads(server.stdout.readline())
        with (
            ring_on(port, frames=1 << 14) as ring,
            socket.create_connection((laid.address, port), WAIT_S) as client,
        ):
            reads = read_to_the_end(client)
            segments = ring.read()
            client.send(b".")
            truth = json.loads(server.stdout.readline())
            assert ring.dropped == 0
    total = bursts * pieces * size
    times = dated(segments)
    pieces_read = times.take(total, reads[-1].given_ns)
    assert all(captured for _, _, captured in pieces_read)
    assert (truth["resent"] > 0) is bool(shaping)
    assert max(segment.data_bytes for segment in segments) > 1500
    for previous, read in pairwise([Read(asked_ns=0, given_ns=0, end=0), *reads]):
        for end, at_ns, _ in pieces_read:
            if previous.end < end <= read.end:
                assert truth["written_ns"][(end - 1) // size] <= at_ns <= read.given_ns
                assert at_ns > previous.asked_ns - EARLY_NS


def dated(segments: list[Segment]) -> ByteTimes:
    wall, offset_ns = WallOffset(), None
    for _ in range(50):  # each reading narrows it, whatever interrupts one of them
        offset_ns = wall.observe(time.monotonic_ns(), time.time_ns(), time.monotonic_ns())
    assert offset_ns is not None
    times = ByteTimes(segments[0].seq + 1)
    for segment in segments:
        if segment.data_bytes and not segment.outgoing:
            times.add(segment.seq, segment.data_bytes, segment.stamp_ns + offset_ns)
    return times
