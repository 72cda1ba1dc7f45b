"""The library orders what the backend orders: one template, one result."""

import base64
import json
from typing import Any

import kubernetes_validate
import pytest

from backend import orders as backend_orders
from backend.benchmark import read_template
from ragmeter.clients.files import data_dir, read_yaml, schema
from ragmeter.core.codec import decode
from ragmeter.core.identity import differing, identity_of
from ragmeter.core.kube_documents import LABELS
from ragmeter.core.orders import Order, identity_only, jobs_of, order_of, root_of
from ragmeter.core.provider import provider_from
from ragmeter.core.run import RunPlan
from ragmeter.core.workload import prompts_of, workload_from
from ragmeter.run.store import without_samples
from tests.run.cases import plan

TEMPLATE = read_yaml(data_dir("k8s") / "benchmark" / "run" / "job.yaml")
KUBERNETES = ("1.25", "1.31", kubernetes_validate.latest_version())
RUN, IMAGE = "rag-benchmark-1", "example/runner:1.0.0"


def provider() -> Any:
    document = {
        "schema": "provider.v1",
        "name": "mine",
        "base_url": "https://outside.example.com",
        "headers": {"Authorization": "Bearer hunter2"},
        "slo": ["errors <= 0"],
    }
    return provider_from(document, path="mine.yaml", environment={}, base_url=None, schema=schema("provider.v1"))


def workload() -> Any:
    document = {
        "schema": "workload.v1",
        "name": "asks",
        "benchmark": {"requests": 3, "concurrency": 1},
        "prompts_file": "prompts/q.jsonl",
        "slo": ["errors <= 0"],
        "goodput": {"ttft_ms": 100},
    }
    prompts = prompts_of('{"prompt": "Why?", "relevant": ["a#1"]}\n{"prompt": "How?"}', path="q.jsonl")
    return workload_from(document, path="asks.yaml", prompts=prompts, settings=(), schema=schema("workload.v1"))


def files(**keys: Any) -> dict[str, str]:
    asked = Order(workload=workload(), provider=provider(), url="http://rag-backend", shards=2, **keys)
    order = order_of(RUN, asked)
    return {name: base64.b64decode(packed).decode() for name, packed in order["binaryData"].items()}


def test_both_make_their_jobs_of_the_same_file() -> None:
    assert read_template() == TEMPLATE


@pytest.mark.parametrize("indexed", [True, False])
@pytest.mark.parametrize("shards", [1, 3])
def test_the_backend_and_the_library_make_the_same_jobs(shards: int, indexed: bool) -> None:
    spec = TEMPLATE["spec"]
    terms = backend_orders.Terms(
        image=IMAGE, ttl_s=spec["ttlSecondsAfterFinished"], deadline_s=spec["activeDeadlineSeconds"], indexed=indexed
    )
    order = {"metadata": {"name": RUN, "uid": "u"}}
    theirs = backend_orders.jobs(TEMPLATE, order, terms, shards=shards)
    ours = jobs_of(TEMPLATE, RUN, image=IMAGE, shards=shards, indexed=indexed)
    for one, other in zip(theirs, ours, strict=True):
        assert one["metadata"]["name"] == other["metadata"]["name"]
        # Whatever is made for a run gets its label when it is made; see `ragmeter.clients.kube_owned`.
        one["spec"]["template"]["metadata"]["labels"].pop("ragmeter.dev/run")
        other["spec"]["template"]["metadata"]["labels"].pop("ragmeter.dev/run")
        assert one["spec"] == other["spec"]


@pytest.mark.parametrize("version", KUBERNETES)
def test_jobs_are_what_a_cluster_with_indexed_jobs_takes(version: str) -> None:
    """Strictly: a field that the version does not know is an error."""
    order = order_of(RUN, Order(workload=workload(), provider=provider(), url="http://rag-backend", shards=3))
    whole = jobs_of(TEMPLATE, RUN, image=IMAGE, shards=3, indexed=True)
    for document in (root_of(TEMPLATE, RUN, lasts_s=7), order, *whole):
        kubernetes_validate.validate(document, version, strict=True)
    misspelt = {**whole[0], "spec": {**whole[0]["spec"], "completion_mode": "Indexed"}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(misspelt, version, strict=True)


def test_the_template_is_left_as_it_was() -> None:
    before = json.dumps(TEMPLATE)
    jobs_of(TEMPLATE, RUN, image=IMAGE, shards=2, indexed=False)
    assert json.dumps(TEMPLATE) == before


def test_root_runs_nothing_and_lasts_so_long_and_is_no_benchmark_to_the_backend() -> None:
    root = root_of(TEMPLATE, RUN, lasts_s=7)
    assert (root["kind"], root["metadata"]) == ("Job", {"name": f"{RUN}-root"})
    assert (root["spec"]["completions"], root["spec"]["parallelism"]) == (0, 0)
    assert root["spec"]["ttlSecondsAfterFinished"] == 7


def test_labels_of_both_are_the_same() -> None:
    assert LABELS == backend_orders.LABELS


def test_a_pod_asks_the_same_of_the_service_at_its_own_address() -> None:
    found = files()
    prompts = prompts_of(found["prompts.jsonl"], path="prompts.jsonl")
    inside = workload_from(
        json.loads(found["workload.yaml"]),
        path="workload.yaml",
        prompts=prompts,
        settings=(),
        schema=schema("workload.v1"),
    )
    assert inside.sha256 == workload().sha256
    assert inside.prompts == workload().prompts
    assert json.loads(found["provider.yaml"]) == {
        "schema": "provider.v1",
        "name": "mine",
        "base_url": "http://rag-backend",
    }


def test_a_baseline_goes_along_as_what_it_measured_and_without_its_prompts() -> None:
    then = plan(workload=workload(), metadata={"model_id": "a-model"}, calibration=None)
    (name,) = files(baseline=without_samples(identity_only(then))).keys() - files().keys()
    order = order_of(
        RUN,
        Order(
            workload=workload(),
            provider=provider(),
            url="http://rag-backend",
            shards=1,
            settings={"RAGMETER_CLOCK": "user"},
            baseline=without_samples(identity_only(then)),
        ),
    )
    assert (order["data"]["RAGMETER_BASELINE"], order["data"]["RAGMETER_CLOCK"]) == (f"/order/{name}", "user")
    text = base64.b64decode(order["binaryData"][name]).decode()
    assert "Why?" not in text
    found = decode(RunPlan, json.loads(text.splitlines()[0])["plan"], where=name)
    assert differing(identity_of(then), identity_of(found)) is None


def test_secrets_and_slos_stay_outside_the_cluster() -> None:
    text = "".join(files().values())
    assert "hunter2" not in text
    assert "errors <= 0" not in text
