"""What one pod knows of its peers, and that as Prometheus text (exposition format 0.0.4).

Names and labels are those of the probes that ragmeter starts, but for ``provider``, which the scrape attaches. What was
not measured has no sample; a zero is a zero that was measured.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Labels = dict[str, str]
Sample = tuple[Labels, float | None]

STATISTICS = {"min": "Smallest", "avg": "Mean", "p50": "Median", "p99": "p99", "max": "Largest"}
ROUND_TRIPS = {"pod_to_pod": ("ew_latency", "round trip"), "connect": ("ew_connect", "time of connect()")}
THROUGHPUT = {
    "gbps": ("ew_tcp_throughput_gbps", "TCP payload received, in Gbit/s."),
    "retransmits": ("ew_tcp_retransmits", "Segments that the sender of the TCP test sent again."),
}
UDP = {
    "jitter_ms": ("ew_udp_jitter_ms", "Jitter of a paced UDP stream (RFC 3550)."),
    "loss_percent": ("ew_udp_loss_percent", "Share of its datagrams that did not come."),
}


@dataclass(frozen=True)
class Measured:
    """One peer: the document of its probe, and when it was finished by the monotonic clock."""

    document: dict[str, Any]
    at_s: float

    @property
    def node(self) -> str | None:
        """The peer's node; None where no peer answered."""
        node: str | None = self.document["server_node"]
        return node


@dataclass(frozen=True)
class Seen:
    """What one pod knows.

    began_s: start of the last round, Unix time; None before the first. failed: its peers with a part that has no
    number; None where the peers could not be found. failures: all of them so far, and the rounds without peers.
    """

    began_s: float | None = None
    failed: int | None = None
    failures: int = 0
    peers: tuple[Measured, ...] = ()

    def after(self, began_s: float, found: Iterable[Measured] | None, since_s: float) -> "Seen":
        """With a round more; found: None where there was no finding peers. What is older than since_s is forgotten."""
        new = tuple(found or ())
        failed = None if found is None else sum(1 for at in new if at.document["errors"])
        latest = {at.node: at for at in (*self.peers, *new) if at.node is not None}
        fresh = tuple(at for at in latest.values() if at.at_s >= since_s)
        return Seen(began_s, failed, self.failures + (1 if failed is None else failed), fresh)

    def text(self, node: str, since_s: float) -> str:
        """Of the pod on this node, without what is older than since_s."""
        own = {"client_node": node}
        began: Sample = (own, self.began_s)
        lines = [
            *_family("ew_probe_timestamp_seconds", "When the probe began; older values are stale.", [began]),
            *_family("ew_probe_failed_pairs", "Pairs of nodes with a part that has no number.", [(own, self.failed)]),
            *_family("ew_probe_failures_total", "Failed pairs so far.", [(own, self.failures)], kind="counter"),
            *_measurements([({**own, **_peer(at, node)}, at.document) for at in self.peers if at.at_s >= since_s]),
        ]
        return "".join(lines)


def _peer(at: Measured, node: str) -> Labels:
    return {"server_node": str(at.node), "same_node": "true" if at.node == node else "false"}


def _measurements(pairs: list[tuple[Labels, dict[str, Any]]]) -> Iterator[str]:
    for part, (name, what) in ROUND_TRIPS.items():
        for statistic, which in STATISTICS.items():
            samples = [(_path(pair), at[part][f"{statistic}_ms"]) for pair, at in pairs if part in at]
            yield from _family(f"{name}_{statistic}_ms", f"{which} {what}.", samples)
    for key, (name, about) in THROUGHPUT.items():
        tests = [({**_path(pair), **_test(test)}, test[key]) for pair, at in pairs for test in _tcp(at)]
        yield from _family(name, about, tests)
    for key, (name, about) in UDP.items():
        yield from _family(name, about, [(_path(pair), at["udp"][key]) for pair, at in pairs if "udp" in at])


def _path(pair: Labels) -> Labels:
    return {"path": "pod_to_pod", **pair}


def _tcp(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [part for name, part in document.items() if name.startswith("tcp_")]


def _test(test: dict[str, Any]) -> Labels:
    return {"direction": test["direction"], "streams": str(test["streams"])}


def _family(name: str, about: str, samples: Iterable[Sample], kind: str = "gauge") -> Iterator[str]:
    """Nothing when no sample has a value."""
    lines = [_line(name, labels, value) for labels, value in samples if value is not None]
    if lines:
        yield f"# HELP {name} {about}\n# TYPE {name} {kind}\n"
        yield from lines


def _line(name: str, labels: Labels, value: float) -> str:
    written = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{written}}} {float(value)!r}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
