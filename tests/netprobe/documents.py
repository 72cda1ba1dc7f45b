"""A document as the program in the pod writes it, and what is made of it."""

import copy
from typing import Any

from ragmeter.core.netprobe.build import ProbeRun, netprobe_of
from ragmeter.core.netprobe.document import Latency, Netprobe, Pair, pair_of
from ragmeter.core.netprobe.plan import NodePlan


def round_trips(p50_ms: float = 0.2, **changed: Any) -> dict[str, Any]:
    found = {"min_ms": p50_ms / 2, "avg_ms": p50_ms, "p50_ms": p50_ms, "p90_ms": p50_ms * 2, "p99_ms": p50_ms * 4}
    return {**found, "max_ms": p50_ms * 5, "samples": 1000, "clock": "kernel", **changed}


def tcp(direction: str, streams: int, gbps: float = 4.0, retransmits: int | None = 3) -> dict[str, Any]:
    rate = {"bits_per_second": gbps * 1e9, "mbps": gbps * 1e3, "gbps": gbps}
    return {"direction": direction, "streams": streams, **rate, "retransmits": retransmits, "duration_seconds": 3.0}


DOCUMENT: dict[str, Any] = {
    "client_node": "node-1",
    "server_node": "node-2",
    "errors": {},
    "pod_to_pod": round_trips(),
    "pod_to_service": round_trips(0.25),
    "connect": round_trips(0.3, clock="user"),
    "dns": round_trips(0.5, clock="user"),
    "segment_bytes": 1448,
    "mtu_bytes": 1500,
    "tcp_out_1": tcp("client_to_server", 1, 4.0),
    "tcp_back_1": tcp("server_to_client", 1, 3.0),
    "tcp_out_4": tcp("client_to_server", 4, 5.0),
    "tcp_back_4": tcp("server_to_client", 4, 4.5),
    "udp": {
        "jitter_ms": 0.004,
        "lost_packets": 2,
        "total_packets": 1000,
        "loss_percent": 0.2,
        "target_mbps": 10.0,
        "duration_seconds": 3.0,
    },
    "client_throttled_periods": 0,
    "server_throttled_periods": 0,
}


def document(**changed: Any) -> dict[str, Any]:
    """With these parts; a part that is None is left out."""
    parts = {**copy.deepcopy(DOCUMENT), **changed}
    return {name: part for name, part in parts.items() if part is not None}


def pair(client: str = "node-1", server: str = "node-2", **changed: Any) -> Pair:
    return pair_of(
        document(client_node=client, server_node=server, **changed),
        client_node=client,
        server_node=server,
        path="pod_to_pod",
    )


def probe(*pairs: Pair, nodes: tuple[str, ...] = ("node-1", "node-2"), **changed: Any) -> Netprobe:
    run: dict[str, Any] = {
        "timestamp": "2026-02-22T10:11:12+00:00",
        "provider": "akamai-lke",
        "cluster": "lke-1",
        "ragmeter_version": "0.1.0",
        "duration_s": 42.0,
        "settings": {},
        "plan": NodePlan(nodes=nodes, left_out={}),
        "status": "complete",
        **changed,
    }
    return netprobe_of(ProbeRun(**run), pairs)


def latency(p50_ms: float) -> Latency:
    return Latency(**round_trips(p50_ms))
