"""An east-west probe on the terminal, on the page and as Prometheus text."""

import re

from prometheus_client.parser import text_string_to_metric_families

from ragmeter.core.netprobe.document import Netprobe, unmeasured
from ragmeter.report.html.scorecard_page import scorecard_html
from ragmeter.report.prometheus.netprobe import netprobe_prometheus_text
from ragmeter.report.text.netprobe_text import netprobe_lines
from ragmeter.report.words.format import UNKNOWN
from tests.netprobe.documents import pair, probe, round_trips, tcp

NODES = ("node-1", "node-2", "node-3")


def three() -> Netprobe:
    return probe(
        pair("node-1", "node-1", pod_to_pod=round_trips(0.01)),
        pair("node-1", "node-2", pod_to_pod=round_trips(0.2)),
        pair("node-1", "node-3", pod_to_pod=round_trips(0.4), client_throttled_periods=3),
        unmeasured("node-2", "node-3", "pod p was deleted while it was needed"),
        nodes=NODES,
    )


def text(result: Netprobe, width: int = 120) -> str:
    return "\n".join(netprobe_lines(result, width=width, colour=False))


def test_the_matrix_has_each_pair_in_both_directions_and_says_which_node_is_with_itself() -> None:
    lines = text(three()).splitlines()
    row = next(line for line in lines if line.startswith("  B   node-2"))
    assert row.split() == ["B", "node-2", "0.200", "/", "0.800", UNKNOWN, UNKNOWN]
    assert "0.0100 / 0.0400*" in text(three())
    assert "* same node: no network between nodes is in it" in text(three())


def test_bandwidth_is_written_by_direction() -> None:
    after = text(three()).partition("from row to column")[2].splitlines()
    assert after[2].split() == ["A", "node-1", "4.00*", "4.00", "4.00"]
    assert after[3].split()[:3] == ["B", "node-2", "3.00"]


def test_what_is_missing_or_suspect_is_said() -> None:
    said = " ".join(text(three()).split())
    assert "NO DATA node-2 → node-3: probe: pod p was deleted while it was needed" in said
    assert "INVALID node-1 → node-3: the client's pod was stopped for its CPU limit in 3 periods" in said


def test_no_line_is_wider_than_the_terminal() -> None:
    many = probe(*(pair("node-1", f"node-{i}") for i in range(2, 12)), nodes=tuple(f"node-{i}" for i in range(1, 12)))
    for width in (60, 80, 200):
        assert max(map(len, netprobe_lines(many, width=width, colour=False))) <= width


def test_a_probe_of_nothing_is_still_shown() -> None:
    result = probe(unmeasured("node-1", "node-2", "no image"))
    assert "NO DATA" in text(result)
    assert "no image" in scorecard_html([], [result])


def test_darker_cells_are_slower_ones() -> None:
    page = scorecard_html([], [three()])
    assert re.search(r"heat0\">0\.0100 / 0\.0400", page)
    assert re.search(r"heat4\">0\.400 / 1\.60", page)
    assert "The stronger the colour, the slower." in page


def test_a_wicked_node_name_is_text() -> None:
    wicked = "<script>alert(1)</script>"
    page = scorecard_html([], [probe(pair(wicked, "node-2"), nodes=(wicked, "node-2"))])
    assert "<script>" not in page


def test_prometheus_text_has_the_names_of_the_contract_and_no_sample_for_what_is_missing() -> None:
    found = {f.name: f.samples for f in text_string_to_metric_families(netprobe_prometheus_text([three()]))}
    assert set(found) == {
        "ew_probe_timestamp_seconds",
        "ew_probe_failed_pairs",
        "ew_tcp_throughput_gbps",
        "ew_tcp_retransmits",
        "ew_udp_jitter_ms",
        "ew_udp_loss_percent",
        *(f"ew_latency_{statistic}_ms" for statistic in ("min", "avg", "p50", "p99", "max")),
    }
    servers = {(s.labels["client_node"], s.labels["server_node"]) for s in found["ew_latency_p50_ms"]}
    assert ("node-2", "node-3") not in servers
    assert [sample.value for sample in found["ew_probe_failed_pairs"]] == [1.0]
    assert {sample.labels["same_node"] for sample in found["ew_latency_p50_ms"]} == {"true", "false"}


def test_retransmits_that_nobody_counted_have_no_sample() -> None:
    result = probe(pair(tcp_out_1=tcp("client_to_server", 1, retransmits=None)))
    families = {f.name: f.samples for f in text_string_to_metric_families(netprobe_prometheus_text([result]))}
    assert len(families["ew_tcp_retransmits"]) == 3
    assert len(families["ew_tcp_throughput_gbps"]) == 4


def test_a_probe_around_a_load_names_it_in_terminal_and_page() -> None:
    beside = probe(pair(), load="during", runs=("mine-standard-20260222T101112Z",))
    assert text(beside).splitlines()[1] == "  beside the load of mine-standard-20260222T101112Z"
    assert "beside the load of mine-standard-20260222T101112Z: 2 nodes, 1 pair in" in scorecard_html([], [beside])
    assert "the load of" not in text(probe(pair()))


def test_a_table_without_a_figure_is_left_out() -> None:
    latency = text(probe(pair(tcp_out_1=None, tcp_back_1=None, tcp_out_4=None, tcp_back_4=None)))
    assert "Round trip between pods" in latency
    assert "TCP payload" not in latency
    assert "Round trip" not in text(probe(unmeasured("node-1", "node-2", "no image")))


def test_a_reason_that_pairs_share_is_said_once() -> None:
    nothing = probe(*(unmeasured("node-1", server, "no image") for server in NODES[1:]), nodes=NODES)
    assert nothing.errors == ("node-1 → node-2, node-1 → node-3: probe: no image",)


def test_a_service_that_is_faster_than_its_pod_adds_nothing() -> None:
    assert "the Service adds nothing" in text(probe(pair(pod_to_service=round_trips(0.19))))
    assert "the Service adds 0.0500 ms" in text(probe(pair()))
