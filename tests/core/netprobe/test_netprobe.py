"""From what a pod wrote to the document of a probe."""

from typing import Any

import pytest

from ragmeter.clients.files import schema
from ragmeter.core.codec import encode
from ragmeter.core.errors import SchemaError
from ragmeter.core.netprobe.build import reference_pair
from ragmeter.core.netprobe.document import Netprobe, pair_of, unmeasured, with_host_path
from ragmeter.core.netprobe.plan import plan_nodes
from ragmeter.core.schema import check
from tests.netprobe.documents import document, pair, probe, round_trips, tcp


def test_the_names_that_users_know_stand_at_the_top() -> None:
    result = encode(probe(pair()))
    assert result["test_type"] == "east-west"
    assert (result["client_node"], result["server_node"], result["same_node"]) == ("node-1", "node-2", False)
    assert result["tcp_throughput"]["gbps"] == 4.0
    assert result["tcp_throughput"]["retransmits"] == 3
    assert result["udp_jitter"]["loss_percent"] == 0.2
    assert result["latency"]["samples"] == 1000
    assert set(result["paths"]) == {"pod_to_pod", "pod_to_service"}
    check(result, schema("netprobe-ew.v1"), "probe")


def test_each_direction_and_number_of_streams_is_kept() -> None:
    tests = [(test.direction, test.streams) for test in pair().tcp]
    assert sorted(tests) == [(way, n) for way in ("client_to_server", "server_to_client") for n in (1, 4)]


@pytest.mark.parametrize(
    "part",
    [
        {"tcp_out_1": tcp("client_to_server", 1, 0.0)},
        {"pod_to_pod": round_trips(0.0)},
        {"pod_to_pod": round_trips(min_ms=-0.1)},
        {"udp": {**document()["udp"], "total_packets": 0}},
        {"tcp_out_1": tcp("client_to_server", 1, retransmits=-1)},
        {"client_node": "node-3"},
    ],
    ids=["0 Gbit/s", "0 ms", "below 0", "no packets", "retransmits below 0", "another node"],
)
def test_a_zero_where_there_is_no_measurement_is_no_document(part: dict[str, Any]) -> None:
    with pytest.raises(SchemaError, match="the document of the pod"):
        pair_of(document(**part), client_node="node-1", server_node="node-2", path="pod_to_pod")


def test_what_is_no_object_is_no_document() -> None:
    with pytest.raises(SchemaError, match="not one of a client on node-1"):
        pair_of([], client_node="node-1", server_node="node-2", path="pod_to_pod")


def test_a_part_that_failed_has_a_reason_and_no_number() -> None:
    found = pair(tcp_out_1=None, udp=None, errors={"tcp_out_1": "refused", "udp": "none of 900 datagrams came"})
    assert found.tcp_throughput is None
    assert found.udp_jitter is None
    result = probe(found)
    assert result.errors == (
        "node-1 → node-2: tcp_out_1: refused",
        "node-1 → node-2: udp: none of 900 datagrams came",
    )
    check(encode(result), schema("netprobe-ew.v1"), "probe")


def test_round_trips_between_nodes_join_those_of_pods() -> None:
    host = pair_of(
        {"client_node": "node-1", "node_to_node": round_trips(0.1), "errors": {"connect": "refused"}},
        client_node="node-1",
        server_node="node-2",
        path="node_to_node",
    )
    joined = with_host_path(pair(), host)
    assert set(joined.paths) == {"pod_to_pod", "pod_to_service", "node_to_node"}
    assert joined.errors == {"node_to_node: connect": "refused"}


def test_the_reference_is_the_median_of_the_pairs_across_nodes() -> None:
    same = pair("node-1", "node-1", pod_to_pod=round_trips(0.01))
    across = [pair("node-1", f"node-{i}", pod_to_pod=round_trips(ms)) for i, ms in ((2, 0.9), (3, 0.2), (4, 0.3))]
    found = reference_pair([same, *across])
    assert found is not None
    assert found.server_node == "node-4"
    assert reference_pair([same]) is same
    assert reference_pair([unmeasured("node-1", "node-2", "killed")]) is None


def test_a_pair_on_one_node_says_so() -> None:
    result = probe(pair("node-1", "node-1"), nodes=("node-1",))
    assert result.same_node
    assert result.errors == ("NO DATA across nodes: the probe has one node, node-1; it takes two",)


def test_a_probe_of_nothing_has_no_number_at_all() -> None:
    result = probe(unmeasured("node-1", "node-2", "pod was deleted"))
    assert (result.latency, result.tcp_throughput, result.server_node) == (None, None, None)
    assert result.errors == ("node-1 → node-2: probe: pod was deleted",)
    check(encode(result), schema("netprobe-ew.v1"), "probe")


def test_an_interrupted_probe_says_how_far_it_came() -> None:
    result = probe(pair(), status="interrupted")
    assert result.errors == ("interrupted: 1 of 2 pairs were measured",)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"client_throttled_periods": 7}, "the client's pod was stopped for its CPU limit in 7 periods"),
        ({"server_throttled_periods": 1}, "the server's pod was stopped"),
        ({"pod_to_pod": round_trips(clock="user")}, "pod_to_pod: no kernel time stamps"),
    ],
)
def test_what_makes_figures_suspect_is_said(part: dict[str, Any], words: str) -> None:
    (said,) = probe(pair(**part)).suspect
    assert words in said


def test_what_nobody_knows_of_throttling_is_not_a_suspicion() -> None:
    assert probe(pair(client_throttled_periods=None, server_throttled_periods=0)).suspect == ()


def node(name: str, *, taint: str | None = None, ready: str = "True", cordoned: bool = False) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "spec": {"unschedulable": cordoned, "taints": [{"key": taint}] if taint else []},
        "status": {"conditions": [{"type": "Ready", "status": ready, "message": "kubelet stopped"}]},
    }


def test_every_two_nodes_are_a_pair_once_and_one_node_is_with_itself() -> None:
    assert plan_nodes([node("c"), node("a"), node("b")], 0).pairs == (("a", "a"), ("a", "b"), ("a", "c"), ("b", "c"))
    assert plan_nodes([], 0).pairs == ()


def test_a_sample_is_spread_over_the_names_and_always_the_same() -> None:
    plan = plan_nodes([node(name) for name in "fedcba"], 3)
    assert plan.nodes == ("a", "c", "e")
    assert plan.left_out == dict.fromkeys("bdf", "not in the sample of 3")


def test_nodes_of_backend_and_llm_are_in_every_sample_and_their_pair_comes_first() -> None:
    plan = plan_nodes([node(name) for name in "fedcba"], 3, links=(("f", "b"), ("f", "b")))
    assert plan.nodes == ("a", "b", "f")
    assert plan.pairs == (("f", "b"), ("a", "a"), ("a", "b"), ("a", "f"))
    assert len(plan_nodes([node(name) for name in "fedcba"], 1, links=(("f", "b"),)).nodes) == 1


def test_a_node_with_backend_and_llm_is_the_one_that_is_measured_with_itself() -> None:
    plan = plan_nodes([node(name) for name in "abc"], 2, links=(("c", "c"),))
    assert plan.pairs == (("c", "c"), ("a", "c"))
    assert plan_nodes([node("a"), node("b")], 0, links=(("gone", "b"),)).pairs == (("a", "a"), ("a", "b"))


def test_nodes_that_take_no_pods_are_left_out_with_the_reason() -> None:
    found = plan_nodes(
        [
            node("a"),
            node("b", taint="node-role.kubernetes.io/control-plane"),
            node("c", ready="False"),
            node("d", cordoned=True),
            node("e", taint="nvidia.com/gpu"),
            {"metadata": {"name": "f"}},
        ],
        0,
    )
    assert found.nodes == ("a", "e")
    assert found.left_out == {
        "b": "of the control plane",
        "c": "not ready: kubelet stopped",
        "d": "cordoned",
        "f": "not ready",
    }


def test_a_probe_has_the_schema_that_is_shipped() -> None:
    assert schema("netprobe-ew.v1")["$id"] == "urn:ragmeter:netprobe-ew.v1"
    assert isinstance(probe(pair()), Netprobe)
