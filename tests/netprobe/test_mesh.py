"""A mesh: on loopback, scraped by a real Prometheus, and of two hosts with a link of known delay."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from netprobe import mesh
from netprobe.errors import UnmeasuredError
from netprobe.mesh import addresses, measured
from tests.grafana.prometheus import prometheus
from tests.netns import Namespace
from tests.netprobe.bed import CLIENT, ROOT, SERVER, bed, in_namespace
from tests.netprobe.test_agent import asked
from tests.netprobe.test_gauges import Series, series
from tests.ports import free_port
from tests.programs import needs
from tests.tethered import tethered
from tests.waiting import wait_until

DEADLINE_S = 60
PORTS = ("--port", "5302", "--metrics-port", "5303")
FAST = ("--interval", "0.5", "--samples", "100")


def test_the_addresses_behind_the_names_are_found_once_and_without_ones_own() -> None:
    assert addresses(["127.0.0.3", "127.0.0.2", "127.0.0.2", "localhost"], 1) == ["127.0.0.2", "127.0.0.3"]


def test_a_name_that_leads_nowhere_is_no_mesh_of_nobody() -> None:
    with pytest.raises(UnmeasuredError, match=r"no-such-name\.invalid: "):
        addresses(["127.0.0.2", "no-such-name.invalid"], 1)
    assert measured(asked(1), ["no-such-name.invalid"]) is None


def test_each_peer_has_its_document_and_one_that_does_not_answer_a_reason(
    port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """The server of the fixture listens on every address of this machine; the last one leads out of it, to nobody."""
    found = measured(asked(port, server_node=None), ["127.0.0.2", "127.0.0.3", "0.0.0.1"])
    assert found is not None
    assert sorted(str(at.node) for at in found) == ["None", "node-2", "node-2"]
    assert all("pod_to_pod" in at.document for at in found if at.node)
    assert "server of 0.0.0.1: no connection to 0.0.0.1" in capsys.readouterr().err


def test_what_was_measured_under_a_limit_of_the_processor_is_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    throttled = {"server_node": "node-2", "errors": {}, "pod_to_pod": {}, "client_throttled_periods": 2}
    monkeypatch.setattr(mesh, "probe", lambda _: throttled)
    (found,) = measured(asked(1), ["127.0.0.2"]) or ()
    assert found.node is None
    assert found.document["errors"] == {"throttling": "a pod was stopped for its CPU limit"}


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "soon"])
def test_an_interval_that_is_none_is_refused(value: str) -> None:
    command = [sys.executable, "-m", "netprobe", "mesh", "--peers", "127.0.0.2", f"--interval={value}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=DEADLINE_S)
    assert done.returncode == 2
    assert "argument --interval: " in done.stderr.splitlines()[-1]


@contextlib.contextmanager
def running(*options: str, node: str, within: Namespace | None = None) -> Iterator[None]:
    """The program of the pods; within: a network namespace."""
    mesh = [sys.executable, "-m", "netprobe", "mesh", "--node", node, *options]
    command = within.inside(*mesh) if within else mesh
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(tethered(command), cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(10)


def until(ask: Callable[[], Series], name: str, holds: Callable[[list[float]], bool]) -> Series:
    """The samples of a name, once their values are as they should be."""

    def found() -> Series | None:
        with contextlib.suppress(httpx.TransportError, AssertionError):
            samples = {at: value for at, value in ask().items() if at[0] == name}
            return samples if holds(list(samples.values())) else None
        return None

    return wait_until(found, DEADLINE_S, every_s=0.1, why=lambda: name)


def undisturbed(values: list[float]) -> bool:
    """A machine that does something else at the same time can only add to what the link takes, and not for ever."""
    return len(values) == 1 and values[0] <= 5.5


def free_ports(count: int) -> list[int]:
    found: set[int] = set()
    while len(found) < count:
        found.add(free_port())
    return list(found)


def test_a_prometheus_takes_the_page_and_the_bandwidth_that_was_asked_for(tmp_path: Path) -> None:
    ping, iperf, page = map(str, free_ports(3))
    ports = ("--port", ping, "--iperf-port", iperf, "--metrics-port", page)
    parts = ("--parts", "latency", "tcp", "--seconds", "1", "--streams", "1")
    scrape = {"job_name": "mesh", "scrape_interval": "1s", "static_configs": [{"targets": [f"127.0.0.1:{page}"]}]}
    with (
        running("--peers", "127.0.0.2", *FAST, "--kept", "60", *ports, *parts, node="node-1"),
        prometheus(tmp_path / "prometheus", {"scrape_configs": [scrape]}) as server,
    ):
        deadline = time.monotonic() + DEADLINE_S
        server.wait_until("ew_tcp_throughput_gbps > 0", 2, deadline)
        for statistic in ("min", "avg", "p50", "p99", "max"):
            ((labels, value),) = server.query(f"ew_latency_{statistic}_ms")
            assert (labels["path"], labels["client_node"], labels["server_node"]) == ("pod_to_pod", "node-1", "node-1")
            assert labels["same_node"] == "true"
            assert value > 0
        ((_, began_s),) = server.query("ew_probe_timestamp_seconds")
        assert 0 <= time.time() - began_s < DEADLINE_S
        assert httpx.get(f"http://127.0.0.1:{page}/", trust_env=False).status_code == 404


@needs("ip", "tc", "ss")
@pytest.mark.privileged("namespaces")
def test_two_hosts_see_each_other_over_a_link_of_known_delay_and_forget_one_that_ends() -> None:
    peers = ("--peers", CLIENT, SERVER, *PORTS, *FAST, "--kept", "4")
    with bed(one_way_us=2500) as link, running(*peers, node="a", within=link.client):
        with running(*peers, node="b", within=link.server):
            for name, own, other in ((link.client, "a", "b"), (link.server, "b", "a")):
                ((at, value),) = until(partial(scraped, name), "ew_latency_min_ms", undisturbed).items()
                assert dict(at[1]) == {
                    "path": "pod_to_pod",
                    "client_node": own,
                    "server_node": other,
                    "same_node": "false",
                }
                assert value >= 5
        until(partial(scraped, link.client), "ew_latency_p50_ms", lambda values: values == [])
        until(partial(scraped, link.client), "ew_probe_failed_pairs", lambda values: values == [1])


def scraped(place: Namespace) -> Series:
    """The page of the host itself, in its namespace."""
    fetch = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:5303/metrics', timeout=5).read().decode())"
    done = in_namespace(place, sys.executable, "-c", fetch)
    assert done.returncode == 0, done.stderr
    return series(done.stdout)
