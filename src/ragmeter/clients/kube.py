"""What a Kubernetes cluster says of itself, over the official client."""

from collections.abc import Mapping, Sequence
from typing import Any

from ragmeter.core.errors import TargetError

TIMEOUT_S = 10
gpu_resource = "nvidia.com/gpu"
labels = {
    "region": "topology.kubernetes.io/region",
    "zone": "topology.kubernetes.io/zone",
    "node_instance_type": "node.kubernetes.io/instance-type",
    "gpu_model": "nvidia.com/gpu.product",
}


def cluster_facts(context: str) -> dict[str, Any]:
    """Metadata of the cluster behind a kubeconfig context, by field name of `RunMetadata`; see `node_facts`.

    Raises TargetError naming the context when the configuration or the API server refuses.
    """
    import yaml
    from kubernetes import client, config
    from urllib3.exceptions import HTTPError

    try:
        with config.new_client_from_config(context=context) as api:
            nodes = client.CoreV1Api(api).list_node(_request_timeout=TIMEOUT_S).to_dict()["items"]
            version = client.VersionApi(api).get_code(_request_timeout=TIMEOUT_S).git_version
    except (config.ConfigException, client.ApiException, HTTPError, yaml.YAMLError, ValueError) as error:
        reason = getattr(error, "reason", None) or " ".join(str(error).split())[:200]
        raise TargetError(f"Kubernetes context {context!r}: {reason}") from error
    return {**node_facts(nodes), "kubernetes_version": version}


def node_facts(nodes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Facts read from nodes, GPU nodes first.

    nodes: ``to_dict()`` of V1Node. Where nodes differ, the distinct values are joined with a comma. gpu_count is
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
