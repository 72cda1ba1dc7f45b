"""From measured pairs to the document: its reference pair, what is suspect, what is missing. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ragmeter.core.netprobe.document import Load, Netprobe, Pair
from ragmeter.core.netprobe.plan import NodePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRun:
    """What is known of a probe besides its pairs. load, runs: as in `Netprobe`."""

    timestamp: str
    provider: str
    cluster: str | None
    ragmeter_version: str
    duration_s: float
    settings: dict[str, Any]
    plan: NodePlan
    status: Literal["complete", "interrupted"]
    load: Load = "none"
    runs: tuple[str, ...] = ()


def netprobe_of(run: ProbeRun, pairs: Sequence[Pair]) -> Netprobe:
    """The document of a probe, also of one that ended early."""
    reference = reference_pair(pairs)
    return Netprobe(
        timestamp=run.timestamp,
        provider=run.provider,
        cluster=run.cluster,
        server_node=reference.server_node if reference else None,
        client_node=reference.client_node if reference else None,
        same_node=reference.same_node if reference else None,
        tcp_throughput=reference.tcp_throughput if reference else None,
        udp_jitter=reference.udp_jitter if reference else None,
        latency=reference.latency if reference else None,
        paths=reference.paths if reference else {},
        load=run.load,
        runs=run.runs,
        status=run.status,
        ragmeter_version=run.ragmeter_version,
        duration_seconds=run.duration_s,
        nodes=run.plan.nodes,
        left_out=dict(run.plan.left_out),
        settings=run.settings,
        pairs=tuple(pairs),
        suspect=tuple(_suspect(pairs)),
        errors=tuple(_missing(run, pairs)),
    )


def reference_pair(pairs: Sequence[Pair]) -> Pair | None:
    """The pair with the (lower) median pod_to_pod p50, of those across nodes if there are any; None without figures."""
    measured = [pair for pair in pairs if pair.latency is not None]
    across = [pair for pair in measured if not pair.same_node] or measured
    ordered = sorted(across, key=lambda pair: pair.latency.p50_ms if pair.latency else 0.0)
    return ordered[(len(ordered) - 1) // 2] if ordered else None


def _suspect(pairs: Sequence[Pair]) -> Iterator[str]:
    for pair in pairs:
        for end, periods in (("client", pair.client_throttled_periods), ("server", pair.server_throttled_periods)):
            if periods:
                yield (
                    f"{pair.name}: the {end}'s pod was stopped for its CPU limit in {periods} periods: its figures are "
                    "those of the limit; take the limit away"
                )
        user = [path for path, latency in pair.paths.items() if latency.clock == "user"]
        if user:
            yield f"{pair.name}: {', '.join(user)}: no kernel time stamps, so the work of both programs is in the times"


def _missing(run: ProbeRun, pairs: Sequence[Pair]) -> Iterator[str]:
    if run.status == "interrupted":
        yield f"interrupted: {len(pairs)} of {len(run.plan.pairs)} pairs were measured"
    if not run.plan.nodes:
        yield f"no node takes pods: {'; '.join(f'{name}: {why}' for name, why in run.plan.left_out.items())}"
    if len(run.plan.nodes) == 1:
        yield f"NO DATA across nodes: the probe has one node, {run.plan.nodes[0]}; it takes two"
    reasons: dict[str, list[str]] = {}
    for pair in pairs:
        for part, reason in pair.errors.items():
            reasons.setdefault(f"{part}: {reason}", []).append(pair.name)
    yield from (f"{', '.join(names)}: {reason}" for reason, names in reasons.items())
