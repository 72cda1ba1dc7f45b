"""Series of a cluster's Prometheus reach the central one: pulled by federation, and pushed by remote write.

Both servers are real; what the cluster's one scrapes is a replay of vLLM's metrics.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.grafana.boards import GRAFANA
from tests.grafana.observation import EXPOSITIONS, TIMING, cluster_config
from tests.grafana.prometheus import Prometheus, prometheus
from tests.grafana.replay import replaying

BCRYPT_OF_SECRET = "$2b$05$OypO5MMABMWMvQzFMZWSy.aG9LrljEbVF525cqX0bJGFWjdz2RVi6"
ARRIVAL_S = 30.0


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


def test_a_cluster_writes_to_a_central_prometheus_that_asks_for_a_password(vllm: str, tmp_path: Path) -> None:
    web, password = tmp_path / "web.yaml", tmp_path / "password"
    web.write_text(f"basic_auth_users: {{cluster: {BCRYPT_OF_SECRET}}}\n", encoding="utf-8")
    password.write_text("secret", encoding="utf-8")
    flags = ("--web.enable-remote-write-receiver", f"--web.config.file={web}")
    with prometheus(tmp_path / "central", {"global": TIMING}, (), *flags) as central:
        central.http.auth = ("cluster", "secret")
        (remote,) = shipped("remote-write")["remote_write"]
        remote["url"] = f"http://{central.address}/api/v1/write"
        remote["basic_auth"]["password_file"] = str(password)
        with prometheus(tmp_path / "cluster", cluster_config({"vllm": vllm}) | {"remote_write": [remote]}):
            arrived(central)
        assert central.query('{__name__=~"scrape_.+"}') == [], "only what the dashboards read is sent"
