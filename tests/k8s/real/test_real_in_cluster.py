"""`pytest bench --bench-in-cluster` from outside: pods of a real cluster send the load, and nothing of them is left."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from ragmeter._pytest.hooks.unfit import EXIT_INVALID
from ragmeter.clients.files import data_dir, read_yaml
from ragmeter.clients.kube.api import connected
from ragmeter.clients.kube.owned import Owned
from ragmeter.jobs.names import RUN_LABEL
from ragmeter.jobs.orders import root_of
from tests.k8s.cluster import apply, kubectl, needs_cluster, needs_images
from tests.k8s.deployed import in_the_nodes, wait_until_ready
from tests.k8s.manifests import ROOT
from tests.programs import AS_A_USER
from tests.tethered import tethered
from tests.waiting import wait_until

pytestmark = needs_cluster

TIMEOUT_S = 240
TOKENS = 32
QUICK = "--bench-calibrate=off"
"""Calibrations take seconds of each pod; one test has them."""
UPLINK_MS = 5
"""Delay of a slow uplink, each way."""
SLACK_MS = 10
"""Of a busy machine, whose delays grow."""
KINDS = "jobs,pods,services,configmaps,secrets,serviceaccounts"


def context() -> str:
    return str(kubectl("config", "current-context").strip())


def objects(namespace: str, *, ending: bool = False) -> list[str]:
    """What there is, without or with what the cluster is about to remove."""
    return sorted(map(named, listed(namespace, ending=ending)))


def listed(namespace: str, *, ending: bool = False) -> list[dict[str, Any]]:
    found = json.loads(kubectl("-n", namespace, "get", KINDS, "-o", "json"))["items"]
    return [each for each in found if ending or "deletionTimestamp" not in each["metadata"]]


def named(document: dict[str, Any]) -> str:
    return f"{document['kind'].lower()}/{document['metadata']['name']}"


@pytest.fixture(scope="module")
def before(deployed_once: str) -> list[str]:
    """What there was before any of these runs, and stays: benchmarks of other tests have ended, and write no more."""
    wait_until_ready(deployed_once)
    wait_until(
        lambda: not under_way(deployed_once),
        TIMEOUT_S,
        every_s=0.5,
        why=lambda: under_way(deployed_once),
    )
    return objects(deployed_once)


def under_way(namespace: str) -> list[str]:
    """Pods of benchmarks that may still do something, and Jobs that may still make one."""
    found = [each for each in listed(namespace, ending=True) if RUN_LABEL in each["metadata"].get("labels", {})]
    pods = [each for each in found if each["kind"] == "Pod" and each["status"]["phase"] in ("Pending", "Running")]
    jobs = [each for each in found if each["kind"] == "Job" and not conditions(each) & {"Complete", "Failed"}]
    return [named(each) for each in (*pods, *jobs)]


def conditions(job: dict[str, Any]) -> set[str]:
    return {at["type"] for at in job["status"].get("conditions", ()) if at["status"] == "True"}


def wait_until_nothing_is_left(namespace: str, before: list[str]) -> None:
    """A pod that is told to end may still write a document; it belongs to what is gone, and goes at once."""
    wait_until(lambda: objects(namespace) == before, TIMEOUT_S, every_s=0.5, why=lambda: objects(namespace))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """A user's machine: a folder with a provider file, and pytest run in it."""

    folder: Path
    environment: dict[str, str]

    def provider(self, namespace: str, **keys: object) -> None:
        document = {
            "schema": "provider.v1",
            "name": "inside",
            "base_url": "http://not.reached.example.com",
            "kube_context": context(),
            "kube_namespace": namespace,
            "workload": "light",
            **keys,
        }
        (self.folder / "inside.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        plugins = ["-p", "no:cacheprovider", "--pyargs", str(ROOT / "bench"), "-c", os.devnull, f"--rootdir={ROOT}"]
        image = f"--bench-image={in_the_nodes('ragmeter-runner:0.1.0')}"
        own = ["--provider=./inside.yaml", "--bench-in-cluster", f"--bench-report-dir={self.folder}", image, QUICK]
        return [sys.executable, "-m", "pytest", *AS_A_USER, *plugins, *own, *arguments]

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(tethered(self.command(*arguments)), cwd=self.folder, env=self.environment, **streams)

    def run(self, *arguments: str) -> tuple[int, str]:
        with self.start(*arguments) as process:
            try:
                output, _ = process.communicate(timeout=TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return process.returncode, output

    def result(self) -> dict[str, Any]:
        (path,) = (self.folder / "ns" / "inside").glob("*Z.json")
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return document

    def kubeconfig(self, **user: object) -> None:
        """The one of the tests with another user in it."""
        document = yaml.safe_load(kubectl("config", "view", "--raw", "--flatten", "--minify"))
        document["users"] = [{"name": each["name"], "user": user} for each in document["users"]]
        path = self.folder / "kubeconfig"
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        self.environment["KUBECONFIG"] = str(path)


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outside:
    monkeypatch.setenv("RAGMETER_CLUSTER_IMAGES", os.environ.get("RAGMETER_CLUSTER_IMAGES", ""))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("RAGMETER_", "PYTEST_"))}
    return Outside(folder=tmp_path, environment={**environment, "PYTHONPATH": f"{ROOT / 'src'}"})


@needs_images
def test_two_pods_send_one_load_that_is_judged_here(outside: Outside, deployed: str, before: list[str]) -> None:
    outside.provider(deployed, slo=["errors <= 0"])
    load = ("--bench-requests=14", "--bench-concurrency=4", "--bench-warmup=2")
    status, output = outside.run("--bench-pods=2", "--bench-calibrate=on", *load)
    result = outside.result()
    unfit = status == EXIT_INVALID and result["harness"]["reasons"]
    assert status == 0 or unfit, output
    assert (result["status"], result["requests"], result["success"], result["warmup_requests"]) == (
        "complete",
        14,
        14,
        2,
    )
    assert result["total_tokens"] == 14 * TOKENS
    (judged,) = [each["outcome"] for each in result["verdicts"] if each["slo"] == "errors <= 0"]
    assert judged == ("INVALID" if unfit else "PASS")
    assert result["run_metadata"]["kubernetes_version"].startswith("v1.")
    assert result["run_metadata"]["model_id"] == "ground-truth"
    raw = next((outside.folder / "ns" / "inside").glob("*.raw.jsonl")).read_text(encoding="utf-8").splitlines()
    samples = [document["sample"] for line in raw if "sample" in (document := json.loads(line))]
    assert sorted(s["index"] for s in samples if s["phase"] == "measured") == sorted(range(2, 16))
    assert {s["clock_id"] for s in samples} == {0, 1}
    for suffix in (".html", ".xml"):
        assert list((outside.folder / "ns" / "inside").glob(f"*{suffix}")), suffix
    wait_until_nothing_is_left(deployed, before)


@pytest.fixture
def entry(deployed: str) -> Iterator[tuple[str, float]]:
    """The URL of the service by the port of a node that has no part of it, and what that adds to a round trip, in ms.

    Where RAGMETER_CLUSTER_SHAPE shapes uplinks, that of the node is slow: whoever comes this way crosses it to the node
    and from the node to the backend, and back. No pod of a load is put there.
    """
    node = entry_node(deployed)
    port = {"port": 80, "targetPort": "http"}
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "edge", "namespace": deployed},
        "spec": {"type": "NodePort", "selector": {"app.kubernetes.io/name": "rag-backend"}, "ports": [port]},
    }
    apply([service])
    number = kubectl("-n", deployed, "get", "service", "edge", "-o", "jsonpath={.spec.ports[0].nodePort}")
    shape = shlex.split(os.environ.get("RAGMETER_CLUSTER_SHAPE", ""))
    try:
        kubectl("cordon", node["metadata"]["name"])
        if shape:
            subprocess.run([*shape, node["metadata"]["name"], f"{UPLINK_MS}ms"], check=True, capture_output=True)
        yield f"http://{address_of(node)}:{number}", 4 * UPLINK_MS if shape else 0
    finally:
        if shape:
            subprocess.run([*shape, node["metadata"]["name"], "none"], check=True, capture_output=True)
        kubectl("uncordon", node["metadata"]["name"])
        kubectl("-n", deployed, "delete", "service", "edge")


def entry_node(namespace: str) -> dict[str, Any]:
    pods = json.loads(kubectl("-n", namespace, "get", "pods", "-l", "app.kubernetes.io/name=rag-backend", "-o", "json"))
    taken = {pod["spec"].get("nodeName") for pod in pods["items"]}
    nodes: list[dict[str, Any]] = json.loads(kubectl("get", "nodes", "-o", "json"))["items"]
    return next(node for node in nodes if node["metadata"]["name"] not in taken)


def address_of(node: dict[str, Any]) -> str:
    return next(str(at["address"]) for at in node["status"]["addresses"] if at["type"] == "InternalIP")


@needs_images
def test_what_the_edge_adds_is_told_from_what_the_service_takes(
    outside: Outside, deployed: str, entry: tuple[str, float], before: list[str]
) -> None:
    """Half of the load from a pod, half from here by a slow node: its delay is in the difference, and is round trip."""
    url, adds_ms = entry
    outside.provider(deployed, base_url=url, slo=["errors <= 0"])
    load = ("--bench-shape=constant", "--bench-rate=4", "--bench-requests=12", "--bench-warmup=4", "--bench-trials=3")
    status, output = outside.run("--bench-edge", *load)
    result = outside.result()
    unfit = status == EXIT_INVALID and result["harness"]["reasons"]
    assert status == 0 or unfit, output
    assert (result["status"], result["requests"], result["success"]) == ("complete", 36, 36)
    edge = result["edge"]
    assert (edge["trials"], edge["inside_requests"], edge["outside_requests"]) == (3, 18, 18)
    assert result["estimates"]["ttft_ms"]["n"] == 18, "latencies are those from outside"
    figures = {(at["metric"], at["statistic"]): at["difference"] for at in edge["metrics"]}
    ttft, trip = figures["ttft_ms", "p50"], figures["round_trip_ms", "p50"]
    assert adds_ms - 1 <= trip["value"] <= adds_ms + SLACK_MS
    assert ttft["low"] - SLACK_MS <= adds_ms <= ttft["high"] + SLACK_MS, ttft
    assert edge["sentence"] in " ".join(output.split())
    wait_until_nothing_is_left(deployed, sorted([*before, "service/edge"]))


@needs_images
def test_ctrl_c_keeps_what_was_measured_and_leaves_nothing(outside: Outside, deployed: str, before: list[str]) -> None:
    outside.provider(deployed)
    with outside.start("--bench-requests=500", "--bench-concurrency=2", "--bench-warmup=0") as process:
        wait_for_samples(process)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == pytest.ExitCode.INTERRUPTED, output
    assert outside.result()["status"] == "interrupted"
    assert 0 < outside.result()["requests"] < 500
    wait_until_nothing_is_left(deployed, before)


def wait_for_samples(process: "subprocess.Popen[str]") -> None:
    """Until a pod says that it has measured some."""
    assert process.stdout is not None
    deadline, lines = time.monotonic() + TIMEOUT_S, []
    while time.monotonic() < deadline and (line := process.stdout.readline()):
        lines.append(line)
        if re.search(r"measured [1-9]\d*/500", line):
            return
    raise AssertionError("".join(lines))


@needs_images
def test_a_client_that_is_killed_leaves_nothing_that_the_cluster_does_not_end(
    outside: Outside, deployed: str, before: list[str]
) -> None:
    """Everything belongs to a Job with a time to live; that such a Job goes, the next test shows."""
    outside.provider(deployed)
    with outside.start("--bench-requests=500", "--bench-concurrency=2", "--bench-warmup=0") as process:
        wait_for_samples(process)
        process.kill()
        process.communicate(timeout=TIMEOUT_S)
    known = {each["metadata"]["uid"]: each for each in listed(deployed)}
    (root,) = [each for each in known.values() if each["metadata"]["name"].endswith("-root")]
    assert "Complete" in conditions(root)
    assert 7200 < root["spec"]["ttlSecondsAfterFinished"] < 8000
    left = [each for each in known.values() if named(each) not in before]
    assert {each["kind"] for each in left} == {"Job", "Pod", "ConfigMap"}
    for each in left:
        while owners := each["metadata"].get("ownerReferences"):
            each = known[owners[0]["uid"]]  # noqa: PLW2901
        assert each is root
    kubectl("-n", deployed, "delete", "job", root["metadata"]["name"])
    wait_until_nothing_is_left(deployed, before)


def test_what_nobody_cleans_up_is_removed_when_its_time_is_over(namespace: str) -> None:
    template = read_yaml(data_dir("k8s") / "benchmark" / "run" / "job.yaml")
    with connected(context(), namespace) as cluster:
        owned = Owned(cluster=cluster, run="abandoned")
        owned.create(root_of(template, "abandoned", lasts_s=10))
        owned.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "abandoned"}})
        assert owned.left() == ["Job/abandoned-root", "ConfigMap/abandoned"]
        wait_until(lambda: owned.left() == [], TIMEOUT_S, every_s=0.5, why=owned.left)


@needs_images
def test_a_pod_that_is_killed_ends_the_run_with_the_reason(outside: Outside, deployed: str, before: list[str]) -> None:
    outside.provider(deployed)
    with outside.start("--bench-requests=500", "--bench-concurrency=2", "--bench-warmup=0") as process:
        wait_for_samples(process)
        (pod,) = [each for each in objects(deployed) if each.startswith("pod/rag-benchmark-") and each not in before]
        kubectl("-n", deployed, "delete", pod, "--grace-period=0", "--force")
        output, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == pytest.ExitCode.TESTS_FAILED, output
    with_record = r"its pods were stopped: evicted, deleted, or longer than their Job may take; what was measured is in"
    without = r"pod rag-benchmark-\S+ on \S+ left no result: exit status 4.*another pod began"
    assert re.search(f"{with_record}|{without}", output), output
    wait_until_nothing_is_left(deployed, before)


@needs_images
def test_an_image_that_no_node_has_is_one_sentence(outside: Outside, deployed: str, before: list[str]) -> None:
    outside.provider(deployed)
    status, output = outside.run("--bench-image=registry.invalid/none:1.0.0", "--bench-begin-timeout=90")
    assert status == pytest.ExitCode.TESTS_FAILED, output
    assert re.search(r"pod rag-benchmark-\S+ on \S+ (cannot run|did not begin)[^\n]*image", output), output
    wait_until_nothing_is_left(deployed, before)


@needs_images
def test_pods_that_no_node_takes_are_one_sentence(outside: Outside, deployed: str, before: list[str]) -> None:
    """A quota of the namespace allows none: as with a cluster that is full, the Job is there and its pod is not."""
    outside.provider(deployed)
    kubectl("-n", deployed, "create", "quota", "tight", "--hard=pods=0")
    try:
        status, output = outside.run("--bench-begin-timeout=15")
        assert status == pytest.ExitCode.TESTS_FAILED, output
        assert re.search(r"a pod did not begin in 15 s: no pod was made; FailedCreate: [^\n]*exceeded quota", output)
        wait_until_nothing_is_left(deployed, before)
    finally:
        kubectl("-n", deployed, "delete", "quota", "tight")


@needs_images
def test_in_the_end_not_even_an_ending_pod_is_left(deployed: str, before: list[str]) -> None:
    """A pod that is told to end takes an old kubelet up to a minute."""
    left = partial(objects, deployed, ending=True)
    wait_until(lambda: left() == before, TIMEOUT_S, every_s=0.5, why=left)


def refused(outside: Outside, *arguments: str) -> str:
    """What is said on an end with exit status 4, before anything was made or sent."""
    status, output = outside.run(*arguments)
    assert status == pytest.ExitCode.USAGE_ERROR, output
    assert "Traceback" not in output
    return " ".join(output.split())


def test_a_namespace_that_is_not_prepared_is_told_how(outside: Outside, namespace: str) -> None:
    outside.provider("default")
    assert re.search(
        r"no service account rag-benchmark in namespace 'default': an administrator prepares it once with "
        r"`kubectl apply -k \S+/k8s/benchmark/access`",
        refused(outside),
    )


def test_a_provider_without_a_context_is_told_so(outside: Outside) -> None:
    outside.provider("default", kube_context="")
    assert "$.kube_context: missing: --bench-in-cluster needs the context of a kubeconfig" in refused(outside)


def test_an_unknown_context_is_named(outside: Outside) -> None:
    outside.provider("default", kube_context="nobody")
    assert "Kubernetes context 'nobody': the kubeconfig has no such context; known: " in refused(outside)


def test_an_expired_token_is_told_so(outside: Outside) -> None:
    outside.provider("default")
    outside.kubeconfig(token="expired")
    assert "HTTP 401: Unauthorized; the credentials are refused: they may have expired" in refused(outside)


def test_a_user_who_may_not_is_told_verb_and_resource(outside: Outside, namespace: str) -> None:
    """With the token of an account that has no role."""
    name = kubectl("-n", namespace, "get", "serviceaccount", "default", "-o", "jsonpath={.secrets[0].name}")
    if name:
        packed = kubectl("-n", namespace, "get", "secret", name, "-o", "go-template={{.data.token | base64decode}}")
    else:
        packed = kubectl("-n", namespace, "create", "token", "default").strip()
    outside.provider(namespace)
    outside.kubeconfig(token=packed)
    assert f"cannot get serviceaccounts rag-benchmark in namespace '{namespace}': HTTP 403" in refused(outside)
