"""East-west probes, between pods of different nodes. A probe that could not measure has no series.

Probes name their provider, and the scrape names that of a mesh; pairs of one node are left out, and a probe that does
not tell measured two nodes.
"""

from grafana.queries.promql import select

TWO_NODES = 'same_node!="true"'
_TCP_TEST = "provider, client_node, server_node, streams"


def throughput() -> str:
    """Of the slowest pair, by number of streams."""
    return f"min by (provider, streams) ({select('ew_tcp_throughput_gbps', TWO_NODES)})"


def throughput_of_pairs() -> str:
    """In the slower direction."""
    return f"min by ({_TCP_TEST}) ({select('ew_tcp_throughput_gbps', TWO_NODES)})"


def retransmits_of_pairs() -> str:
    """Segments in one test, in the worse direction. A sender that does not count them has no series."""
    return f"max by ({_TCP_TEST}) ({select('ew_tcp_retransmits', TWO_NODES)})"


def round_trip(statistic: str, *labels: str) -> str:
    """statistic: p50 or p99. Of the slowest pair, by path and further labels."""
    vector = select(f"ew_latency_{statistic}_ms", TWO_NODES)
    return f"max by ({', '.join(('provider', 'path', *labels))}) ({vector})"


def worst(metric: str) -> str:
    """Of the worst pair. metric: a name without its prefix ``ew_``."""
    return f"max by (provider) ({select(f'ew_{metric}', TWO_NODES)})"


def age_s() -> str:
    """Of the latest probe: in a mesh each pod has one."""
    return f"time() - max by (provider) ({select('ew_probe_timestamp_seconds')})"


def failed_pairs() -> str:
    return f"sum by (provider) ({select('ew_probe_failed_pairs')})"
