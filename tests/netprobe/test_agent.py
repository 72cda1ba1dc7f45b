"""The program in the pods, on loopback: what it writes, and what it does when it cannot measure."""

import json
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from netprobe import iperf
from netprobe.errors import UnmeasuredError
from netprobe.figures import latency
from netprobe.pingpong import RoundTrips, round_trips
from netprobe.probe import PARTS, Asked, probe
from netprobe.throttling import between, throttled_periods
from tests.netprobe.documents import document
from tests.ports import needs_ipv6

TERMINATION_MESSAGE_BYTES = 4096
"""Of one container; Kubernetes cuts what is longer."""


def asked(port: int, **changed: Any) -> Asked:
    values: dict[str, Any] = {
        "server": "127.0.0.1",
        "port": port,
        "iperf_port": 1,
        "node": "node-1",
        "server_node": "node-2",
        "path": "pod_to_pod",
        "wait": 0,
        "service": None,
        "lookup": None,
        "samples": 120,
        "seconds": 5,
        "streams": 4,
        "udp_mbps": 10,
        "parts": ("latency",),
        **changed,
    }
    return Asked(**values)


def test_round_trips_are_dated_by_the_kernel_and_have_their_percentiles(port: int) -> None:
    found = probe(asked(port, service="127.0.0.1", lookup="localhost"))
    assert found["errors"] == {}
    for path in ("pod_to_pod", "pod_to_service"):
        at = found[path]
        assert (at["samples"], at["clock"]) == (120, "kernel")
        assert 0 < at["min_ms"] <= at["p50_ms"] <= at["p90_ms"] <= at["p99_ms"] <= at["max_ms"]
    assert found["dns"]["samples"] == found["connect"]["samples"] == 100
    assert found["mtu_bytes"] > found["segment_bytes"] > 500


@needs_ipv6
def test_a_pod_of_ipv6_is_measured_in_every_part(port: int) -> None:
    found = probe(asked(port, server="::1", connections=3))
    assert found["errors"] == {}
    assert found["connect"]["samples"] == 3
    assert found["mtu_bytes"] > found["segment_bytes"] > 500


def test_the_work_of_the_programs_is_not_in_a_round_trip(port: int) -> None:
    found = round_trips("127.0.0.1", port, samples=50, within_s=5)
    by_program = round_trips_by_program(port)
    assert sorted(found.times_ns)[25] < by_program


def round_trips_by_program(port: int) -> int:
    """Median of the same exchange by the clock of a program."""
    import time

    from netprobe.pingpong import MESSAGE, greeting

    times = []
    with socket.create_connection(("127.0.0.1", port)) as sock:
        greeting(sock)
        for number in range(50):
            before = time.perf_counter_ns()
            sock.sendall(MESSAGE.pack(number, 0))
            sock.recv(MESSAGE.size, socket.MSG_WAITALL)
            times.append(time.perf_counter_ns() - before)
    return sorted(times)[25]


def test_without_kernel_stamps_the_clock_is_said_to_be_the_programs(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netprobe.stamps.FLAGS", 0)
    assert round_trips("127.0.0.1", port, samples=10, within_s=5).clock == "user"


def test_a_server_on_another_node_is_not_measured(port: int) -> None:
    found = probe(asked(port, server_node="node-3"))
    assert found["errors"] == {"server": "the server at 127.0.0.1 is on 'node-2', not on 'node-3'"}
    assert "pod_to_pod" not in found


def test_a_server_that_is_not_there_is_a_reason_and_no_number() -> None:
    found = probe(asked(1))
    assert set(found) == {"client_node", "server_node", "errors"}
    assert "no connection to 127.0.0.1:1: Connection refused" in found["errors"]["server"]


def test_something_else_that_listens_is_not_taken_for_a_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:

        def talk() -> None:
            sock, _ = other.accept()
            with sock:
                sock.sendall(b"SSH-2.0-OpenSSH\r\n")

        threading.Thread(target=talk, daemon=True).start()
        found = probe(asked(other.getsockname()[1]))
    assert "no netprobe server: b'SSH-2.0" in found["errors"]["server"]


def test_a_part_that_fails_leaves_the_others(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iperf, "BUSY_TRIES", 1)
    found = probe(asked(port, lookup="no-such-name.invalid", parts=PARTS))
    assert found["pod_to_pod"]["samples"] == 120
    assert set(found["errors"]) == {"dns", "tcp_out_1", "tcp_back_1", "tcp_out_4", "tcp_back_4", "udp"}
    assert not set(found["errors"]) & set(found)


def test_few_round_trips_have_no_p99() -> None:
    assert latency(RoundTrips(times_ns=(1_000,) * 99, clock="kernel"))["p99_ms"] is None
    assert latency(RoundTrips(times_ns=(1_000,) * 100, clock="kernel"))["p99_ms"] == 0.001


def test_percentiles_are_round_trips_that_were_measured_to_the_nanosecond() -> None:
    found = latency(RoundTrips(times_ns=tuple(range(1, 101)), clock="kernel"))
    assert (found["p50_ms"], found["p90_ms"], found["p99_ms"]) == (50e-6, 90e-6, 99e-6)
    assert (found["min_ms"], found["avg_ms"], found["max_ms"]) == (1e-6, 51e-6, 100e-6)


def test_a_document_fits_into_a_termination_message() -> None:
    """With node names as long as Kubernetes takes them, and figures with all their digits."""
    longest = document(client_node="n" * 253, server_node="m" * 253)
    text = json.dumps(longest, separators=(",", ":"))
    assert len(re.sub(r"\d\.\d+", "1234567890.123456", text)) < TERMINATION_MESSAGE_BYTES


@pytest.fixture
def says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the iperf3 that is called says, in a file."""
    program = tmp_path / "iperf3"
    program.write_text(f"#!/bin/sh\ncat {tmp_path}/said\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(iperf, "BUSY_PAUSE_S", 0.001)
    return tmp_path / "said"


def iperf_document(interval: dict[str, Any]) -> dict[str, Any]:
    """Of a test of one second after the first, all intervals alike; both ends say the same."""
    at = [{"sum": {"start": i / 5, "end": (i + 1) / 5, "seconds": 0.2, **interval}} for i in range(10)]
    return {"end": {}, "intervals": at, "server_output_json": {"intervals": at}}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("", "no JSON|status 0"),
        ("{}", "no result"),
        ('{"error": "unable to connect to server: No route to host"}', "No route to host"),
        ('{"error": "the server is busy running a test. try again later"}', "busy"),
        ('{"end": {}}', "nothing of server_output_json"),
        ('{"end": {}, "server_output_json": {}}', "nothing of its intervals"),
        (json.dumps(iperf_document({"bytes": 0})), "nothing came through"),
    ],
)
def test_a_tcp_test_that_failed_is_a_reason_and_never_0(said: str, reason: str, says: Path) -> None:
    says.write_text(said)
    with pytest.raises(UnmeasuredError, match=reason):
        iperf.tcp_throughput("h", 1, seconds=1, streams=1, reverse=False)


@pytest.mark.parametrize(
    ("total", "reason"),
    [
        ({"packets": 0, "lost_packets": 0}, "packets = 0"),
        ({"packets": 900, "lost_packets": 900}, "none of 900 datagrams came: is UDP to port 1 let through"),
    ],
)
def test_udp_that_does_not_come_through_is_a_reason_and_no_jitter(
    total: dict[str, int], reason: str, says: Path
) -> None:
    says.write_text(json.dumps({"end": {"sum": {**total, "jitter_ms": 0, "seconds": 3}}}))
    with pytest.raises(UnmeasuredError, match=reason):
        iperf.udp_jitter("h", 1, seconds=1, target_mbps=10)


def test_retransmits_that_nobody_counted_are_not_0(says: Path) -> None:
    says.write_text(json.dumps(iperf_document({"bytes": 25_000_000})))
    found = iperf.tcp_throughput("h", 1, seconds=1, streams=1, reverse=True)
    assert (found["retransmits"], found["gbps"]) == (None, pytest.approx(1))


def test_retransmits_of_the_first_second_are_not_counted(says: Path) -> None:
    says.write_text(json.dumps(iperf_document({"bytes": 25_000_000, "retransmits": 2})))
    assert iperf.tcp_throughput("h", 1, seconds=1, streams=1, reverse=False)["retransmits"] == 10


def test_an_image_without_iperf3_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UnmeasuredError, match="iperf3 is not in the image"):
        iperf.tcp_throughput("h", 1, seconds=1, streams=1, reverse=False)


@pytest.mark.parametrize(
    ("text", "periods"),
    [
        ("nr_periods 10\nnr_throttled 4\nthrottled_time 500\n", 4),
        ("usage_usec 1\nuser_usec 1\nnr_periods 10\nnr_throttled 5\nthrottled_usec 7\n", 5),
        ("usage_usec 1\nuser_usec 1\n", None),
    ],
    ids=["cgroup v1", "cgroup v2", "no CPU controller"],
)
def test_throttling_is_read_from_both_kinds_of_cgroup(text: str, periods: int | None, tmp_path: Path) -> None:
    file = tmp_path / "cpu.stat"
    file.write_text(text)
    assert throttled_periods((tmp_path / "none", file)) == periods


def test_throttling_that_one_reading_does_not_know_is_not_known() -> None:
    assert between(3, 5) == 2
    assert between(None, 5) is None
    assert between(3, None) is None


def test_it_runs_on_the_standard_library_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-S", "-c", "import sys; sys.path[:0] = ['.']; import netprobe.__main__"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
