"""The overlays against the provider files: region, machine, labels of series, volumes."""

import re
from typing import Any

import pytest
import yaml

from netprobe.__main__ import IPERF_PORT, METRICS_PORT, PORT
from tests.k8s.manifests import CLOUDS, OVERLAYS, ROOT, Manifest, of_kind, one, overlay, workload, workloads

INSTANCE_TYPE = "node.kubernetes.io/instance-type"
STORAGE_CLASSES = {"akamai-lke": "linode-block-storage", "aws-eks": "ragmeter-gp3", "gcp-gke": "standard-rwo"}
"""As the providers call them; that of EKS is made by the overlay."""

GPU_SELECTORS = {
    "akamai-lke": {INSTANCE_TYPE: "g2-gpu-rtx4000a1-s"},
    "aws-eks": {INSTANCE_TYPE: "g6.xlarge"},
    "gcp-gke": {INSTANCE_TYPE: "g2-standard-8", "cloud.google.com/gke-accelerator": "nvidia-l4"},
}


def provider(name: str) -> dict[str, Any]:
    path = ROOT / "fixtures" / "providers" / f"{'local' if name == 'kind' else name}.yaml"
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


@pytest.mark.parametrize("name", OVERLAYS)
def test_provider_and_region_are_those_of_the_provider_file(name: str) -> None:
    expected = {"provider": provider(name)["name"], "region": provider(name)["region"]}
    assert one(overlay(name), "ConfigMap", "rag-provider")["data"] == {
        "RAG_PROVIDER": expected["provider"],
        "RAG_REGION": expected["region"],
    }
    for each in overlay(name):
        assert expected.items() <= each["metadata"]["labels"].items(), each["metadata"]["name"]
    for pod in workloads(overlay(name)):
        assert expected.items() <= pod.labels.items(), pod.name


@pytest.mark.parametrize("name", CLOUDS)
def test_vllm_runs_on_the_gpu_node_of_the_provider_file(name: str) -> None:
    pod = workload(overlay(name), "vllm").spec
    assert pod["nodeSelector"] == GPU_SELECTORS[name]
    assert pod["nodeSelector"][INSTANCE_TYPE] == provider(name)["node_instance_type"]
    assert {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"} in pod["tolerations"]
    resources = pod["containers"][0]["resources"]
    assert int(resources["limits"]["nvidia.com/gpu"]) == provider(name)["gpu_count"]
    assert resources["requests"]["nvidia.com/gpu"] == resources["limits"]["nvidia.com/gpu"]


@pytest.mark.parametrize("name", CLOUDS)
def test_the_backend_avoids_the_gpu_node(name: str) -> None:
    affinity = workload(overlay(name), "rag-backend").spec["affinity"]["nodeAffinity"]
    (preferred,) = affinity["preferredDuringSchedulingIgnoredDuringExecution"]
    (expression,) = preferred["preference"]["matchExpressions"]
    assert expression == {"key": INSTANCE_TYPE, "operator": "NotIn", "values": [provider(name)["node_instance_type"]]}


@pytest.mark.parametrize("name", CLOUDS)
def test_volumes_are_of_a_class_that_the_provider_has(name: str) -> None:
    claims = of_kind(overlay(name), "PersistentVolumeClaim")
    assert {claim["spec"]["storageClassName"] for claim in claims} == {STORAGE_CLASSES[name]}
    for made in of_kind(overlay(name), "StorageClass"):
        assert made["metadata"]["name"] == STORAGE_CLASSES[name]


def test_a_volume_that_is_added_is_of_that_class_too(all_components: tuple[Manifest, ...]) -> None:
    claims = of_kind(all_components, "PersistentVolumeClaim")
    assert {claim["metadata"]["name"] for claim in claims} == {"vllm-models", "rag-index"}
    assert {claim["spec"]["storageClassName"] for claim in claims} == {STORAGE_CLASSES["aws-eks"]}


@pytest.mark.parametrize("name", CLOUDS)
def test_monitors_find_their_ports_and_give_every_series_its_provider(name: str) -> None:
    monitors = of_kind(overlay(name), "ServiceMonitor", "PodMonitor")
    assert {each["metadata"]["name"] for each in monitors} == {"rag-backend", "vllm", "dcgm-exporter"}
    for monitor in monitors:
        if not monitor["spec"].get("namespaceSelector"):
            assert_finds(monitor, overlay(name))


def assert_finds(monitor: Manifest, rendered: tuple[Manifest, ...]) -> None:
    """That the labels a monitor copies are on the objects it selects, and the ports it names, too."""
    namespace, spec = monitor["metadata"]["namespace"], monitor["spec"]
    wanted = spec["selector"]["matchLabels"].items()
    if monitor["kind"] == "ServiceMonitor":
        services = [each for each in of_kind(rendered, "Service") if wanted <= each["metadata"]["labels"].items()]
        found = [(each["metadata"], {port["name"] for port in each["spec"]["ports"]}) for each in services]
        labels, endpoints = spec.get("targetLabels", []), spec["endpoints"]
    else:
        pods = [each for each in workloads(rendered) if wanted <= each.labels.items()]
        found = [({"namespace": pod.namespace, "labels": pod.labels}, set(pod.ports)) for pod in pods]
        labels, endpoints = spec.get("podTargetLabels", []), spec["podMetricsEndpoints"]
    ((metadata, ports),) = found
    assert metadata["namespace"] == namespace
    assert {endpoint["port"] for endpoint in endpoints} <= ports
    assert endpoints[0].get("honorLabels") or {"provider", "region"} <= set(labels) <= metadata["labels"].keys()


def test_the_pushgateway_keeps_the_labels_that_were_pushed(all_components: tuple[Manifest, ...]) -> None:
    monitor = one(all_components, "ServiceMonitor", "pushgateway")
    assert_finds(monitor, all_components)
    assert monitor["spec"]["endpoints"][0]["honorLabels"] is True


def test_the_mesh_is_scraped_with_the_operator_and_without_it(all_components: tuple[Manifest, ...]) -> None:
    assert_finds(one(all_components, "PodMonitor", "netprobe-mesh"), all_components)
    mesh = workload(all_components, "netprobe-mesh")
    path = ROOT / "k8s" / "components" / "prometheus" / "prometheus.yaml"
    kept = yaml.safe_load(path.read_text(encoding="utf-8"))["scrape_configs"][0]["relabel_configs"][:2]
    assert re.fullmatch(kept[0]["regex"], mesh.labels["app.kubernetes.io/name"] + ";")
    assert [name for name in mesh.ports if re.fullmatch(kept[1]["regex"], name)] == ["metrics"]


def test_the_pods_of_the_mesh_find_each_other_by_a_name_that_leads_to_all_of_them(
    all_components: tuple[Manifest, ...],
) -> None:
    mesh = workload(all_components, "netprobe-mesh")
    service = one(all_components, "Service", "netprobe-mesh")
    assert "--peers=netprobe-mesh" in mesh.spec["containers"][0]["args"]
    assert (service["spec"]["clusterIP"], service["spec"]["publishNotReadyAddresses"]) == ("None", True)
    assert (mesh.kind, mesh.namespace) == ("DaemonSet", service["metadata"]["namespace"])
    assert mesh.ports == {"ping": PORT, "iperf": IPERF_PORT, "iperf-udp": IPERF_PORT, "metrics": METRICS_PORT}


def test_gke_scrapes_the_exporter_that_it_runs_itself() -> None:
    monitor = one(overlay("gcp-gke"), "PodMonitor", "dcgm-exporter")["spec"]
    assert not of_kind(overlay("gcp-gke"), "DaemonSet")
    assert monitor["namespaceSelector"] == {"matchNames": ["gke-managed-system"]}
    given = {rule["targetLabel"]: rule["replacement"] for rule in monitor["podMetricsEndpoints"][0]["relabelings"]}
    assert given == {"provider": provider("gcp-gke")["name"], "region": provider("gcp-gke")["region"]}


@pytest.mark.parametrize("name", ["akamai-lke", "aws-eks"])
def test_the_exporter_runs_where_vllm_runs_and_reserves_no_gpu(name: str) -> None:
    exporter, vllm = workload(overlay(name), "dcgm-exporter"), workload(overlay(name), "vllm")
    assert exporter.spec["nodeSelector"] == vllm.spec["nodeSelector"]
    assert exporter.spec["tolerations"] == vllm.spec["tolerations"]
    assert "nvidia.com/gpu" not in exporter.spec["containers"][0]["resources"]["limits"]


@pytest.mark.parametrize("name", ["akamai-lke", "aws-eks"])
def test_the_exporter_counts_what_dashboards_ask_for(name: str) -> None:
    """Fields that need no permission of the profiler."""
    (counters,) = [
        each["data"]["counters.csv"] for each in of_kind(overlay(name), "ConfigMap") if "counters.csv" in each["data"]
    ]
    assert {line.split(",")[0] for line in counters.splitlines()} == {
        "DCGM_FI_DEV_GPU_UTIL",
        "DCGM_FI_DEV_FB_USED",
        "DCGM_FI_DEV_FB_FREE",
        "DCGM_FI_DEV_POWER_USAGE",
        "DCGM_FI_DEV_GPU_TEMP",
    }


@pytest.mark.parametrize("name", OVERLAYS)
def test_the_namespace_of_the_service_admits_confined_pods_only(name: str) -> None:
    namespaces = {each["metadata"]["name"]: each["metadata"]["labels"] for each in of_kind(overlay(name), "Namespace")}
    level = "pod-security.kubernetes.io/enforce"
    assert namespaces["ragmeter"][level] == "restricted"
    assert {pod.name for pod in workloads(overlay(name)) if pod.namespace != "ragmeter"} <= {"dcgm-exporter"}
