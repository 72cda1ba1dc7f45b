"""What is refused before a Job is made: by the API server, by the names asked for, by the service."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from backend.benchmarks.runs import Runs
from backend.bodies.benchmark import BenchmarkRequest
from backend.errors import (
    BadRequestError,
    KubeConflictError,
    KubeError,
    KubeForbiddenError,
    KubeGoneError,
    KubeThrottledError,
    KubeTimeoutError,
    KubeUnreachableError,
    ServiceError,
    TargetError,
)
from tests.backend.benchmarks.fake_runs import (
    CORE,
    INFO,
    runs_on,
    started,
)
from tests.backend.fake_kube import FakeKube, status
from tests.run.http_fake import Answer, serving

ASKS = "list jobs.batch in the namespace here"


@pytest.mark.parametrize(
    ("code", "body", "kind", "words"),
    [
        (401, status(401, "Unauthorized")[1], KubeForbiddenError, "does not take the token"),
        (403, status(403, "jobs is forbidden")[1], KubeForbiddenError, f"may not {ASKS}: apply k8s/benchmark/access"),
        (404, "page not found", KubeGoneError, f"HTTP 404 to {ASKS}"),
        (409, status(409, "it was changed")[1], KubeConflictError, f"HTTP 409 to {ASKS}: it was changed"),
        (410, status(410, "too old")[1], KubeGoneError, f"HTTP 410 to {ASKS}: too old"),
        (429, status(429, "slow down")[1], KubeThrottledError, f"too much to do to {ASKS}"),
        (500, "boom", KubeError, f"HTTP 500 to {ASKS}"),
        (200, "<html>a captive portal</html>", KubeError, "is not JSON"),
    ],
)
def test_what_the_api_server_refuses_is_one_sentence(
    code: int, body: object, kind: type[ServiceError], words: str, cluster: FakeKube, runs: Runs
) -> None:
    cluster.refusals["GET", "jobs"] = code, body
    with pytest.raises(kind) as caught:
        runs.start(BenchmarkRequest())
    assert type(caught.value) is kind
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert cluster.named("configmaps") == []


def test_a_cluster_without_the_account_is_told_what_to_apply(cluster: FakeKube, runs: Runs) -> None:
    cluster.objects.clear()
    with pytest.raises(KubeError, match=r"no service account rag-benchmark .* apply k8s/benchmark/access"):
        runs.start(BenchmarkRequest())


def test_an_api_server_that_is_silent_or_not_there_is_one_sentence(
    cluster: FakeKube, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.benchmarks.kube._TIMEOUT_S", 0.1)
    cluster.silent_s = 0.4
    with pytest.raises(KubeTimeoutError, match=r"did not answer in 0\.1 s to get serviceaccounts"):
        runs.start(BenchmarkRequest())
    with pytest.raises(KubeUnreachableError, match="cannot be reached to get serviceaccounts"):
        runs_on("http://127.0.0.1:1").start(BenchmarkRequest())


OWN_WORKLOAD = """
name: mine
benchmark: {requests: 5}
retrieval: {docset: faq, k: 7}
prompts_file: mine.txt
"""


def add_own(cluster: FakeKube, name: str, **files: str) -> None:
    data = {key.replace("_", "."): text for key, text in files.items()}
    cluster.add(f"{CORE}/configmaps", {"metadata": {"name": f"rag-benchmark-{name}"}, "data": data})


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            {"workload": "standrad"},
            "workload: 'standrad' is unknown; known: example, light, load, mine, smoke, standard",
        ),
        ({"provider": "azure"}, "provider: 'azure' is unknown; known: akamai-lke, aws-eks, gcp-gke, local; one of"),
        ({"docset": "faqs"}, "docset: 'faqs' does not exist at http://"),
        ({"k": 101}, "k: 101 is more than 100 (RAG_MAX_K of http://"),
        ({"workload": "mine", "k": 101}, "k: 101 is more than 100"),
    ],
)
def test_a_name_that_nothing_has_is_refused_and_no_job_is_made(
    body: dict[str, Any], sentence: str, cluster: FakeKube, runs: Runs
) -> None:
    add_own(cluster, "workloads", mine_yaml=OWN_WORKLOAD, mine_txt="What is a token?")
    with pytest.raises(BadRequestError) as caught:
        runs.start(BenchmarkRequest(**body))
    assert str(caught.value).startswith(sentence)
    assert not [method for method, _ in cluster.asked if method != "GET"]


def test_a_provider_setting_that_names_nothing_is_refused_and_says_whose_it_is(cluster: FakeKube, target: str) -> None:
    runs = runs_on(cluster.url, BENCH_TARGET_URL=target, RAG_PROVIDER="on-premises")
    with pytest.raises(BadRequestError, match=r"provider: 'on-premises' \(RAG_PROVIDER of the server\) is unknown"):
        runs.start(BenchmarkRequest())
    assert started(runs, provider="gcp-gke")


def test_files_of_ones_own_go_with_the_order_to_where_the_options_say(cluster: FakeKube, runs: Runs) -> None:
    add_own(cluster, "providers", cellar_yaml="{name: cellar, headers: {authorization: secret}}")
    add_own(cluster, "workloads", mine_yaml=OWN_WORKLOAD, mine_txt="What is a token?", other_txt="no business of it")
    run = started(runs, provider="cellar", workload="mine")
    order = cluster.objects[f"{CORE}/configmaps/{run}"]
    assert order["data"]["RAGMETER_PROVIDER"] == "/order/provider/cellar.yaml"
    assert order["data"]["RAGMETER_WORKLOAD"] == "/order/workload/mine.yaml"
    files = {key: base64.b64decode(content).decode() for key, content in order["binaryData"].items()}
    assert set(files) == {"provider.cellar.yaml", "workload.mine.yaml", "workload.mine.txt"}
    assert json.loads(files["provider.cellar.yaml"]) == {"schema": "provider.v1", "name": "cellar"}
    (job,) = cluster.named("jobs")
    pod = job["spec"]["template"]["spec"]
    (volume,) = [each for each in pod["volumes"] if each["name"] == "order"]
    assert volume["configMap"]["name"] == run
    assert {each["path"] for each in volume["configMap"]["items"]} == {
        "provider/cellar.yaml", "workload/mine.yaml", "workload/mine.txt"
    }  # fmt: skip
    (mount,) = [each for each in pod["containers"][0]["volumeMounts"] if each["name"] == "order"]
    assert mount["mountPath"] == "/order"


@pytest.mark.parametrize(
    ("info", "sentence"),
    [
        ({"model_id": "tiny"}, "example: $.model.model_id: it demands 'Qwen/Qwen3-1.7B', http://"),
        ({"dtype": "bfloat16"}, "example: $.model.dtype: it demands 'float16', http://"),
        ({"docsets": {}}, "docset: 'default' does not exist at http://"),
        ({"limits": {"max_k": 4}}, "k: 5 is more than 4"),
    ],
)
def test_what_a_workload_demands_is_asked_of_the_service(
    info: dict[str, Any], sentence: str, cluster: FakeKube
) -> None:
    with serving({"/readyz": Answer(), "/info": Answer(body=INFO | info)}) as fake:
        runs = runs_on(cluster.url, BENCH_TARGET_URL=fake.url)
        with pytest.raises(BadRequestError) as caught:
            runs.start(BenchmarkRequest(workload="example"))
    assert sentence in str(caught.value)
    assert cluster.named("jobs") == []


@pytest.mark.parametrize("answers", [{"/healthz": Answer()}, {"/readyz": Answer(), "/info": Answer(body={"k": 2})}])
def test_a_service_that_does_not_say_what_it_has_is_measured(answers: dict[str, Answer], cluster: FakeKube) -> None:
    with serving(answers) as fake:
        assert started(runs_on(cluster.url, BENCH_TARGET_URL=fake.url), docset="any", k=1000)


NOT_READY = Answer(status=503, body={"status": "not ready", "missing": {"llm": "refused"}})


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"/readyz": NOT_READY}, r"/readyz \(BENCH_TARGET_URL\): HTTP 503: .*not ready"),
        ({}, r"\(BENCH_TARGET_URL\) has neither /readyz nor /healthz"),
        ({"/readyz": Answer(), "/info": Answer(body="<html>")}, "/info .*the answer is no JSON object"),
        ({"/readyz": Answer(after_s=0.5)}, "/readyz .*cannot be reached: timed out"),
    ],
)
def test_a_service_that_is_not_ready_is_not_measured(
    answers: dict[str, Answer], words: str, cluster: FakeKube, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.benchmarks.target._TIMEOUT_S", 0.2)
    with serving(answers) as fake, pytest.raises(TargetError, match=words):
        runs_on(cluster.url, BENCH_TARGET_URL=fake.url).start(BenchmarkRequest())
    with pytest.raises(TargetError, match=r"cannot be reached: .*refused"):
        runs_on(cluster.url, BENCH_TARGET_URL="http://127.0.0.1:1").start(BenchmarkRequest())
    assert cluster.named("jobs") == []
