"""Benchmarks in a cluster, on an API server that keeps objects and refuses what it is told to. Real: tests/k8s."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backend.benchmarks.runs import Runs
from backend.bodies.benchmark import BenchmarkRequest
from backend.errors import (
    BadRequestError,
    BenchmarkBusyError,
    KubeError,
    KubeForbiddenError,
    NoResultError,
    UnknownRunError,
)
from tests.backend.benchmarks.fake_runs import (
    CORE,
    NAMESPACE,
    add_pod,
    add_result,
    end,
    runs_on,
    started,
)
from tests.backend.fake_kube import FakeKube, status


def test_the_answer_repeats_what_was_asked_with_the_defaults(cluster: FakeKube, runs: Runs) -> None:
    answer = runs.start(BenchmarkRequest())
    assert answer == {
        "job_name": cluster.named("jobs")[0]["metadata"]["name"],
        "namespace": NAMESPACE,
        "concurrency": 10,
        "requests": 100,
        "warmup_requests": 0,
        "timeout": 120,
        "max_output_tokens": None,
        "show_errors": 3,
        "provider": "aws-eks",
        "workload": "standard",
        "k": None,
        "docset": None,
        "trials": 1,
        "parallelism": 1,
    }


def test_the_order_says_what_to_run_and_the_server_says_against_what(
    cluster: FakeKube, runs: Runs, target: str
) -> None:
    run = started(runs, workload="light", k=3, docset="faq", requests=7, max_output_tokens=9, trials=2)
    (order,) = cluster.named("configmaps")
    assert order["data"] == {
        "RAGMETER_PROVIDER": "aws-eks",
        "RAGMETER_BASE_URL": target,
        "RAGMETER_WORKLOAD": "light",
        "RAGMETER_REQUESTS": "7",
        "RAGMETER_CONCURRENCY": "10",
        "RAGMETER_WARMUP": "0",
        "RAGMETER_TIMEOUT": "120",
        "RAGMETER_MAX_OUTPUT_TOKENS": "9",
        "RAGMETER_K": "3",
        "RAGMETER_DOCSET": "faq",
        "RAGMETER_TRIALS": "2",
        "RAGMETER_SHARDS": "1",
        "RAGMETER_SHOW_ERRORS": "3",
    }
    (job,) = cluster.named("jobs")
    container = job["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "example/runner:1.2.3"
    assert container["envFrom"] == [{"configMapRef": {"name": run}}]
    assert {"name": "RAGMETER_ORDER", "value": run} in container["env"]
    assert (job["spec"]["ttlSecondsAfterFinished"], job["spec"]["activeDeadlineSeconds"]) == (77, 600)


def test_the_account_owns_the_order_and_the_order_owns_the_job(cluster: FakeKube, runs: Runs) -> None:
    started(runs)
    ((account,), (order,), (job,)) = (cluster.named(kind) for kind in ("serviceaccounts", "configmaps", "jobs"))
    for owned, owner in ((order, account), (job, order)):
        (reference,) = owned["metadata"]["ownerReferences"]
        assert (reference["name"], reference["uid"]) == (owner["metadata"]["name"], owner["metadata"]["uid"])


@pytest.mark.parametrize("minor", ["20", "23+"])
def test_an_older_cluster_gets_a_job_for_each_shard(minor: str, target: str) -> None:
    cluster = FakeKube(minor=minor)
    cluster.add(f"{CORE}/serviceaccounts", {"metadata": {"name": "rag-benchmark"}})
    try:
        run = started(runs_on(cluster.url, BENCH_TARGET_URL=target), parallelism=3)
        jobs = cluster.named("jobs")
    finally:
        cluster.close()
    assert [job["metadata"]["name"] for job in jobs] == [f"{run}-0", f"{run}-1", f"{run}-2"]
    indexes = [job["spec"]["template"]["spec"]["containers"][0]["env"][-1] for job in jobs]
    assert indexes == [{"name": "JOB_COMPLETION_INDEX", "value": str(index)} for index in range(3)]


@pytest.mark.parametrize("minor", ["24", "33+"])
def test_a_newer_cluster_gets_one_indexed_job(minor: str, target: str) -> None:
    cluster = FakeKube(minor=minor)
    cluster.add(f"{CORE}/serviceaccounts", {"metadata": {"name": "rag-benchmark"}})
    try:
        started(runs_on(cluster.url, BENCH_TARGET_URL=target), parallelism=3)
        (job,) = cluster.named("jobs")
    finally:
        cluster.close()
    assert {key: job["spec"][key] for key in ("completionMode", "completions", "parallelism")} == {
        "completionMode": "Indexed",
        "completions": 3,
        "parallelism": 3,
    }


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            {"requests": 9_999, "warmup_requests": 2},
            "requests, of all trials with warm-up: 10001 is more than 10000 (BENCH_MAX_REQUESTS)",
        ),
        ({"requests": 5_001, "trials": 2}, "requests, of all trials with warm-up: 10002 is more than 10000"),
        ({"concurrency": 257}, "concurrency: 257 is more than 256 (BENCH_MAX_CONCURRENCY)"),
        ({"timeout": 601}, "timeout: 601 is more than 600 (BENCH_MAX_SECONDS)"),
        ({"parallelism": 9}, "parallelism: 9 is more than 8 (BENCH_MAX_PODS)"),
        ({"parallelism": 4, "concurrency": 3}, "parallelism: 4 pods need a concurrency and requests of at least"),
    ],
)
def test_what_is_above_a_limit_is_refused_before_the_cluster_is_asked(
    body: dict[str, Any], sentence: str, cluster: FakeKube, runs: Runs
) -> None:
    with pytest.raises(BadRequestError) as caught:
        runs.start(BenchmarkRequest(**body))
    assert str(caught.value).startswith(sentence)
    assert cluster.asked == []


def test_a_second_load_waits_for_the_first(cluster: FakeKube, runs: Runs) -> None:
    first = started(runs)
    with pytest.raises(BenchmarkBusyError, match=f"{first} runs"):
        runs.start(BenchmarkRequest())
    end(cluster)
    assert started(runs) != first


def test_a_job_that_the_cluster_refuses_leaves_nothing(cluster: FakeKube, runs: Runs) -> None:
    cluster.refusals["POST", "jobs"] = status(403, "exceeded quota")
    with pytest.raises(KubeForbiddenError, match=r"may not create jobs\.batch in the namespace here.*exceeded quota"):
        runs.start(BenchmarkRequest())
    assert cluster.named("configmaps") == []


def test_results_are_kept_for_so_many_runs(cluster: FakeKube, runs: Runs) -> None:
    names = []
    for _ in range(4):
        names.append(started(runs))
        add_result(cluster, names[-1], {})
        end(cluster)
    kept = {each["metadata"]["labels"]["ragmeter.dev/run"] for each in cluster.named("configmaps")}
    assert kept == set(names[1:]), "the one that began last, and two that ended before"
    with pytest.raises(UnknownRunError):
        runs.results(names[0])


@pytest.mark.parametrize("parts", [1, 3])
def test_the_result_is_whole_and_outlives_its_job(parts: int, cluster: FakeKube, runs: Runs) -> None:
    run = started(runs)
    add_result(cluster, run, {"run_id": run, "text": "x" * 999}, parts=parts)
    for path in [path for path in cluster.objects if "/jobs/" in path]:
        del cluster.objects[path]
    assert json.loads(runs.results(run))["run_id"] == run
    assert runs.status(run) == {"job_name": run, "phase": "succeeded", "reason": None, "outcome": "PASS"}


def test_a_result_that_is_not_as_it_was_written_is_a_fault_of_the_cluster(cluster: FakeKube, runs: Runs) -> None:
    run = started(runs)
    add_result(cluster, run, {"run_id": run})
    cluster.objects[f"{CORE}/configmaps/{run}-result-0"]["binaryData"]["part"] = "AAAA"
    with pytest.raises(KubeError, match=f"{run}-result-0: the parts are not those that were written"):
        runs.results(run)


def test_a_result_of_which_a_part_is_missing_is_none(cluster: FakeKube, runs: Runs) -> None:
    run = started(runs)
    add_result(cluster, run, {"text": "x" * 999}, parts=3)
    del cluster.objects[f"{CORE}/configmaps/{run}-result-1"]
    with pytest.raises(NoResultError, match=f"{run} has no result; it is pending"):
        runs.results(run)


@pytest.mark.parametrize("name", ["rag-settings", "rag-benchmark", "nothing"])
def test_other_objects_of_the_namespace_are_no_runs(name: str, cluster: FakeKube, runs: Runs) -> None:
    cluster.add(f"{CORE}/configmaps", {"metadata": {"name": "rag-settings"}, "data": {"SECRET": "1"}})
    for question in (runs.status, runs.logs, runs.results, runs.cancel):
        with pytest.raises(UnknownRunError, match=f"no benchmark '{name}'"):
            question(name)


def test_logs_are_those_of_all_pods(cluster: FakeKube, runs: Runs) -> None:
    run = started(runs)
    add_pod(cluster, run, "b", phase="Running")
    cluster.logs = {"b": "of b\n", "a": "of a\n"}
    assert runs.logs(run) == "of b\n"
    add_pod(cluster, run, "a", phase="Running")
    assert runs.logs(run) == "== a\nof a\n== b\nof b\n"


def test_a_pod_that_has_not_begun_says_so_in_its_log(cluster: FakeKube, runs: Runs) -> None:
    run = started(runs)
    add_pod(cluster, run, "a", phase="Pending")
    cluster.refusals["GET", "log"] = status(400, 'container "suite" in pod "a" is waiting to start')
    assert "is waiting to start" in runs.logs(run)


def test_cancelling_ends_the_jobs_and_keeps_the_order(cluster: FakeKube, runs: Runs) -> None:
    run = started(runs, parallelism=2)
    assert runs.cancel(run) == {"job_name": run, "cancelled": True}
    assert cluster.named("jobs") == []
    assert runs.status(run)["phase"] == "failed"
    assert runs.cancel(run)["cancelled"], "twice does no harm"
