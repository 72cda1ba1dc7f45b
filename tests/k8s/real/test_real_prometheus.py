"""The scrape configuration of the component prometheus, against a real API server and with the rights that it gets.

Debian's Prometheus is built without the discovery of Kubernetes. VictoriaMetrics reads the same configuration.
"""

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import yaml

from tests.grafana.observation import CLUSTER
from tests.k8s.cluster import (
    READY_TIMEOUT_S,
    apply,
    attempt,
    kubectl,
    moved,
    needs_cluster,
    needs_images,
    own_namespace,
    served,
)
from tests.k8s.deployed import prepared, with_components
from tests.k8s.manifests import K8S, Manifest, kustomize
from tests.ports import free_port
from tests.programs import program
from tests.tethered import tethered
from tests.waiting import wait_until

pytestmark = [needs_cluster, needs_images]

ACCESS: Final = ("ServiceAccount", "ClusterRole", "ClusterRoleBinding")
POLL_S: Final = 0.5


@pytest.fixture(scope="module")
def namespace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """With a mesh of probes, whose pods expose metrics, and the account of Prometheus. Its role is of the cluster."""
    folder = tmp_path_factory.mktemp("k8s") / "k8s"
    shutil.copytree(K8S, folder)
    rendered = kustomize(with_components(folder / "overlays" / "kind", "netprobe-mesh", "prometheus"))
    with own_namespace() as name:
        given = [at for at in rendered if at["metadata"]["name"] == "netprobe-mesh" or is_access(at)]
        manifests = [renamed(at, name) for at in prepared(given, name)]
        apply(manifests)
        try:
            status = ["rollout", "status", "daemonset/netprobe-mesh", f"--timeout={READY_TIMEOUT_S}s"]
            kubectl("-n", name, *status, timeout_s=READY_TIMEOUT_S + 10)
            yield name
        finally:
            kubectl("delete", "clusterrole,clusterrolebinding", role_of(name))


def is_access(manifest: Manifest) -> bool:
    return manifest["kind"] in ACCESS and manifest["metadata"]["labels"]["app.kubernetes.io/name"] == "prometheus"


def role_of(namespace: str) -> str:
    return f"{namespace}-prometheus"


def renamed(manifest: Manifest, namespace: str) -> Manifest:
    """The role and its binding under a name that nobody has."""
    if manifest["kind"].startswith("ClusterRole"):
        manifest["metadata"]["name"] = role_of(namespace)
    if manifest["kind"] == "ClusterRoleBinding":
        manifest["roleRef"]["name"] = role_of(namespace)
    return manifest


def config_of(namespace: str, folder: Path) -> Path:
    """The shipped one, read outside of the cluster with a token of the account."""
    config: dict[str, Any] = yaml.safe_load(CLUSTER.read_text("utf-8"))
    # What it does not know.
    del config["rule_files"], config["global"]["evaluation_interval"]
    given = json.loads(kubectl("config", "view", "--raw", "--minify", "-o", "json"))["clusters"][0]["cluster"]
    (folder / "ca.crt").write_bytes(base64.b64decode(given["certificate-authority-data"]))
    (folder / "token").write_text(kubectl("-n", namespace, "create", "token", "prometheus").strip(), "utf-8")
    reached = {
        "api_server": given["server"],
        "bearer_token_file": str(folder / "token"),
        "tls_config": {"ca_file": str(folder / "ca.crt")},
    }
    for job in config["scrape_configs"]:
        job["kubernetes_sd_configs"] = [{**at, **reached} for at in job["kubernetes_sd_configs"]]
    path = folder / "prometheus.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


@contextmanager
def scraper(config: Path) -> Iterator[httpx.Client]:
    """A VictoriaMetrics on loopback that scrapes what the configuration finds."""
    found = program("victoria-metrics")
    address = f"127.0.0.1:{free_port()}"
    folder = config.parent
    options = [f"-promscrape.config={config}", f"-storageDataPath={folder / 'data'}", f"-httpListenAddr={address}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(tethered([found, *options]), stdout=log, stderr=subprocess.STDOUT)
        try:
            with httpx.Client(base_url=f"http://{address}", trust_env=False) as client:
                _wait_until_ready(client, process, folder / "log")
                yield client
        finally:
            process.kill()
            process.wait(10)


def _wait_until_ready(client: httpx.Client, process: "subprocess.Popen[bytes]", log: Path) -> None:
    def answers() -> bool:
        with suppress(httpx.TransportError):
            client.get("/health")
            return True
        assert process.poll() is None, log.read_text("utf-8")
        return False

    wait_until(answers, READY_TIMEOUT_S, every_s=POLL_S, why=lambda: log.read_text("utf-8"))


def targets(client: httpx.Client, namespace: str, count: int) -> list[dict[str, str]]:
    """Labels of the targets of a namespace, once there are that many; whether this machine reaches them or not."""

    def labels() -> list[dict[str, str]]:
        active = client.get("/api/v1/targets").json()["data"]["activeTargets"]
        return [at["labels"] for at in active if at["labels"].get("namespace") == namespace]

    return wait_until(
        lambda: found if len(found := labels()) == count else None, READY_TIMEOUT_S, every_s=POLL_S, why=labels
    )


def test_every_pod_of_the_mesh_is_found_once_and_has_its_provider(namespace: str, tmp_path: Path) -> None:
    pods = json.loads(kubectl("-n", namespace, "get", "pods", "-o", "json"))["items"]
    with scraper(config_of(namespace, tmp_path)) as client:
        found = targets(client, namespace, len(pods))
    assert {at["pod"] for at in found} == {pod["metadata"]["name"] for pod in pods}
    addresses = {f"{pod['status']['podIP']}:5203" for pod in pods}
    assert {at["instance"] for at in found} == addresses, "the port of the metrics, and no other"
    assert {(at["job"], at["provider"], at["region"]) for at in found} == {("netprobe-mesh", "local", "this-machine")}


@pytest.mark.parametrize(
    ("what", "allowed"),
    [
        ("list pods", True),
        ("watch pods", True),
        ("list secrets", False),
        ("list configmaps", False),
        ("delete pods", False),
    ],
)
def test_prometheus_may_list_pods_and_nothing_else(namespace: str, what: str, allowed: bool) -> None:
    account = f"--as=system:serviceaccount:{namespace}:prometheus"
    answer = attempt("auth", "can-i", *what.split(), "--all-namespaces", account)
    assert answer.stdout.strip() == ("yes" if allowed else "no"), answer.stderr


def test_the_api_server_admits_the_whole_deployment(own_prometheus: tuple[Manifest, ...], namespace: str) -> None:
    said = apply(moved(served(own_prometheus), namespace), "--dry-run=server")
    for made in (
        "deployment.apps/prometheus",
        "persistentvolumeclaim/prometheus",
        "networkpolicy.networking.k8s.io/prometheus",
    ):
        assert f"{made} created (server dry run)" in said
