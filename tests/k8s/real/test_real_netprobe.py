"""The east-west probe in a real cluster of two nodes and more: what it measures, what it says, and what it leaves.

RAGMETER_CLUSTER_SHAPE is a command that shapes a node's uplink, called with the node and a rate such as `100mbit`, or
`none`: with it the bandwidth is known.
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from ragmeter.clients.files import schema
from ragmeter.core.errors import ClusterError
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.netprobe.document import Pair, pair_of
from ragmeter.core.schema import check
from ragmeter.run.cluster.netprobe import find_placement, probing, reach_cluster
from ragmeter.run.plan.catalog import load_provider
from tests.k8s.cluster import (
    READY_TIMEOUT_S,
    apply,
    attempt,
    kubectl,
    moved,
    needs_cluster,
    needs_images,
    own_namespace,
)
from tests.k8s.deployed import in_the_nodes
from tests.k8s.manifests import ROOT, netprobe, workloads
from tests.k8s.real.probers import ACCOUNT, prober, token
from tests.programs import AS_A_USER
from tests.tethered import tethered
from tests.waiting import wait_until

pytestmark = [needs_cluster, needs_images]

OURS = "ragmeter.dev/run,app.kubernetes.io/name!=rag-benchmark"
"""Of probes: benchmarks of other tests keep their documents in the same cluster."""
MBIT = 100
PAYLOAD_SHARE = 0.956
RUN_TIMEOUT_S = 240
PATIENCE_S = 600


def context() -> str:
    return kubectl("config", "current-context").strip()


def provider(folder: Path, **settings: Any) -> Path:
    """A provider file for this cluster; two nodes, and as short as it can be."""
    image = in_the_nodes("ragmeter-netprobe:0.1.0")
    short = {"image": image, "nodes": 2, "seconds": 1, "samples": 150, "timeout": 90}
    path = folder / "real.yaml"
    namespace = f"ragmeter-test-{uuid.uuid4().hex[:8]}"
    document = {"schema": "provider.v1", "name": "real", "kube_context": context()}
    path.write_text(yaml.safe_dump({**document, "netprobe": {"namespace": namespace, **short, **settings}}))
    return path


def loaded(folder: Path, **settings: Any) -> Provider:
    return load_provider(str(provider(folder, **settings)), environment={}, probe_only=True)


def probed(asked: Provider) -> list[Pair]:
    with probing(asked, f"netprobe-{uuid.uuid4().hex[:8]}", lambda line: None) as probe:
        return list(probe.pairs)


def left() -> list[str]:
    """Whatever any probe of ours made and the cluster does not remove."""
    listed = json.loads(kubectl("get", "jobs,pods,services,configmaps", "-A", "-l", OURS, "-o", "json"))["items"]
    return [f"{at['kind']}/{at['metadata']['name']}" for at in listed if "deletionTimestamp" not in at["metadata"]]


@contextmanager
def shaped(node: str) -> Iterator[None]:
    command = shlex.split(os.environ["RAGMETER_CLUSTER_SHAPE"])
    subprocess.run([*command, node, f"{MBIT}mbit"], check=True, timeout=60, capture_output=True)
    try:
        yield
    finally:
        subprocess.run([*command, node, "none"], check=True, timeout=60, capture_output=True)


def command_line(file: Path, reports: Path) -> list[str]:
    chosen = ["-m", "ew_probe", f"--provider={file}", f"--bench-report-dir={reports}"]
    return [sys.executable, "-m", "pytest", "bench", "-p", "no:cacheprovider", *AS_A_USER, *chosen]


@pytest.mark.skipif(not os.environ.get("RAGMETER_CLUSTER_SHAPE"), reason="RAGMETER_CLUSTER_SHAPE shapes no uplink")
def test_the_command_measures_a_shaped_uplink_and_leaves_nothing(tmp_path: Path) -> None:
    file = provider(tmp_path, seconds=8, streams=1)
    nodes = sorted(kubectl("get", "nodes", "-o", "jsonpath={.items[*].metadata.name}").split())
    with shaped(nodes[0]):
        done = subprocess.run(
            command_line(file, tmp_path), cwd=ROOT, capture_output=True, text=True, check=False, timeout=RUN_TIMEOUT_S
        )
    assert done.returncode == 0, done.stdout
    (path,) = tmp_path.glob("ew/real/*.json")
    found = json.loads(path.read_text())
    check(found, schema("netprobe-ew.v1"), str(path))
    same, across = found["pairs"]
    assert (same["same_node"], across["same_node"], found["same_node"]) == (True, False, False)
    for test in across["tcp"]:
        # The nodes may share a machine with much else; how exact the figure is, tests/netprobe shows.
        assert test["mbps"] == pytest.approx(PAYLOAD_SHARE * MBIT, rel=0.1), test
    assert same["tcp_throughput"]["mbps"] > 2 * MBIT
    assert set(across["paths"]) == {"pod_to_pod", "pod_to_service", "node_to_node"}
    assert {at["clock"] for at in across["paths"].values()} == {"kernel"}
    assert across["dns"]["samples"] == 100
    assert found["errors"] == []
    assert left() == []


def test_an_image_that_is_nowhere_is_said_for_each_pair(tmp_path: Path) -> None:
    """At once: whoever waited for it would wait for longer than this test may take."""
    began = time.monotonic()
    pairs = probed(loaded(tmp_path, image="localhost/no-such-image:1", pull_policy="Never", timeout=PATIENCE_S))
    assert [pair.latency for pair in pairs] == [None, None]
    assert all("ErrImageNeverPull" in pair.errors["probe"] for pair in pairs)
    assert time.monotonic() - began < PATIENCE_S
    assert left() == []


def test_of_a_pod_that_is_killed_there_is_no_half_a_result(tmp_path: Path) -> None:
    """Its Job may make another one, which then measures the whole pair; otherwise there is the reason."""
    asked, killed = loaded(tmp_path), list[str]()
    killer = threading.Thread(target=kill, args=(asked.netprobe.namespace, "pair-2", killed), daemon=True)
    killer.start()
    same, across = probed(asked)
    killer.join(60)
    assert killed
    # A busy machine may leave a throughput without a figure; that the pair was measured is what counts here.
    assert "probe" not in same.errors
    if across.errors:
        assert "pod netprobe-" in across.errors["probe"]
        assert set(across.paths) == {"node_to_node"}
    else:
        assert set(across.paths) == {"pod_to_pod", "pod_to_service", "node_to_node"}
    assert left() == []


def kill(namespace: str, name: str, killed: list[str]) -> None:
    """Delete the pod once it runs, and note it."""

    def running() -> list[str] | None:
        listed = attempt("-n", namespace, "get", "pods", "--field-selector=status.phase=Running", "-o", "name")
        return [pod for pod in listed.stdout.split() if name in pod] or None

    found = wait_until(running, READY_TIMEOUT_S, every_s=0.1)
    attempt("-n", namespace, "delete", *found, "--grace-period=0", "--force")
    killed += found


def test_one_node_is_measured_with_itself_in_a_namespace_that_stays(tmp_path: Path) -> None:
    with own_namespace() as namespace:
        kubectl("-n", namespace, "create", "configmap", "theirs", "--from-literal=a=b")
        kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce-")
        (pair,) = probed(loaded(tmp_path, namespace=namespace, nodes=1))
        assert pair.same_node
        assert pair.latency is not None
        assert "theirs" in kubectl("-n", namespace, "get", "configmaps", "-o", "name")
        assert left() == []


def test_what_the_cluster_admits_not_is_the_reason(tmp_path: Path) -> None:
    """A quota of the namespace: any cluster enforces it, and it refuses in the words of a Pod Security level."""
    with own_namespace() as namespace:
        kubectl("-n", namespace, "create", "quota", "tight", "--hard=pods=0")
        (pair,) = probed(loaded(tmp_path, namespace=namespace, nodes=1))
        assert re.search(r"cannot run: .*forbidden: exceeded quota: tight", pair.errors["probe"])
        assert left() == []


def test_who_has_no_permission_is_told_the_verb_and_the_resource(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with own_namespace() as namespace:
        as_account(token(namespace), tmp_path, monkeypatch)
        with pytest.raises(ClusterError, match=r"cannot list nodes: HTTP 403: .*cannot list resource \"nodes\""):
            reach_cluster(loaded(tmp_path))
        as_account("expired", tmp_path, monkeypatch)
        with pytest.raises(ClusterError, match=r"cannot list nodes: HTTP 401: .*may have expired"):
            reach_cluster(loaded(tmp_path))


def test_the_shipped_identity_probes_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with own_namespace() as namespace, prober(namespace):
        kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce-")
        as_account(token(namespace, ACCOUNT), tmp_path, monkeypatch)
        asked = loaded(tmp_path, namespace=namespace, parts=["latency"])
        same, across = probed(asked)
        assert (same.errors, across.errors) == ({}, {})
        assert set(across.paths) == {"pod_to_pod", "pod_to_service", "node_to_node"}
        assert left() == []
        placed = find_placement(replace(asked, kube_namespace=namespace))
        assert placed.unknown is not None
        assert placed.unknown.startswith("no pod of the backend runs")
        assert "cannot list pods" in str(find_placement(replace(asked, kube_namespace="kube-system")).unknown)


def as_account(secret: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the client be whom the token names."""
    from kubernetes import config

    document = yaml.safe_load(kubectl("config", "view", "--raw", "--minify", "--flatten"))
    document["users"][0]["user"] = {"token": secret}
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(document))
    monkeypatch.setattr(config.kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(path))


def test_ctrl_c_keeps_the_pairs_so_far_and_leaves_nothing(tmp_path: Path) -> None:
    command = command_line(provider(tmp_path), tmp_path)
    with subprocess.Popen(tethered(command), cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if "(2 of 2)" in line:
                running.send_signal(signal.SIGINT)
                break
        running.stdout.read()
    assert running.returncode == pytest.ExitCode.INTERRUPTED
    (path,) = tmp_path.glob("ew/real/*.json")
    found = json.loads(path.read_text())
    assert (found["status"], len(found["pairs"])) == ("interrupted", 1)
    assert left() == []


def test_the_manifests_measure_a_pair_without_us() -> None:
    with own_namespace() as namespace:
        manifests = moved(netprobe("job"), namespace)
        for pod in workloads(tuple(manifests)):
            for container in pod.containers:
                container["image"] = in_the_nodes(container["image"])
        apply(manifests)
        kubectl(
            *("-n", namespace, "wait", "--for=condition=complete", "job/netprobe-client"),
            f"--timeout={READY_TIMEOUT_S}s",
            timeout_s=READY_TIMEOUT_S + 10,
        )
        (pod,) = json.loads(
            kubectl("-n", namespace, "get", "pods", "-l", "app.kubernetes.io/component=client", "-o", "json")
        )["items"]
    document = json.loads(pod["status"]["containerStatuses"][0]["state"]["terminated"]["message"])
    assert document["client_node"] == pod["spec"]["nodeName"] != document["server_node"]
    pair = pair_of(
        document, client_node=document["client_node"], server_node=document["server_node"], path="pod_to_pod"
    )
    assert pair.errors == {}
    assert pair.latency is not None
    assert set(pair.paths) == {"pod_to_pod", "pod_to_service"}
