"""What the network inside a cluster does: the document ``netprobe-ew.v1``, field by field.

Whatever could not be measured is None or absent and has its reason; nothing is 0 for want of a measurement.
"""

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from ragmeter.core.codec import decode
from ragmeter.core.errors import SchemaError
from ragmeter.core.formatting import number_text

Load = Literal["none", "before", "after", "during"]
"""When a probe was made: without a load in its session, before or after one, or beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeReference:
    """What a run takes from an east-west probe of its cluster.

    path: its document. load: when it was made, if that was around the load of this run. pairs: those that it is of, and
    ``chosen``: why. route: which round trip it is, through a Service where that was measured. p50_ms: of the pair; of
    several, the mean of theirs. p99_ms: None of several. windows: of a probe beside the load, when pairs were measured:
    (began, ended), ISO 8601.
    """

    path: str
    timestamp: str
    load: Load
    pairs: tuple[str, ...]
    chosen: str
    route: str
    p50_ms: float
    p99_ms: float | None
    windows: tuple[tuple[str, str], ...] = ()

    @property
    def sentence(self) -> str:
        """What is taken for the network between backend and LLM."""
        when = {"during": ", measured beside the load", "after": ", measured after the load"}.get(self.load, "")
        return f"{self.chosen}; {number_text(self.p50_ms, 3)} ms ({self.route.replace('_', ' ')}, p50){when}"


Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
Path = Literal["pod_to_pod", "pod_to_service", "node_to_node"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Order statistics of individual round trips.

    clock: ``kernel`` when both ends' kernels dated the packets; ``user`` has the work of the programs in it.
    p99_ms: None below 100 samples.
    """

    min_ms: Positive
    avg_ms: Positive
    p50_ms: Positive
    p90_ms: Positive
    p99_ms: Positive | None
    max_ms: Positive
    samples: Annotated[int, Field(ge=1)]
    clock: Literal["kernel", "user"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """TCP payload that the receiver got. retransmits: of the sender; None where it does not tell."""

    direction: Literal["client_to_server", "server_to_client"]
    streams: Annotated[int, Field(ge=1)]
    bits_per_second: Positive
    mbps: Positive
    gbps: Positive
    retransmits: Count | None
    duration_seconds: Positive


@dataclass(frozen=True, slots=True, kw_only=True)
class UdpJitter:
    """A paced UDP stream as the receiver saw it. jitter_ms: RFC 3550, 6.4.1."""

    jitter_ms: Annotated[float, Field(ge=0)]
    lost_packets: Count
    total_packets: Annotated[int, Field(ge=1)]
    loss_percent: Annotated[float, Field(ge=0, le=100)]
    target_mbps: Positive
    duration_seconds: Positive


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two nodes, or twice the same one (``same_node``: then no network between nodes is in its figures).

    latency: of the path pod_to_pod. tcp_throughput: one stream to the server; ``tcp`` has all tests.
    connect, dns: time of connect() and of getaddrinfo() in the client's pod. errors: reason by part.
    began_at, ended_at: ISO 8601, by the clock of the machine that started the probe, with the start of its pods.
    client_throttled_periods, server_throttled_periods: CFS periods in which the pod was stopped for its CPU limit
    during the probe; None where the cgroup does not tell.
    """

    client_node: str
    server_node: str
    same_node: bool
    tcp_throughput: Throughput | None = None
    tcp: tuple[Throughput, ...] = ()
    udp_jitter: UdpJitter | None = None
    latency: Latency | None = None
    paths: dict[Path, Latency]
    connect: Latency | None = None
    dns: Latency | None = None
    segment_bytes: Annotated[int, Field(ge=1)] | None = None
    mtu_bytes: Annotated[int, Field(ge=1)] | None = None
    client_throttled_periods: Count | None = None
    server_throttled_periods: Count | None = None
    began_at: str | None = None
    ended_at: str | None = None
    errors: dict[str, str]

    @property
    def name(self) -> str:
        return f"{self.client_node} → {self.server_node}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Netprobe:
    """One probe of a provider's cluster.

    The first block keeps the names users know; it is that of one pair, the reference: across nodes if there is one,
    with the median pod_to_pod p50. None throughout when no pair was measured.
    suspect: why figures are suspect. errors: why something is missing, in one sentence each.
    left_out: nodes that were not probed, with the reason. load: a probe ``during`` one was beside it. runs: whose load.
    """

    schema: Literal["netprobe-ew.v1"] = "netprobe-ew.v1"
    test_type: Literal["east-west"] = "east-west"
    timestamp: str
    provider: str
    cluster: str | None
    server_node: str | None
    client_node: str | None
    same_node: bool | None
    tcp_throughput: Throughput | None
    udp_jitter: UdpJitter | None
    latency: Latency | None
    paths: dict[Path, Latency]

    load: Load = "none"
    runs: tuple[str, ...] = ()
    status: Literal["complete", "interrupted"]
    ragmeter_version: str
    duration_seconds: Positive
    nodes: tuple[str, ...]
    left_out: dict[str, str]
    settings: dict[str, Any]
    pairs: tuple[Pair, ...]
    suspect: tuple[str, ...]
    errors: tuple[str, ...]


def pair_of(document: Any, *, client_node: str, server_node: str, path: Path) -> Pair:
    """The pair that a probe's pod wrote. Raises SchemaError for what is no such document, a zero among others.

    path: what its round trips are called; reasons of the path node_to_node are distinct from those of the pods.
    """
    if not isinstance(document, dict) or document.get("client_node") != client_node:
        raise SchemaError(f"the document of the pod is not one of a client on {client_node}: {str(document)[:200]}")
    parts = {**document, "server_node": server_node, "same_node": client_node == server_node}
    reasons = parts.pop("errors", {})
    parts["errors"] = {f"{path}: {part}" if path != "pod_to_pod" else part: why for part, why in reasons.items()}
    parts["paths"] = {name: parts.pop(name) for name in get_args(Path) if name in parts}
    parts["latency"] = parts["paths"].get("pod_to_pod")
    parts["tcp"] = [parts.pop(name) for name in sorted(parts) if name.startswith("tcp_")]
    parts["tcp_throughput"] = next((found for found in parts["tcp"] if _is_plain(found)), None)
    parts["udp_jitter"] = parts.pop("udp", None)
    return decode(Pair, parts, where="the document of the pod")


def _is_plain(tcp: Any) -> bool:
    return bool(tcp["streams"] == 1 and tcp["direction"] == "client_to_server")


def with_host_path(pair: Pair, host: Pair) -> Pair:
    """A pair of pods with the round trips between the nodes themselves."""
    return replace(pair, paths={**pair.paths, **host.paths}, errors={**pair.errors, **host.errors})


def unmeasured(client_node: str, server_node: str, reason: str, *, part: str = "probe") -> Pair:
    """A pair of which nothing is known but why."""
    return Pair(
        client_node=client_node,
        server_node=server_node,
        same_node=client_node == server_node,
        paths={},
        errors={part: reason},
    )
