"""An east-west probe as Prometheus text. What was not measured has no sample; a zero is a zero that was measured."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from ragmeter.core.netprobe.document import Latency, Netprobe, Pair, Throughput, UdpJitter
from ragmeter.report.prometheus.exposition import Family, Sample, gauge, prometheus_page

Pick: TypeAlias = Callable[[Netprobe], Iterable[Sample]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Family:
    name: str
    help: str
    samples: Pick


def netprobe_prometheus_text(results: Sequence[Netprobe]) -> str:
    """Every family once, with the samples of all probes; of several of one provider the last one counts."""
    latest = {result.provider: result for result in results}
    return prometheus_page(made for family in _FAMILIES for made in _made(family, latest.values()))


def _made(family: _Family, results: Iterable[Netprobe]) -> Iterator[Family]:
    samples = [({"provider": at.provider, **labels}, value) for at in results for labels, value in family.samples(at)]
    return gauge(family.name, family.help, samples)


def _pair_labels(pair: Pair) -> dict[str, str]:
    same = "true" if pair.same_node else "false"
    return {"client_node": pair.client_node, "server_node": pair.server_node, "same_node": same}


def _latency(pick: Callable[[Latency], float | None]) -> Pick:
    def samples(result: Netprobe) -> Iterator[Sample]:
        for pair in result.pairs:
            for path, latency in pair.paths.items():
                yield {"path": path, **_pair_labels(pair)}, pick(latency)

    return samples


def _tcp(pick: Callable[[Throughput], float | None]) -> Pick:
    """One sample for each test, by direction and number of streams."""

    def samples(result: Netprobe) -> Iterator[Sample]:
        for pair in result.pairs:
            for test in pair.tcp:
                labels = {"path": "pod_to_pod", **_pair_labels(pair), "direction": test.direction}
                yield {**labels, "streams": str(test.streams)}, pick(test)

    return samples


def _udp(pick: Callable[[UdpJitter], float]) -> Pick:
    def samples(result: Netprobe) -> Iterator[Sample]:
        for pair in result.pairs:
            if pair.udp_jitter is not None:
                yield {"path": "pod_to_pod", **_pair_labels(pair)}, pick(pair.udp_jitter)

    return samples


def _moment(result: Netprobe) -> Iterator[Sample]:
    yield {}, datetime.fromisoformat(result.timestamp).timestamp()


def _failed(result: Netprobe) -> Iterator[Sample]:
    yield {}, sum(1 for pair in result.pairs if pair.errors)


_FAMILIES: Final = (
    _Family(name="ew_probe_timestamp_seconds", help="When the probe began; older values are stale.", samples=_moment),
    _Family(name="ew_probe_failed_pairs", help="Pairs of nodes with a part that has no number.", samples=_failed),
    _Family(
        name="ew_tcp_throughput_gbps",
        help="TCP payload received, in Gbit/s.",
        samples=_tcp(lambda test: test.gbps),
    ),
    _Family(
        name="ew_tcp_retransmits",
        help="Segments that the sender of the TCP test sent again.",
        samples=_tcp(lambda test: test.retransmits),
    ),
    _Family(
        name="ew_udp_jitter_ms",
        help="Jitter of a paced UDP stream (RFC 3550).",
        samples=_udp(lambda at: at.jitter_ms),
    ),
    _Family(
        name="ew_udp_loss_percent",
        help="Share of its datagrams that did not come.",
        samples=_udp(lambda at: at.loss_percent),
    ),
    _Family(name="ew_latency_min_ms", help="Smallest round trip.", samples=_latency(lambda at: at.min_ms)),
    _Family(name="ew_latency_avg_ms", help="Mean round trip.", samples=_latency(lambda at: at.avg_ms)),
    _Family(name="ew_latency_p50_ms", help="Median round trip.", samples=_latency(lambda at: at.p50_ms)),
    _Family(name="ew_latency_p99_ms", help="p99 of the round trips.", samples=_latency(lambda at: at.p99_ms)),
    _Family(name="ew_latency_max_ms", help="Largest round trip.", samples=_latency(lambda at: at.max_ms)),
)
