"""What holds for every manifest: its schema, its references, and how its pods are confined."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from tests.k8s.manifests import K8S, Manifest, Workload, benchmark, matches, of_kind, overlay, workloads

KUBERNETES = "1.37"
CRDS = {
    kind: json.loads((Path(__file__).parent / "crds" / f"{kind.lower()}.schema.json").read_text(encoding="utf-8"))
    for kind in ("ServiceMonitor", "PodMonitor", "PrometheusRule")
}
ROOTS = {"dcgm-exporter"}
"""Pods that run as root: the kubelet's socket is root's."""
TOKENS = {
    "rag-benchmark": "rag-benchmark",
    "rag-backend": "rag-backend-benchmark",
    "prometheus": "ragmeter-prometheus",
}
"""Pods that may ask the API server, and the binding without which they get no token."""

REQUIRED = {"rag-postgres"}
"""Secrets without which a pod must not start: it would answer from an empty index of its own."""

Rendered = tuple[Manifest, ...]


def validate(manifest: Manifest) -> None:
    if manifest["kind"] in CRDS:
        jsonschema.validate(manifest, CRDS[manifest["kind"]])
    else:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_every_manifest_is_valid(rendered: Rendered) -> None:
    for manifest in rendered:
        validate(manifest)


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Deployment", ("spec", "replica"), 2),
        ("Service", ("spec", "ports"), "http"),
        ("PodMonitor", ("spec", "podMetricsEndpoints", 0, "intervall"), "15s"),
        ("ServiceMonitor", ("spec", "endpoints", 0, "interval"), 15),
    ],
)
def test_a_misspelt_key_or_a_wrong_type_is_found(kind: str, path: tuple[str | int, ...], value: object) -> None:
    broken = json.loads(json.dumps(of_kind(overlay("aws-eks"), kind)[0]))
    place: Any = broken
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises((kubernetes_validate.ValidationError, jsonschema.ValidationError)):
        validate(broken)


def test_every_file_is_rendered_somewhere(all_components: Rendered) -> None:
    """A manifest that no kustomization names would look deployed and not be."""
    for folder in {path.parent for path in K8S.rglob("kustomization.yaml")}:
        text = (folder / "kustomization.yaml").read_text(encoding="utf-8")
        named = {path.name for path in folder.iterdir() if path.is_file() and path.name != "kustomization.yaml"}
        unused = {name for name in named if not re.search(rf"^ +- (path: )?{re.escape(name)}$", text, re.MULTILINE)}
        assert not unused, folder


def test_no_two_objects_have_the_same_name(rendered: Rendered) -> None:
    names = Counter((each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in rendered)
    assert [name for name, count in names.items() if count > 1] == []


def test_every_object_is_marked_as_part_of_ragmeter(rendered: Rendered) -> None:
    for each in rendered:
        if each["kind"] not in {"ConfigMap", "StorageClass"}:
            assert each["metadata"]["labels"]["app.kubernetes.io/part-of"] == "ragmeter", each["metadata"]["name"]


def test_selectors_choose_pods_that_exist(rendered: Rendered) -> None:
    pods = workloads(rendered)
    for each in of_kind(rendered, "Deployment", "DaemonSet"):
        assert matches(each["spec"]["selector"], each["spec"]["template"]["metadata"]["labels"])
    for each in of_kind(rendered, "PodDisruptionBudget"):
        assert chosen(each["spec"]["selector"], each, pods)
    for each in of_kind(rendered, "NetworkPolicy"):
        assert chosen(each["spec"]["podSelector"], each, [*pods, *workloads(benchmark("run"))])
    for each in of_kind(rendered, "Service"):
        assert len(chosen({"matchLabels": each["spec"]["selector"]}, each, pods)) == 1, each["metadata"]["name"]


def chosen(selector: Manifest, manifest: Manifest, pods: list[Workload]) -> list[Workload]:
    namespace = manifest["metadata"]["namespace"]
    return [pod for pod in pods if pod.namespace == namespace and matches(selector, pod.labels)]


def test_services_lead_to_ports_of_containers(rendered: Rendered) -> None:
    for service in of_kind(rendered, "Service"):
        (pod,) = chosen({"matchLabels": service["spec"]["selector"]}, service, workloads(rendered))
        for port in service["spec"]["ports"]:
            assert port["targetPort"] in pod.ports, service["metadata"]["name"]


def test_probes_ask_a_port_of_their_container(rendered: Rendered) -> None:
    for pod in workloads(rendered):
        for container in pod.spec["containers"]:
            names = {port["name"] for port in container.get("ports", [])}
            probes = [
                container[key].get("httpGet") or container[key]["tcpSocket"]
                for key in container
                if key.endswith("Probe")
            ]
            assert {probe["port"] for probe in probes} <= names
            assert pod.kind in {"Job", "Pod"} or {"livenessProbe", "readinessProbe"} <= container.keys(), pod.name


def test_references_lead_to_objects_of_the_same_namespace(rendered: Rendered) -> None:
    everything = (*rendered, *overlay("kind"), *benchmark("run"), *benchmark("access"))
    there = {(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in everything}
    for pod in workloads(rendered):
        for kind, name in references(pod):
            assert (kind, pod.namespace, name) in there, f"{pod.name}: {kind} {name}"


def references(pod: Workload) -> set[tuple[str, str]]:
    """ConfigMaps, claims and service accounts; a Secret is made by hand and must be optional, or is one of REQUIRED."""
    found = {("ServiceAccount", name) for key, name in pod.spec.items() if key == "serviceAccountName"}
    for volume in pod.spec.get("volumes", []):
        for source in (volume, *volume.get("projected", {}).get("sources", ())):
            found |= {("ConfigMap", source["configMap"]["name"])} if "configMap" in source else set()
            assert source.get("secret", {"optional": True})["optional"], volume["name"]
        claim = volume.get("persistentVolumeClaim")
        found |= {("PersistentVolumeClaim", claim["claimName"])} if claim else set()
    for container in pod.containers:
        found |= {("ConfigMap", each["configMapRef"]["name"]) for each in container.get("envFrom", [])}
        for variable in container.get("env", []):
            source = variable.get("valueFrom", {})
            found |= {("ConfigMap", source["configMapKeyRef"]["name"])} if "configMapKeyRef" in source else set()
            secret = source.get("secretKeyRef", {"name": None, "optional": True})
            assert secret.get("optional", False) != (secret["name"] in REQUIRED), variable["name"]
    return found


def test_every_mount_has_its_volume_of_one_source(rendered: Rendered) -> None:
    for pod in workloads(rendered):
        volumes = {volume["name"] for volume in pod.spec.get("volumes", [])}
        mounted = {mount["name"] for container in pod.containers for mount in container.get("volumeMounts", [])}
        assert mounted == volumes, pod.name
        assert all(len(volume) == 2 for volume in pod.spec.get("volumes", [])), pod.name


def test_containers_are_confined(rendered: Rendered) -> None:
    for pod in workloads(rendered):
        context = pod.spec["securityContext"]
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}, pod.name
        if pod.name not in ROOTS:
            assert context["runAsNonRoot"] is True, pod.name
            assert context["runAsUser"] >= 1000, pod.name
        for container in pod.containers:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, container["name"]


def test_a_pod_gets_no_token_and_no_variables_of_services(rendered: Rendered) -> None:
    """A Service named vllm would set VLLM_PORT, which vLLM reads and refuses."""
    given = (*rendered, *benchmark("access"))
    bound = {each["metadata"]["name"] for each in of_kind(given, "RoleBinding", "ClusterRoleBinding")}
    for pod in workloads(rendered):
        assert pod.spec["automountServiceAccountToken"] is (TOKENS.get(pod.name) in bound), pod.name
        assert pod.spec["enableServiceLinks"] is False, pod.name


def test_resources_are_requested_and_memory_is_limited(rendered: Rendered) -> None:
    for pod in workloads(rendered):
        for container in pod.containers:
            resources = container["resources"]
            assert {"cpu", "memory"} <= resources["requests"].keys(), container["name"]
            assert "memory" in resources["limits"], container["name"]
            assert "cpu" not in resources["limits"], f"{container['name']}: throttling would be measured as latency"


def test_images_are_pinned(rendered: Rendered) -> None:
    for pod in workloads(rendered):
        for container in pod.containers:
            name, _, tag = container["image"].partition(":")
            assert re.fullmatch(r"v?\d+\.\d+\.\d+[\w.-]*", tag), container["image"]
            assert "." not in name.split("/")[0], f"{name}: whose registry is the user's choice"


def test_a_policy_allows_ports_that_its_pods_have(rendered: Rendered) -> None:
    for policy in of_kind(rendered, "NetworkPolicy"):
        for pod in chosen(policy["spec"]["podSelector"], policy, workloads(rendered)):
            allowed = [port["port"] for rule in policy["spec"].get("ingress", []) for port in rule["ports"]]
            assert set(allowed) <= pod.ports.keys(), policy["metadata"]["name"]


def test_kustomizations_name_no_registry() -> None:
    names = [
        image.get("newName", image["name"])
        for path in K8S.rglob("kustomization.yaml")
        for image in yaml.safe_load(path.read_text(encoding="utf-8")).get("images", [])
    ]
    assert names
    assert all("." not in name.split("/")[0] for name in names)
