"""The component prometheus: what is left for the operator, what it may read, and what a real Prometheus makes of it."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.grafana.boards import GRAFANA
from tests.grafana.observation import CLUSTER, TIMING
from tests.grafana.prometheus import Prometheus, prometheus
from tests.k8s.manifests import Manifest, Workload, matches, of_kind, one, workload, workloads
from tests.programs import program

GKE_EXPORTER = Workload(
    kind="Pod",
    name="dcgm-exporter-x7k2p",
    namespace="gke-managed-system",
    labels={"app.kubernetes.io/name": "gke-managed-dcgm-exporter"},
    spec={"containers": [{"name": "dcgm-exporter", "ports": [{"name": "metrics", "containerPort": 9400}]}]},
)
OPERATORS_EXPORTER = Workload(
    kind="Pod",
    name="nvidia-dcgm-exporter-9kq4z",
    namespace="gpu-operator",
    labels={"app": "nvidia-dcgm-exporter", "provider": "aws-eks"},  # provider by daemonsets.labels of its ClusterPolicy
    spec={"containers": [{"name": "exporter", "ports": [{"name": "metrics", "containerPort": 9401}]}]},
)
SOMEBODYS = Workload(
    kind="Pod",
    name="shop-1",
    namespace="shop",
    labels={"app": "vllm"},
    spec={"containers": [{"name": "shop", "ports": [{"name": "metrics", "containerPort": 9402}]}]},
)
"""What else has the label `app`."""
FOUND_S = 120.0

Rendered = tuple[Manifest, ...]


def test_nothing_is_left_that_only_the_operator_reads(own_prometheus: Rendered) -> None:
    assert [each["kind"] for each in own_prometheus if "monitoring.coreos.com" in each["apiVersion"]] == []


def test_it_may_list_pods_and_nothing_else(own_prometheus: Rendered) -> None:
    role = one(own_prometheus, "ClusterRole", "ragmeter-prometheus")
    assert role["rules"] == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]
    binding = one(own_prometheus, "ClusterRoleBinding", "ragmeter-prometheus")
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    pod = workload(own_prometheus, "prometheus")
    (subject,) = binding["subjects"]
    assert (subject["name"], subject["namespace"]) == (pod.spec["serviceAccountName"], pod.namespace)


def mounted(manifests: Rendered, folder: Path) -> None:
    """The files of the Deployment's configuration, as the kubelet puts them together."""
    (volume,) = [at for at in workload(manifests, "prometheus").spec["volumes"] if at["name"] == "config"]
    for source in volume["projected"]["sources"]:
        data = one(manifests, "ConfigMap", source["configMap"]["name"])["data"] if "configMap" in source else {}
        for item in source.get("configMap", {}).get("items", ()):
            path = folder / item["path"]
            path.parent.mkdir(exist_ok=True)
            path.write_text(data[item["key"]], encoding="utf-8")


def test_promtool_accepts_what_is_mounted(own_prometheus: Rendered, tmp_path: Path) -> None:
    """But for the discovery of pods: Debian builds promtool without it; `test_real_prometheus` uses it."""
    mounted(own_prometheus, tmp_path)
    path = tmp_path / "prometheus.yaml"
    config = yaml.safe_load(path.read_text("utf-8"))
    for job in config["scrape_configs"]:
        assert job.pop("kubernetes_sd_configs") == [{"role": "pod"}]
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [program("promtool"), "check", "config", str(path)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "2 rule files found" in checked.stdout


def test_what_it_sends_names_the_provider_that_the_overlay_sets(
    own_prometheus: Rendered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real Prometheus with the arguments of the Deployment; those of its two paths are the test's."""
    pod = workload(own_prometheus, "prometheus")
    (container,) = pod.spec["containers"]
    for variable in container["env"]:
        label = re.fullmatch(r"metadata\.labels\['(\w+)'\]", variable["valueFrom"]["fieldRef"]["fieldPath"])
        assert label is not None
        monkeypatch.setenv(variable["name"], pod.labels[label[1]])
    given = [at for at in container["args"] if not at.startswith(("--config.file=", "--storage.tsdb.path="))]
    config = yaml.safe_load(CLUSTER.read_text("utf-8")) | {"scrape_configs": []}
    expand = "--enable-feature=expand-external-labels"  # of no effect from Prometheus 3 on, where it is always so
    with prometheus(tmp_path, config, sorted((GRAFANA / "rules").glob("*.yaml")), *given, expand) as server:
        loaded = yaml.safe_load(server.configuration())
        assert len(server.rules()) > 0
    assert loaded["global"]["external_labels"] == {"provider": "aws-eks", "region": "us-east-2"}
    assert {os.environ["RAG_PROVIDER"], os.environ["RAG_REGION"]} == {"aws-eks", "us-east-2"}


@contextmanager
def finding(pods: list[Workload], folder: Path) -> Iterator[Prometheus]:
    """The shipped relabelling, in a real Prometheus, of what Kubernetes' service discovery says of these pods."""
    config = yaml.safe_load(CLUSTER.read_text("utf-8")) | {"global": TIMING}
    for job in config["scrape_configs"]:
        assert job.pop("kubernetes_sd_configs") == [{"role": "pod"}]
        job["static_configs"] = [target for pod in pods for target in targets_of(pod)]
    with prometheus(folder, config) as server:
        yield server


def targets_of(pod: Workload) -> list[dict[str, Any]]:
    """One for each port, as the role ``pod`` has them; each at an address where nobody listens."""
    meta = "__meta_kubernetes"
    own = {f"{meta}_namespace": pod.namespace, f"{meta}_pod_name": pod.name, f"{meta}_pod_phase": "Running"}
    labels = {f"{meta}_pod_label_{re.sub(r'[^a-zA-Z0-9_]', '_', name)}": value for name, value in pod.labels.items()}
    return [
        {"targets": [f"127.0.0.1:{port}"], "labels": {**own, **labels, f"{meta}_pod_container_port_name": name}}
        for name, port in pod.ports.items()
    ]


def test_every_pod_that_exposes_metrics_is_scraped_once_with_its_provider(
    own_prometheus: Rendered, tmp_path: Path
) -> None:
    theirs = [GKE_EXPORTER, OPERATORS_EXPORTER, SOMEBODYS]
    with finding([*workloads(own_prometheus), *theirs], tmp_path) as server:
        found = server.targets(count=7, deadline=time.monotonic() + FOUND_S)
    seen = {(at["job"], at.get("namespace"), at.get("provider"), at["instance"]) for at in found}
    assert seen == {
        ("rag-backend", "ragmeter", "aws-eks", "127.0.0.1:8080"),
        ("vllm", "ragmeter", "aws-eks", "127.0.0.1:8000"),
        ("netprobe-mesh", "ragmeter", "aws-eks", "127.0.0.1:5203"),
        ("dcgm-exporter", "gpu-monitoring", "aws-eks", "127.0.0.1:9400"),
        ("gke-managed-dcgm-exporter", "gke-managed-system", "gcp-gke", "127.0.0.1:9400"),
        ("nvidia-dcgm-exporter", "gpu-operator", "aws-eks", "127.0.0.1:9401"),
        # Those who push name their provider.
        ("pushgateway", None, None, "127.0.0.1:9091"),
    }


def test_a_pod_that_was_evicted_is_no_target_that_is_down(own_prometheus: Rendered, tmp_path: Path) -> None:
    backend = workload(own_prometheus, "rag-backend")
    config = yaml.safe_load(CLUSTER.read_text("utf-8"))
    (pods, _) = config["scrape_configs"]
    (target,) = targets_of(backend)
    target["labels"]["__meta_kubernetes_pod_phase"] = "Failed"
    pods = {key: value for key, value in pods.items() if key != "kubernetes_sd_configs"}
    running = {"job_name": "running", "static_configs": [{"targets": ["127.0.0.1:1"]}]}
    scraped = {"global": TIMING, "scrape_configs": [{**pods, "static_configs": [target]}, running]}
    with prometheus(tmp_path, scraped) as server:
        (found,) = server.targets(count=1, deadline=time.monotonic() + FOUND_S)
    assert found["job"] == "running"


def test_the_policies_let_prometheus_reach_what_it_scrapes(own_prometheus: Rendered) -> None:
    home = workload(own_prometheus, "prometheus").namespace
    policies = of_kind(own_prometheus, "NetworkPolicy")
    own = one(own_prometheus, "NetworkPolicy", "prometheus")["spec"]
    allowed = {port["port"] for rule in own["egress"] for port in rule["ports"]}
    for name, port in {
        "rag-backend": "http",
        "vllm": "http",
        "netprobe-mesh": "metrics",
        "pushgateway": "http",
    }.items():
        pod = workload(own_prometheus, name)
        assert pod.ports[port] in allowed, name
        guards = [
            at
            for at in policies
            if at["metadata"]["namespace"] == pod.namespace and matches(at["spec"]["podSelector"], pod.labels)
        ]
        assert guards, name
        assert any(admits(rule, home, port) for at in guards for rule in at["spec"]["ingress"]), name
    assert workload(own_prometheus, "dcgm-exporter").ports["metrics"] in allowed


def admits(rule: Manifest, namespace: str, port: str) -> bool:
    wanted = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    sources = [source.get("namespaceSelector") for source in rule.get("from", ())]
    return port in {at["port"] for at in rule["ports"]} and (not sources or wanted in sources)


def test_the_version_is_that_of_the_central_one(own_prometheus: Rendered) -> None:
    compose = yaml.safe_load((GRAFANA / "compose.yaml").read_text("utf-8"))
    (container,) = workload(own_prometheus, "prometheus").spec["containers"]
    assert container["image"] == compose["services"]["prometheus"]["image"]


def test_the_series_fit_the_volume(own_prometheus: Rendered) -> None:
    (container,) = workload(own_prometheus, "prometheus").spec["containers"]
    (kept,) = [at for at in container["args"] if at.startswith("--storage.tsdb.retention.size=")]
    claim = one(own_prometheus, "PersistentVolumeClaim", "prometheus")["spec"]["resources"]["requests"]["storage"]
    assert int(re.sub(r"\D", "", kept)) < 0.8 * int(claim.removesuffix("Gi"))
