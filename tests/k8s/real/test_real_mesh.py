"""The mesh of probes in a real cluster: every node measures every other one, and says so to whoever scrapes."""

import json
import shutil
from pathlib import Path

from netprobe.__main__ import METRICS_PORT
from tests.k8s.cluster import READY_TIMEOUT_S, apply, forwarded, kubectl, needs_cluster, needs_images, own_namespace
from tests.k8s.deployed import prepared, with_components
from tests.k8s.manifests import K8S, Manifest, kustomize
from tests.netprobe.test_gauges import Series, series
from tests.waiting import wait_until

pytestmark = [needs_cluster, needs_images]

POLL_S = 0.5


def manifests(scratch: Path, namespace: str, interval_s: float) -> list[Manifest]:
    """Those of the component, with shorter intervals."""
    shutil.copytree(K8S, scratch / "k8s")
    rendered = kustomize(with_components(scratch / "k8s" / "overlays" / "kind", "netprobe-mesh"))
    ours = prepared([each for each in rendered if each["metadata"]["name"] == "netprobe-mesh"], namespace)
    (daemon,) = [each for each in ours if each["kind"] == "DaemonSet"]
    arguments = daemon["spec"]["template"]["spec"]["containers"][0]["args"]
    arguments[arguments.index("--interval=60")] = f"--interval={interval_s:g}"
    return ours


def pods(namespace: str) -> dict[str, str]:
    """Node and name of each."""
    listed = json.loads(kubectl("-n", namespace, "get", "pods", "-o", "json"))["items"]
    return {
        at["spec"]["nodeName"]: at["metadata"]["name"] for at in listed if "deletionTimestamp" not in at["metadata"]
    }


def seen_by(namespace: str, pod: str, others: set[str]) -> Series:
    """The page of a pod, once it has a value of these nodes and no others."""
    with forwarded(namespace, f"pod/{pod}", METRICS_PORT) as client:

        def found() -> Series | None:
            page = series(client.get("/metrics").text)
            nodes = {dict(labels)["server_node"] for name, labels in page if name == "ew_latency_p50_ms"}
            return page if nodes == others else None

        return wait_until(found, READY_TIMEOUT_S, every_s=POLL_S, why=lambda: client.get("/metrics").text)


def test_every_node_measures_every_other_and_a_peer_that_is_gone_has_no_value(tmp_path: Path) -> None:
    with own_namespace() as namespace:
        apply(manifests(tmp_path, namespace, interval_s=2))
        status = ["rollout", "status", "daemonset/netprobe-mesh", f"--timeout={READY_TIMEOUT_S}s"]
        kubectl("-n", namespace, *status, timeout_s=READY_TIMEOUT_S + 10)
        running = pods(namespace)
        for node, pod in running.items():
            found = seen_by(namespace, pod, running.keys() - {node})
            latencies = {at: value for at, value in found.items() if at[0].startswith("ew_latency_")}
            assert len(latencies) == 5 * (len(running) - 1)
            assert all(value > 0 for value in latencies.values())
            assert {dict(labels)["same_node"] for _, labels in latencies} == {"false"}
        gone, stays = sorted(running)[:2]
        kubectl("label", "node", gone, f"{namespace}=no")
        try:
            kubectl(
                "-n",
                namespace,
                "patch",
                "daemonset",
                "netprobe-mesh",
                "--type=merge",
                "-p",
                json.dumps(without(namespace)),
            )
            seen_by(namespace, running[stays], running.keys() - {stays, gone})
        finally:
            kubectl("label", "node", gone, f"{namespace}-")


def without(label: str) -> Manifest:
    """A change of the DaemonSet that ends the pod on nodes with the label."""
    terms = [{"matchExpressions": [{"key": label, "operator": "DoesNotExist"}]}]
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
    return {"spec": {"updateStrategy": {"type": "OnDelete"}, "template": {"spec": {"affinity": affinity}}}}
