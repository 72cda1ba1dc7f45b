"""What a Kubernetes cluster says of itself, over the official client."""

from collections.abc import Mapping, Sequence
from typing import Any

from ragmeter.clients.kube.api import connected
from ragmeter.core.cluster.images import image_tags
from ragmeter.core.errors import ClusterError
from ragmeter.core.netprobe.placement import Placement, placement_of

gpu_resource = "nvidia.com/gpu"
labels = {
    "region": "topology.kubernetes.io/region",
    "zone": "topology.kubernetes.io/zone",
    "node_instance_type": "node.kubernetes.io/instance-type",
    "gpu_model": "nvidia.com/gpu.product",
}


def cluster_facts(context: str) -> dict[str, Any]:
    """Metadata of the cluster behind a kubeconfig context, by field name of `RunMetadata`; see `node_facts`.

    Raises ClusterError naming the context when the configuration or the API server refuses.
    """
    with connected(context, namespace="") as cluster:
        return {**node_facts(cluster.list("Node")), "kubernetes_version": cluster.version()["gitVersion"]}


def find_pods(context: str, namespace: str, selectors: Mapping[str, str]) -> Placement:
    """Where the pods of ``backend`` and ``LLM`` run, by their label selectors.

    It takes the right to list pods there; without it, the placement is not known and says so.
    """
    where = {name: f"{selector} in namespace {namespace!r}" for name, selector in selectors.items()}
    try:
        with connected(context, namespace) as cluster:
            pods = {name: cluster.list("Pod", selector=selector) for name, selector in selectors.items()}
    except ClusterError as error:
        return Placement(unknown=str(error))
    return placement_of(pods["backend"], pods["LLM"], where=where)


def image_facts(context: str, namespace: str, selectors: Mapping[str, str]) -> dict[str, str]:
    """Tags of the images that the pods of ``backend`` and ``LLM`` run, by field name of `RunMetadata`.

    It takes the right to list pods there; without it nobody observed them, and nothing is said.
    """
    try:
        with connected(context, namespace) as cluster:
            pods = {name: cluster.list("Pod", selector=selector) for name, selector in selectors.items()}
    except ClusterError:
        return {}
    return image_tags(pods["backend"], pods["LLM"])


def node_facts(nodes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Facts read from nodes, GPU nodes first.

    nodes: as the API has them. Where nodes differ, the distinct values are joined with a comma. gpu_count is
    the sum of allocatable GPUs and None when no node has any.
    """
    gpus = [_gpus(node) for node in nodes]
    ordered = sorted(zip(nodes, gpus, strict=True), key=lambda pair: -pair[1])
    facts: dict[str, Any] = {
        name: _joined([_label(node, label) for node, _ in ordered]) for name, label in labels.items()
    }
    return {**facts, "node_count": len(nodes), "gpu_count": sum(gpus) or None}


def _label(node: Mapping[str, Any], label: str) -> str | None:
    found = (node["metadata"].get("labels") or {}).get(label)
    return None if found is None else str(found)


def _gpus(node: Mapping[str, Any]) -> int:
    return int((node["status"].get("allocatable") or {}).get(gpu_resource, 0))


def _joined(values: Sequence[str | None]) -> str | None:
    distinct = dict.fromkeys(value for value in values if value)
    return ", ".join(distinct) or None
