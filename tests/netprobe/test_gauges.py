"""What one pod of a mesh tells Prometheus, against what a probe of the same measurement tells."""

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from netprobe.gauges import Measured, Seen
from ragmeter.report.prometheus.netprobe import netprobe_prometheus_text
from tests.netprobe.documents import document, pair, probe, round_trips

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]
UNREACHED = {"client_node": "node-1", "server_node": None, "errors": {"server": "no connection"}}


def series(text: str, *without: str) -> Series:
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    named = [(at.name, frozenset(pair for pair in at.labels.items() if pair[0] not in without)) for at in found]
    assert len(set(named)) == len(named)
    return {name: at.value for name, at in zip(named, found, strict=True)}


def peer(at_s: float = 10.0, node: str = "node-2", **changed: Any) -> Measured:
    return Measured(document=document(server_node=node, **changed), at_s=at_s)


def servers(seen: Seen, since_s: float = 0.0) -> set[str]:
    found = series(seen.text("node-1", since_s))
    return {dict(labels)["server_node"] for name, labels in found if name == "ew_latency_p50_ms"}


def test_names_labels_and_values_are_those_of_a_probe_but_for_the_provider_that_the_scrape_attaches() -> None:
    seen = Seen().after(1771755072.0, [peer(pod_to_service=None), peer(node="node-1", pod_to_service=None)], 0)
    theirs = series(
        netprobe_prometheus_text([probe(pair(pod_to_service=None), pair(server="node-1", pod_to_service=None))]),
        "provider",
    )
    ours = series(seen.text("node-1", 0), "client_node")
    own = {name: value for name, value in ours.items() if not dict(name[1])}
    assert own == {
        ("ew_probe_timestamp_seconds", frozenset()): 1771755072.0,
        ("ew_probe_failed_pairs", frozenset()): 0.0,
        ("ew_probe_failures_total", frozenset()): 0.0,
    }
    pairs = series(seen.text("node-1", 0))
    assert {at: value for at, value in theirs.items() if dict(at[1])}.items() <= pairs.items()
    more = {name for name, _ in pairs.keys() - theirs.keys()} - {name for name, _ in own}
    assert more == {f"ew_connect_{statistic}_ms" for statistic in ("min", "avg", "p50", "p99", "max")}


def test_a_percentile_of_too_few_round_trips_has_no_sample() -> None:
    text = Seen().after(1.0, [peer(pod_to_pod=round_trips(p99_ms=None))], 0).text("node-1", 0)
    assert "ew_latency_p50_ms{" in text
    assert "ew_latency_p99_ms" not in text


def test_before_the_first_round_there_is_no_value_of_any_pair() -> None:
    assert set(series(Seen().text("node-1", 0))) == {
        ("ew_probe_failures_total", frozenset({("client_node", "node-1")}))
    }


def test_a_peer_that_is_not_reached_counts_and_keeps_its_value_until_that_is_too_old() -> None:
    seen = Seen().after(1.0, [peer(at_s=10)], 0).after(2.0, [Measured(document=UNREACHED, at_s=20)], 0)
    assert (seen.failed, seen.failures) == (1, 1)
    assert servers(seen, since_s=10) == {"node-2"}
    assert servers(seen, since_s=10.1) == set()


def test_a_peer_that_went_away_is_forgotten_and_the_others_stay() -> None:
    seen = Seen().after(1.0, [peer(at_s=10), peer(at_s=10, node="node-3")], 0).after(2.0, [peer(at_s=20)], 15)
    assert [at.node for at in seen.peers] == ["node-2"]
    assert servers(seen) == {"node-2"}
    assert seen.failures == 0


def test_a_part_that_failed_has_no_value_and_the_pair_counts() -> None:
    seen = Seen().after(1.0, [peer(pod_to_pod=None, errors={"pod_to_pod": "no answer"})], 0)
    assert servers(seen) == set()
    assert seen.failed == 1
    assert "ew_connect_p50_ms{" in seen.text("node-1", 0)


def test_without_a_way_to_find_peers_their_number_is_not_known() -> None:
    seen = Seen().after(1.0, None, 0)
    assert (seen.failed, seen.failures) == (None, 1)
    assert "ew_probe_failed_pairs" not in seen.text("node-1", 0)


def test_a_node_of_a_strange_name_is_escaped() -> None:
    seen = Seen().after(1.0, [peer(node='a"b\\c\nd')], 0)
    assert servers(seen) == {'a"b\\c\nd'}
