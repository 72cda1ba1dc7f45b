"""The client's side: everything that is asked for about one server, one part after the other, in one document."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from netprobe import iperf
from netprobe.errors import UnmeasuredError
from netprobe.figures import latency
from netprobe.pingpong import Peer, connect, connect_times, greeting, lookup_times, round_trips, segment_and_mtu
from netprobe.throttling import between, throttled_periods

LOOKUPS = 100
RETRY_PAUSE_S = 0.2
PARTS = ("latency", "tcp", "udp")

Document = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What to measure.

    server: address of the pod, or of the node. server_node: where it has to be; None takes it where it is. service: the
    Service's address, None to leave it out. wait: seconds that both may take to answer for the first time.
    connections: how many, to time connect(); each leaves a closed socket behind.
    """

    server: str
    port: int
    iperf_port: int
    node: str
    server_node: str | None
    path: str
    wait: float
    service: str | None
    lookup: str | None
    samples: int
    seconds: int
    streams: int
    udp_mbps: float
    parts: tuple[str, ...]
    connections: int = 100


def probe(asked: Asked) -> Document:
    """The document. A part that could not be measured is absent and has its reason under ``errors``."""
    document: Document = {"client_node": asked.node, "server_node": asked.server_node, "errors": {}}
    before = throttled_periods()
    peer = _measured(document, "server", lambda: _expected(asked))
    if peer is None:
        return document
    document["server_node"] = peer.node
    for name, measure in _parts(asked):
        found = _measured(document, name, measure)
        if found is not None:
            document[name] = found
    last = _measured(document, "server", lambda: _greeted(asked.server, asked.port))
    document["client_throttled_periods"] = between(before, throttled_periods())
    document["server_throttled_periods"] = between(peer.throttled_periods, last.throttled_periods if last else None)
    return document


def _expected(asked: Asked) -> Peer:
    """The server, when it is on the node where it should be: a pair is what its name says, or nothing."""
    deadline = time.monotonic() + asked.wait
    if asked.service is not None:
        with contextlib.suppress(UnmeasuredError):  # its own part says what is wrong with it
            _awaited(asked.service, asked.port, deadline)
    peer = _awaited(asked.server, asked.port, deadline)
    if asked.server_node not in (None, peer.node):
        raise UnmeasuredError(f"the server at {asked.server} is on {peer.node!r}, not on {asked.server_node!r}")
    return peer


def _awaited(host: str, port: int, deadline: float) -> Peer:
    """A server that was started just now, or whose Service the nodes do not know yet, gets some time."""
    while True:
        try:
            return _greeted(host, port)
        except UnmeasuredError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(RETRY_PAUSE_S)


def _greeted(host: str, port: int) -> Peer:
    with connect(host, port) as sock:
        return greeting(sock)


def _parts(asked: Asked) -> Iterator[tuple[str, Callable[[], Any]]]:
    if "latency" in asked.parts:
        yield from _latencies(asked)
    if "tcp" in asked.parts:
        for streams in dict.fromkeys((1, asked.streams)):
            yield f"tcp_out_{streams}", _throughput(asked, streams, reverse=False)
            yield f"tcp_back_{streams}", _throughput(asked, streams, reverse=True)
    if "udp" in asked.parts:
        yield (
            "udp",
            lambda: iperf.udp_jitter(asked.server, asked.iperf_port, seconds=asked.seconds, target_mbps=asked.udp_mbps),
        )


def _latencies(asked: Asked) -> Iterator[tuple[str, Callable[[], Any]]]:
    def latency_of(host: str) -> Document:
        return latency(round_trips(host, asked.port, samples=asked.samples, within_s=asked.seconds))

    yield asked.path, lambda: latency_of(asked.server)
    if asked.service is not None:
        service = asked.service
        yield "pod_to_service", lambda: latency_of(service)
    yield "connect", lambda: latency(connect_times(asked.server, asked.port, samples=asked.connections))
    yield "segment_bytes", lambda: segment_and_mtu(asked.server, asked.port)[0]
    yield "mtu_bytes", lambda: segment_and_mtu(asked.server, asked.port)[1]
    if asked.lookup is not None:
        name = asked.lookup
        yield "dns", lambda: latency(lookup_times(name, samples=LOOKUPS))


def _throughput(asked: Asked, streams: int, *, reverse: bool) -> Callable[[], Document]:
    return lambda: iperf.tcp_throughput(
        asked.server, asked.iperf_port, seconds=asked.seconds, streams=streams, reverse=reverse
    )


def _measured(document: Document, name: str, measure: Callable[[], Any]) -> Any:
    try:
        return measure()
    except (UnmeasuredError, OSError) as error:
        document["errors"][name] = str(error)
        return None
