"""Which round trip of a probe is the network between backend and LLM: of their nodes where it was measured. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from ragmeter.core.netprobe.document import Netprobe, Pair, Path, ProbeReference
from ragmeter.core.netprobe.placement import Placement

ROUTES: Final[tuple[Path, ...]] = ("pod_to_service", "pod_to_pod")
"""Through a Service where it was measured, as the backend reaches the LLM; else between pods."""
Pairs = Mapping[frozenset[str], Pair]


def reference_of(found: Netprobe, path: str, placed: Placement, run_id: str) -> ProbeReference | None:
    """What a run takes from a probe; None for a probe without a round trip. path: of its document."""
    load = found.load if run_id in found.runs else "none"
    pairs, chosen = _chosen(found, placed)
    route = next((name for name in ROUTES if pairs and all(name in pair.paths for pair in pairs)), None)
    if route is None:
        return None
    trips = [pair.paths[route] for pair in pairs]
    return ProbeReference(
        path=path,
        timestamp=found.timestamp,
        load=load,
        pairs=tuple(dict.fromkeys(pair.name for pair in pairs)),
        chosen=chosen,
        route=route,
        p50_ms=sum(trip.p50_ms for trip in trips) / len(trips),
        p99_ms=trips[0].p99_ms if len({pair.name for pair in pairs}) == 1 else None,
        windows=tuple((at.began_at, at.ended_at) for at in found.pairs if at.latency and at.began_at and at.ended_at)
        if load == "during"
        else (),
    )


def _chosen(found: Netprobe, placed: Placement) -> tuple[Sequence[Pair], str]:
    """The pairs, and in words which they are and why."""
    if placed.unknown is not None:
        return _reference(found, f"where backend and LLM run is not known: {placed.unknown}")
    measured = {frozenset((pair.client_node, pair.server_node)): pair for pair in found.pairs if pair.latency}
    missing = next((link for link in placed.links if frozenset(link) not in measured), None)
    if missing is not None:
        return _reference(found, f"{placed.words}: {_unmeasured(found, missing)}")
    pairs = [measured[frozenset(link)] for link in placed.links]
    return pairs, f"{placed.words}: {_taken(pairs)}"


def _taken(pairs: Sequence[Pair]) -> str:
    names = {pair.name for pair in pairs}
    if len(names) > 1:
        return f"mean of {len(names)} measured pairs"
    return "measured on that node" if pairs[0].same_node else f"measured pair {pairs[0].name}"


def _reference(found: Netprobe, why: str) -> tuple[Sequence[Pair], str]:
    pairs = [at for at in found.pairs if (at.client_node, at.server_node) == (found.client_node, found.server_node)]
    if not pairs:
        return (), why
    kind = "one node with itself" if pairs[0].same_node else "the median of the pairs of nodes"
    return pairs[:1], f"{why}; taken is {pairs[0].name}, {kind}"


def _unmeasured(found: Netprobe, link: tuple[str, str]) -> str:
    """Why a pair has no round trip."""
    for node in link:
        if node not in found.nodes:
            return f"{node} was not probed ({found.left_out.get(node, 'it was not there')})"
    failed = [pair for pair in found.pairs if {pair.client_node, pair.server_node} == set(link)]
    if failed:
        part, reason = next(iter(failed[0].errors.items()), ("latency", "not measured"))
        return f"{failed[0].name} could not be measured ({part}: {reason})"
    return f"{link[0]} was not measured with itself" if link[0] == link[1] else "that pair was not measured"
