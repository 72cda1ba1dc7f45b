"""Which pair of a probe is the network between backend and LLM, and how that is said."""

from dataclasses import replace
from typing import Any

import pytest

from ragmeter.core.netprobe.document import Netprobe, Pair, ProbeReference, pair_of, unmeasured
from ragmeter.core.netprobe.placement import Placement
from ragmeter.core.netprobe.plan import NodePlan
from ragmeter.core.netprobe.reference import reference_of
from tests.netprobe.documents import pair, probe, round_trips

NODES = ("node-1", "node-2", "node-3")


def through_service(client: str, server: str, p50_ms: float, **changed: Any) -> Pair:
    return pair(client, server, pod_to_service=round_trips(p50_ms), **changed)


PROBE = probe(
    through_service("node-1", "node-1", 0.05),
    through_service("node-1", "node-2", 0.2),
    through_service("node-1", "node-3", 0.4),
    unmeasured("node-2", "node-3", "pod evicted"),
    plan=NodePlan(nodes=NODES, left_out={"node-4": "cordoned"}),
)


def placed(backend: str, llm: str) -> Placement:
    return Placement(backend_nodes=tuple(backend.split()), llm_nodes=tuple(llm.split()))


def taken(at: Placement, found: Netprobe = PROBE) -> ProbeReference:
    reference = reference_of(found, "ew.json", at, "mine")
    assert reference is not None
    return reference


@pytest.mark.parametrize(
    ("at", "p50_ms", "chosen"),
    [
        (placed("node-1", "node-3"), 0.4, "backend on node-1, LLM on node-3: measured pair node-1 → node-3"),
        (placed("node-3", "node-1"), 0.4, "backend on node-3, LLM on node-1: measured pair node-1 → node-3"),
        (placed("node-1", "node-1"), 0.05, "backend on node-1, LLM on node-1: measured on that node"),
        (
            placed("node-2 node-2 node-3", "node-1"),
            0.8 / 3,
            "backend on node-2, node-3, LLM on node-1: mean of 2 measured pairs",
        ),
    ],
    ids=["the pair", "the other way round", "one node", "several pods"],
)
def test_the_pair_of_the_nodes_is_taken_where_it_was_measured(at: Placement, p50_ms: float, chosen: str) -> None:
    reference = taken(at)
    assert reference.p50_ms == pytest.approx(p50_ms)
    assert reference.chosen == chosen
    assert reference.route == "pod_to_service"


@pytest.mark.parametrize(
    ("at", "why"),
    [
        (Placement(unknown="HTTP 403"), "where backend and LLM run is not known: HTTP 403"),
        (placed("node-2", "node-2"), "backend on node-2, LLM on node-2: node-2 was not measured with itself"),
        (
            placed("node-2", "node-3"),
            "backend on node-2, LLM on node-3: node-2 → node-3 could not be measured (probe: pod evicted)",
        ),
        (placed("node-1", "node-4"), "backend on node-1, LLM on node-4: node-4 was not probed (cordoned)"),
        (placed("node-9", "node-1"), "backend on node-9, LLM on node-1: node-9 was not probed (it was not there)"),
        (
            placed("node-1 node-2", "node-3"),
            "backend on node-1, node-2, LLM on node-3: node-2 → node-3 could not be measured (probe: pod evicted)",
        ),
    ],
    ids=["unknown", "one node", "failed", "left out", "new node", "one of several"],
)
def test_otherwise_it_is_the_reference_and_why(at: Placement, why: str) -> None:
    reference = taken(at)
    assert reference.p50_ms == 0.2
    assert reference.chosen == f"{why}; taken is node-1 → node-2, the median of the pairs of nodes"


def test_the_sentence_has_the_figure_its_route_and_when_it_was_measured() -> None:
    assert taken(placed("node-1", "node-3")).sentence == (
        "backend on node-1, LLM on node-3: measured pair node-1 → node-3; 0.4 ms (pod to service, p50)"
    )


@pytest.mark.parametrize(
    ("runs", "words"), [(("mine",), "p50), measured beside the load"), (("theirs",), "p50)")], ids=["ours", "another's"]
)
def test_it_was_beside_the_load_only_of_its_own_run(runs: tuple[str, ...], words: str) -> None:
    found = replace(pair(), began_at="2026-02-22T10:00:00+00:00", ended_at="2026-02-22T10:00:01+00:00")
    reference = taken(placed("node-1", "node-2"), probe(found, load="during", runs=runs))
    assert reference.sentence.endswith(words)
    assert bool(reference.windows) == (runs == ("mine",))


def test_a_probe_without_the_service_gives_the_round_trip_between_pods() -> None:
    reference = taken(placed("node-1", "node-2"), probe(pair(pod_to_service=None)))
    assert (reference.route, reference.p50_ms, reference.p99_ms) == ("pod_to_pod", 0.2, 0.8)


def test_one_node_alone_is_said_to_be_one() -> None:
    alone = probe(pair("node-1", "node-1"), nodes=("node-1",))
    assert taken(Placement(unknown="?"), alone).chosen.endswith("taken is node-1 → node-1, one node with itself")


def test_a_probe_without_a_round_trip_is_none() -> None:
    without = {"client_node": "node-1", "errors": {"server": "no connection"}}
    nothing = pair_of(without, client_node="node-1", server_node="node-2", path="pod_to_pod")
    assert reference_of(probe(nothing), "ew.json", placed("node-1", "node-2"), "mine") is None
