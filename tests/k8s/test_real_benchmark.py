"""Benchmarks that the deployed backend starts in a real cluster, with the suite and a model of known token times."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from ragmeter.clients.files import schema
from ragmeter.core.schema import check
from tests.k8s.cluster import forwarded, kubectl, needs_cluster, needs_images
from tests.k8s.deployed import TOKEN

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
    deadline = time.monotonic() + DEADLINE_S
    while not done():
        assert time.monotonic() < deadline, what()
        time.sleep(0.3)


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


def test_a_workload_that_the_image_does_not_have_is_named_in_the_log(backend: httpx.Client) -> None:
    with started(backend, requests=1, concurrency=1, workload="no-such-workload") as run:
        seen = wait_for_phase(backend, run, "failed")
        assert "exit status 4" in seen["reason"]
        assert "unknown workload 'no-such-workload'" in backend_log(backend, run)


def test_without_the_token_nothing_is_told(deployed: str) -> None:
    with forwarded(deployed, "service/rag-backend", 80) as client:
        answers = [client.post("/benchmark/run", json={}), client.get("/benchmark/status", params={"job": "a"})]
    assert [json.loads(answer.text)["type"] for answer in answers] == ["unauthorized"] * 2
