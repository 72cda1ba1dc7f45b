"""Series of a cluster's Prometheus reach the central one: pulled by federation, and pushed by remote write over TLS.

Both servers and the proxy are real; what the cluster's one scrapes is a replay of vLLM's metrics.
"""

import os
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.grafana.boards import GRAFANA
from tests.grafana.observation import EXPOSITIONS, TIMING, cluster_config
from tests.grafana.prometheus import Prometheus, prometheus
from tests.grafana.replay import replaying
from tests.ports import free_port
from tests.programs import program
from tests.tethered import tethered
from tests.waiting import wait_until

ARRIVAL_S = 60.0


def shipped(name: str) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((GRAFANA / "prometheus" / f"{name}.yaml").read_text("utf-8"))
    return config


@pytest.fixture
def vllm() -> Iterator[str]:
    with replaying((EXPOSITIONS / "vllm.txt").read_text("utf-8")) as address:
        yield address


def arrived(central: Prometheus) -> None:
    """Wait for a gauge and a rate of the cluster; its label comes along."""
    deadline = time.monotonic() + ARRIVAL_S
    central.wait_until('vllm:num_requests_running{provider="akamai-lke", job="vllm"}', 1, deadline)
    central.wait_until('rate(vllm:generation_tokens_total{provider="akamai-lke"}[20s]) > 0', 1, deadline)


def test_the_central_prometheus_federates_that_of_a_cluster(vllm: str, tmp_path: Path) -> None:
    targets = tmp_path / "central" / "targets"
    targets.mkdir(parents=True)
    for path in (GRAFANA / "prometheus" / "targets").glob("*.yaml"):
        (targets / path.name).write_text("[]\n", encoding="utf-8")
    with prometheus(tmp_path / "cluster", cluster_config({"vllm": vllm})) as cluster:
        (targets / "federate.yaml").write_text(yaml.safe_dump([{"targets": [cluster.address]}]), encoding="utf-8")
        with prometheus(tmp_path / "central", shipped("central") | {"global": TIMING}) as central:
            arrived(central)


@contextmanager
def proxy(folder: Path, prometheus_at: str, password_hash: str) -> Iterator[tuple[str, Path]]:
    """A real Caddy on the shipped Caddyfile: its URL, and the certificate of its authority. No Grafana is behind it."""
    port = free_port()
    given = {"MONITORING_HOST": "127.0.0.1", "MONITORING_PORT": str(port), "REMOTE_WRITE_HASH": password_hash}
    homes = {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    environment = {**os.environ, **given, **homes, "PROMETHEUS": prometheus_at, "GRAFANA": "127.0.0.1:1"}
    command = [program("caddy"), "run", "--config", str(GRAFANA / "Caddyfile"), "--adapter", "caddyfile"]
    authority = folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"
    said = partial((folder / "caddy.log").read_text, "utf-8")
    with (folder / "caddy.log").open("wb") as log:
        process = subprocess.Popen(tethered(command), env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_until(
                lambda: process.poll() is not None or (authority.is_file() and listens(port)), ARRIVAL_S, why=said
            )
            assert process.poll() is None, said()
            yield f"https://127.0.0.1:{port}", authority
        finally:
            process.kill()
            process.wait(10)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def hash_of(password: str) -> str:
    command = [program("caddy"), "hash-password", "--plaintext", password]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout.strip()


def test_a_cluster_writes_through_the_proxy_by_tls_and_a_password(vllm: str, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("secret", encoding="utf-8")
    receiver = "--web.enable-remote-write-receiver"
    with (
        prometheus(tmp_path / "central", {"global": TIMING}, (), receiver) as central,
        proxy(tmp_path, central.address, hash_of("secret")) as (url, authority),
    ):
        (remote,) = shipped("remote-write")["remote_write"]
        remote |= {"url": f"{url}/api/v1/write", "tls_config": {"ca_file": str(authority)}}
        remote["basic_auth"]["password_file"] = str(password)
        with prometheus(tmp_path / "cluster", cluster_config({"vllm": vllm}) | {"remote_write": [remote]}):
            arrived(central)
        assert central.query('{__name__=~"scrape_.+"}') == [], "only what the dashboards read is sent"
        with httpx.Client(base_url=url, verify=ssl.create_default_context(cafile=authority), trust_env=False) as client:
            assert client.post("/api/v1/write").status_code == 401
            assert client.post("/api/v1/write", auth=("cluster", "wrong")).status_code == 401
            assert client.get("/api/v1/query").status_code == 502, "Prometheus is not shown: all else goes to Grafana"
