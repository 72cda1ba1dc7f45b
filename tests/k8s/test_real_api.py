"""A real API server: KUBECONFIG names the cluster. What is made lies in a namespace of its own and is removed.

What an older cluster does not serve yet is left out and checked by schema alone. The tests that start pods need the
images in the nodes: RAGMETER_CLUSTER_IMAGES is the prefix of their names, such as `localhost/`.
"""

import os
import re
from collections.abc import Iterator

import pytest

from tests.k8s.cluster import READY_TIMEOUT_S, apply, attempt, forwarded, kubectl, moved, own_namespace, served
from tests.k8s.manifests import BENCHMARK, OVERLAYS, Manifest, benchmark, of_kind, overlay, workloads

LEFT_OUT = {"HorizontalPodAutoscaler", "PodDisruptionBudget", "ServiceMonitor", "PodMonitor"}
"""Kinds of newer API versions, or of an operator that need not be there."""

OURS = ("ragmeter-backend", "ragmeter-runner")
TOKENS = 32

pytestmark = pytest.mark.skipif(not os.environ.get("KUBECONFIG"), reason="KUBECONFIG names no cluster")
needs_images = pytest.mark.skipif(
    not os.environ.get("RAGMETER_CLUSTER_IMAGES"),
    reason="RAGMETER_CLUSTER_IMAGES is not set: the images of backend and runner are not in the nodes",
)


@pytest.fixture(scope="module")
def namespace() -> Iterator[str]:
    with own_namespace() as name:
        yield name


@pytest.mark.parametrize("rendered", [*map(overlay, OVERLAYS), *map(benchmark, BENCHMARK)], ids=[*OVERLAYS, *BENCHMARK])
def test_the_api_server_admits_every_object_that_it_serves(rendered: tuple[Manifest, ...], namespace: str) -> None:
    admitted = served(rendered)
    assert {each["kind"] for each in rendered if each not in admitted} <= LEFT_OUT
    answers = apply(moved(admitted, namespace), "--dry-run=server").splitlines()
    assert len(answers) == len(moved(admitted, namespace))
    assert all(answer.endswith("created (server dry run)") for answer in answers), answers


def test_the_api_server_admits_an_overlay_with_all_components(
    all_components: tuple[Manifest, ...], namespace: str
) -> None:
    assert "rag-index created (server dry run)" in apply(moved(served(all_components), namespace), "--dry-run=server")


@pytest.fixture(scope="module")
def launcher(namespace: str) -> str:
    """The user name of the pipeline's identity."""
    apply(moved(benchmark("launcher"), namespace))
    return f"system:serviceaccount:{namespace}:rag-benchmark-launcher"


@pytest.mark.parametrize(
    ("verb", "resource", "answer"),
    [
        ("create", "jobs.batch", "yes"),
        ("delete", "jobs.batch/rag-benchmark", "yes"),
        ("get", "pods/log", "yes"),
        ("delete", "jobs.batch/another", "no"),
        ("delete", "pods", "no"),
        ("create", "pods", "no"),
        ("create", "pods/exec", "no"),
        ("get", "secrets", "no"),
        ("get", "configmaps", "no"),
        ("patch", "deployments.apps/rag-backend", "no"),
        ("create", "rolebindings.rbac.authorization.k8s.io", "no"),
        ("list", "nodes", "no"),
    ],
)
def test_the_launcher_may_run_the_benchmark_and_no_more(
    verb: str, resource: str, answer: str, launcher: str, namespace: str
) -> None:
    name, _, part = resource.partition("/")
    arguments = [verb, name, f"--subresource={part}"] if part in {"log", "exec"} else [verb, resource]
    asked = attempt("auth", "can-i", *arguments, "-n", namespace, f"--as={launcher}")
    assert asked.stdout.strip() == answer, asked.stderr


def test_what_the_launcher_may_not_do_is_refused(launcher: str, namespace: str) -> None:
    refused = attempt(
        "-n", namespace, "create", "secret", "generic", "stolen", "--from-literal=a=b", f"--as={launcher}"
    )
    assert refused.returncode != 0
    assert "forbidden" in refused.stderr.lower()


def test_the_launcher_starts_and_removes_the_job_beside_what_an_administrator_made(
    launcher: str, namespace: str
) -> None:
    manifests = moved(benchmark("run"), namespace)
    apply([each for each in manifests if each["kind"] != "Job"])
    assert "job.batch/rag-benchmark created" in apply(manifests, f"--as={launcher}")
    assert "deleted" in kubectl("-n", namespace, "delete", "job/rag-benchmark", f"--as={launcher}")


@pytest.fixture(scope="module")
def deployed() -> Iterator[str]:
    """The kind overlay in a namespace, with a backend that is ready."""
    with own_namespace() as name:
        apply(prepared(overlay("kind"), name))
        for deployment in ("ground-truth-llm", "rag-backend"):
            status = ["rollout", "status", f"deployment/{deployment}", f"--timeout={READY_TIMEOUT_S}s"]
            kubectl("-n", name, *status, timeout_s=READY_TIMEOUT_S + 10)
        yield name


def prepared(rendered: tuple[Manifest, ...], namespace: str) -> list[Manifest]:
    """With the images as the nodes know them, and with reports kept in the pod: a cluster may have no storage class."""
    manifests = [each for each in moved(served(rendered), namespace) if each["kind"] != "PersistentVolumeClaim"]
    for pod in workloads(tuple(manifests)):
        for container in pod.containers:
            if container["image"].startswith(OURS):
                container["image"] = os.environ["RAGMETER_CLUSTER_IMAGES"] + container["image"]
                container["imagePullPolicy"] = "IfNotPresent"
        for volume in pod.spec.get("volumes", []):
            if volume.pop("persistentVolumeClaim", None):
                volume["emptyDir"] = {}
    return manifests


@needs_images
def test_the_deployed_backend_answers_from_its_docset(deployed: str) -> None:
    with forwarded(deployed, "service/rag-backend", 80) as client:
        assert client.get("/readyz").json() == {"status": "ready"}
        answer = client.post("/query", json={"query": "How is the cost of a run computed?"}).json()
        info = client.get("/info").json()
        refused = client.post("/ingest", json={"texts": ["A text."]})
    assert any(found["id"].startswith("explanation-cost.md#") for found in answer["documents"])
    assert answer["token_count"] == TOKENS
    assert (info["provider"], info["region"], info["model_id"]) == ("local", "this-machine", "ground-truth")
    assert info["replica_id"] in kubectl("-n", deployed, "get", "pods", "-o", "name")
    assert refused.status_code == 403


@needs_images
def test_the_metrics_of_a_pod_are_those_that_its_monitor_scrapes(deployed: str) -> None:
    (monitor,) = of_kind(overlay("aws-eks"), "ServiceMonitor")
    (endpoint,) = monitor["spec"]["endpoints"]
    with forwarded(deployed, "service/rag-backend", 80) as client:
        text = client.get(endpoint["path"]).text
    assert 'rag_info{model_id="ground-truth",provider="local"' in text


@needs_images
def test_the_suite_runs_as_a_job_in_the_cluster(deployed: str) -> None:
    manifests = prepared(benchmark("run"), deployed)
    (job,) = of_kind(tuple(manifests), "Job")
    job["spec"]["template"]["spec"]["containers"][0]["args"].append("--workload=light")
    apply(manifests)
    kubectl("-n", deployed, "wait", "pod", "-l", "job-name=rag-benchmark", "--for=condition=ready")
    logs = kubectl("-n", deployed, "logs", "job/rag-benchmark", "--follow", timeout_s=READY_TIMEOUT_S)
    assert re.search(r"^PASS +light @ local$", logs, re.MULTILINE), logs
    assert "/reports/ns/local/" in logs
    kubectl("-n", deployed, "wait", "job/rag-benchmark", "--for=condition=complete")


@needs_images
def test_a_backend_that_is_stopped_drains_and_ends_well(deployed: str) -> None:
    pod = kubectl("-n", deployed, "get", "pods", "-l", "app.kubernetes.io/name=rag-backend", "-o", "name").split()[0]
    kubectl("-n", deployed, "delete", pod, "--wait=false")
    logs = kubectl("-n", deployed, "logs", pod, "-c", "backend", "--follow", timeout_s=READY_TIMEOUT_S)
    assert '"event": "draining"' in logs
    assert '"event": "stopped"' in logs
