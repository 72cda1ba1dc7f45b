"""The kind overlay, with the endpoints of benchmarks, as it is deployed in the cluster of the tests."""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.k8s.cluster import READY_TIMEOUT_S, apply, kubectl, moved, own_namespace, served
from tests.k8s.manifests import K8S, Manifest, kustomize, workloads

OURS = ("ragmeter-backend", "ragmeter-netprobe", "ragmeter-runner")
TOKEN = "a-token-of-the-tests"


def with_components(folder: Path, *components: str) -> Path:
    """An overlay as a user would change it: components added above the images."""
    path = folder / "kustomization.yaml"
    text = path.read_text(encoding="utf-8")
    added = "".join(f"  - ../../components/{name}\n" for name in components)
    last = "  # Last: it names the images"
    assert text.count(last) == 1, path
    path.write_text(text.replace(last, f"{added}{last}"), encoding="utf-8")
    return folder


@contextmanager
def deployment(scratch: Path) -> Iterator[str]:
    """A namespace with a backend that is ready, a language model of known times, and all that benchmarks need."""
    shutil.copytree(K8S, scratch / "k8s")
    rendered = kustomize(with_components(scratch / "k8s" / "overlays" / "kind", "benchmark-api"))
    with own_namespace() as name:
        kubectl("-n", name, "create", "secret", "generic", "rag-token", f"--from-literal=token={TOKEN}")
        apply(prepared(rendered, name))
        wait_until_ready(name)
        yield name


def wait_until_ready(namespace: str) -> None:
    """Until backend and language model have all the pods that are wanted, also after a test that ended one."""
    for each in ("ground-truth-llm", "rag-backend"):
        status = ["rollout", "status", f"deployment/{each}", f"--timeout={READY_TIMEOUT_S}s"]
        kubectl("-n", namespace, *status, timeout_s=READY_TIMEOUT_S + 10)


def prepared(rendered: Iterable[Manifest], namespace: str) -> list[Manifest]:
    """With the images as the nodes know them."""
    manifests = moved(served(rendered), namespace)
    for pod in workloads(tuple(manifests)):
        for container in pod.containers:
            container["image"] = in_the_nodes(container["image"])
            container["imagePullPolicy"] = "IfNotPresent"
    for manifest in manifests:
        data = manifest.get("data", {})
        if "BENCH_IMAGE" in data:
            data["BENCH_IMAGE"] = in_the_nodes(data["BENCH_IMAGE"])
    return manifests


def in_the_nodes(image: str) -> str:
    """One of ours with the prefix that RAGMETER_CLUSTER_IMAGES gives."""
    return os.environ["RAGMETER_CLUSTER_IMAGES"] + image if image.startswith(OURS) else image
