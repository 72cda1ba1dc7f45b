"""Benchmarks that the deployed backend starts in a real cluster, with the suite and a model of known token times."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from ragmeter.clients.files import schema
from ragmeter.core.schema import check
from tests.k8s.cluster import apply, forwarded, kubectl, needs_cluster, needs_images
from tests.k8s.deployed import TOKEN
from tests.waiting import wait_until

pytestmark = [needs_cluster, needs_images]

DEADLINE_S = 120.0
TTFT_MS, ITL_MS, TOKENS = 200, 20, 32
"""Of the ground-truth model; see k8s/components/ground-truth-llm."""


@pytest.fixture
def backend(deployed: str) -> Iterator[httpx.Client]:
    with forwarded(deployed, "service/rag-backend", 80) as client:
        client.headers["authorization"] = f"Bearer {TOKEN}"
        yield client


def wait_for(done: Callable[[], bool], what: Callable[[], object]) -> None:
    wait_until(done, DEADLINE_S, every_s=0.3, why=what)


def status(backend: httpx.Client, run: str) -> dict[str, Any]:
    answer: dict[str, Any] = backend.get("/benchmark/status", params={"job": run}).json()
    return answer


def wait_for_phase(backend: httpx.Client, run: str, *phases: str) -> dict[str, Any]:
    wait_for(lambda: status(backend, run)["phase"] in phases, lambda: status(backend, run))
    return status(backend, run)


@contextmanager
def started(backend: httpx.Client, **body: Any) -> Iterator[str]:
    """A run; at the end it is cancelled, so that a test that failed does not keep the next from running.

    What fails meanwhile says what the pods wrote.
    """
    answer = backend.post("/benchmark/run", json=body)
    assert answer.status_code == 200, answer.text
    run: str = answer.json()["job_name"]
    try:
        yield run
    except BaseException as error:
        error.add_note(f"log of {run}:\n{backend_log(backend, run)}")
        raise
    finally:
        backend.delete("/benchmark/run", params={"job": run})


def result_of(backend: httpx.Client, run: str) -> dict[str, Any]:
    answer = backend.get("/benchmark/results", params={"job": run})
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    check(result, schema("benchmark-output.v1"), run)
    return result


def has_result(backend: httpx.Client, run: str) -> bool:
    return backend.get("/benchmark/results", params={"job": run}).status_code == 200


def objects(namespace: str, kinds: str, run: str) -> list[str]:
    return kubectl("-n", namespace, "get", kinds, "-l", f"ragmeter.dev/run={run}", "-o", "name").split()


def test_a_benchmark_measures_what_the_model_is_known_to_do(backend: httpx.Client, deployed: str) -> None:
    with started(backend, requests=12, concurrency=4, warmup_requests=2, workload="light", k=3) as run:
        refused = backend.post("/benchmark/run", json={})
        assert (refused.status_code, refused.json()["type"]) == (409, "busy")
        ended = wait_for_phase(backend, run, "succeeded", "failed")
        # On a machine that has much else to do, the client may find itself not fit to measure.
        assert ended["phase"] == "succeeded" or ended["outcome"] == "INVALID", ended
        assert "light @ local measured 12/12, 0 errors" in backend_log(backend, run)
        result = result_of(backend, run)
    assert (result["requests"], result["success"], result["warmup_requests"]) == (12, 12, 2)
    assert (result["concurrency"], result["workload"]["retrieval"]["k"]) == (4, 3)
    assert result["total_tokens"] == 12 * TOKENS
    assert result["ttft_p50_ms"] > TTFT_MS
    if ended["phase"] == "succeeded":
        assert result["tpot_p50_ms"] == pytest.approx(ITL_MS, rel=0.2)
    assert status(backend, run)["outcome"] == result["outcome"]


def test_a_result_outlives_its_job(backend: httpx.Client, deployed: str) -> None:
    with started(backend, requests=2, concurrency=1, workload="smoke") as run:
        wait_for_phase(backend, run, "succeeded", "failed")
        before = result_of(backend, run)
        kubectl("-n", deployed, "delete", "job", run)
        wait_for(lambda: not objects(deployed, "jobs", run), lambda: objects(deployed, "jobs", run))
        assert result_of(backend, run) == before
        assert status(backend, run)["phase"] in {"succeeded", "failed"}
    kubectl("-n", deployed, "delete", "configmap", run)
    wait_for(lambda: not objects(deployed, "configmaps", run), lambda: objects(deployed, "configmaps", run))
    assert backend.get("/benchmark/results", params={"job": run}).json()["type"] == "unknown_run"


def test_a_cancelled_benchmark_keeps_what_it_measured(backend: httpx.Client, deployed: str) -> None:
    with started(backend, requests=500, concurrency=2, workload="light") as run:
        wait_for_load(backend, run)
        assert backend.delete("/benchmark/run", params={"job": run}).json()["cancelled"]
        wait_for(lambda: has_result(backend, run), lambda: status(backend, run))
        result = result_of(backend, run)
        assert not objects(deployed, "jobs", run)
    assert result["status"] == "interrupted"
    assert 0 < result["requests"] < 500


def wait_for_load(backend: httpx.Client, run: str) -> None:
    """Until some of its requests have been served."""
    before = served_requests(backend)
    wait_for(lambda: served_requests(backend) > before + 5, lambda: status(backend, run))


def served_requests(backend: httpx.Client) -> float:
    lines = backend.get("/metrics").text.splitlines()
    (line,) = [each for each in lines if each.startswith('rag_requests_total{endpoint="/query/stream"}')]
    return float(line.split()[-1])


def backend_log(backend: httpx.Client, run: str) -> str:
    return backend.get("/benchmark/logs", params={"job": run}).text


def test_a_pod_that_is_killed_is_a_failed_benchmark_with_the_reason(backend: httpx.Client, deployed: str) -> None:
    with started(backend, requests=500, concurrency=2, workload="light") as run:
        wait_for_load(backend, run)
        kubectl("-n", deployed, "delete", *objects(deployed, "pods", run), "--grace-period=0", "--force")
        assert wait_for_phase(backend, run, "failed")["reason"]
        # Killed at once, or left the moment in which it keeps what it measured: that is up to the kubelet.
        assert not has_result(backend, run) or result_of(backend, run)["status"] == "interrupted"
    with started(backend, requests=1, concurrency=1, workload="smoke") as run:
        assert wait_for_phase(backend, run, "succeeded", "failed")


LITERAL = '{"concurrency":10,"requests":100}'
FORM = {"content-type": "application/x-www-form-urlencoded"}
"""As `curl -d` sends a body."""

PROVIDER = """
name: on-premises
base_url: ${RAG_URL}
headers: {authorization: "Bearer ${RAG_API_TOKEN}"}
kube_context: ${RAG_KUBE_CONTEXT}
gpu_model: NVIDIA L4 24 GB
cost: {as_of: 2026-01-30, source: our own list, gpu_node_usd_per_hr: 0.9, gpu_node_count: 2}
"""
WORKLOAD = """
name: faq
benchmark: {max_output_tokens: 16}
retrieval: {k: 2}
prompts_file: faq.txt
"""


def keep(namespace: str, name: str, **files: str) -> None:
    """A ConfigMap as an operator applies it, again and again."""
    metadata = {"name": f"rag-benchmark-{name}", "namespace": namespace}
    data = {key.replace("_", "."): text for key, text in files.items()}
    apply([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}])


def jobs_of(namespace: str) -> set[str]:
    """The benchmarks' Jobs and orders; a claim is left out, since a pod of an earlier Job may write it at any time."""
    names = kubectl("-n", namespace, "get", "jobs,configmaps", "-l", "ragmeter.dev/run", "-o", "name").split()
    return {name for name in names if "-claim-" not in name}


def test_the_command_of_the_documentation_starts_a_benchmark(backend: httpx.Client) -> None:
    answer = backend.post("/benchmark/run", content=LITERAL, headers=FORM)
    assert answer.status_code == 200, answer.text
    run = answer.json()["job_name"]
    backend.delete("/benchmark/run", params={"job": run})
    assert (answer.json()["concurrency"], answer.json()["requests"], answer.json()["provider"]) == (10, 100, "local")
    wait_for(lambda: status(backend, run)["phase"] == "failed", lambda: status(backend, run))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"workload": "no-such-workload"}, "workload: 'no-such-workload' is unknown; known: example, light, "),
        ({"provider": "azure"}, "provider: 'azure' is unknown; known: akamai-lke, aws-eks, gcp-gke, local"),
        ({"docset": "faqs"}, "docset: 'faqs' does not exist at http://rag-backend; there are: default"),
        ({"k": 101}, "k: 101 is more than 100 (RAG_MAX_K of http://rag-backend)"),
        ({"workload": "example"}, "workload: example: $.model.model_id: it demands 'Qwen/Qwen3-1.7B', http://rag-back"),
    ],
)
def test_a_name_that_nothing_has_is_refused_and_nothing_is_made(
    body: dict[str, Any], sentence: str, backend: httpx.Client, deployed: str
) -> None:
    before = jobs_of(deployed)
    answer = backend.post("/benchmark/run", json=body)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(sentence)
    assert jobs_of(deployed) <= before


def test_a_provider_and_a_workload_of_ones_own_are_measured(backend: httpx.Client, deployed: str) -> None:
    named = {"provider": "on-premises", "workload": "faq", "requests": 4, "concurrency": 2}
    assert backend.post("/benchmark/run", json=named).status_code == 400
    keep(deployed, "providers", **{"on-premises_yaml": PROVIDER.replace("gpu_model", "gpu_modle")})
    keep(deployed, "workloads", faq_yaml=WORKLOAD, faq_txt="What is a token?\nWhat is TTFT?\n")
    refused = backend.post("/benchmark/run", json=named)
    assert (refused.status_code, "'gpu_modle' was unexpected" in refused.text) == (400, True), refused.text
    keep(deployed, "providers", **{"on-premises_yaml": PROVIDER})
    with started(backend, **named) as run:
        wait_for_phase(backend, run, "succeeded", "failed")
        result = result_of(backend, run)
    metadata = result["run_metadata"]
    assert (metadata["provider"], metadata["gpu_model"]) == ("on-premises", "NVIDIA L4 24 GB")
    assert result["cost_reference"] is not None
    assert (result["requests"], result["success"]) == (4, 4)
    assert result["workload_manifest_path"] == "/order/workload/faq.yaml"
    assert (result["workload"]["retrieval"]["k"], result["workload"]["benchmark"]["max_output_tokens"]) == (2, 16)
    assert result["total_tokens"] == 4 * TOKENS


def test_what_only_a_pod_can_refuse_is_the_reason_of_its_failure(backend: httpx.Client, deployed: str) -> None:
    manifest = "{name: odd, benchmark: {}, prompts: [a], slo: [error_ratio <= 1]}"
    keep(deployed, "workloads", odd_yaml=manifest)
    with started(backend, requests=1, concurrency=1, workload="odd") as run:
        seen = wait_for_phase(backend, run, "failed")
    assert "exit status 4: /order/workload/odd.yaml: SLO 'error_ratio <= 1': holds for every value" in seen["reason"]


def test_without_the_token_nothing_is_told(deployed: str) -> None:
    with forwarded(deployed, "service/rag-backend", 80) as client:
        answers = [client.post("/benchmark/run", content=body) for body in ("{}", "{", LITERAL)]
        answers += [client.post("/delete", content="{"), client.get("/benchmark/status", params={"job": "../a"})]
    assert [json.loads(answer.text)["type"] for answer in answers] == ["unauthorized"] * len(answers)
