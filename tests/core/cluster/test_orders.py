"""What an order tells its pods, and what stays outside the cluster."""

import base64
import json
from typing import Any

from ragmeter.clients.files import schema
from ragmeter.core.cluster.orders import Order, config_map_of, identity_only
from ragmeter.core.codec import decode
from ragmeter.core.inputs.prompt_files import prompts_of
from ragmeter.core.inputs.provider import provider_from
from ragmeter.core.inputs.workload import workload_from
from ragmeter.core.run.identity import differing, identity_of
from ragmeter.core.run.plan import RunPlan
from ragmeter.run.store import without_samples
from tests.run.cases import plan

RUN = "rag-benchmark-1"


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
    order = config_map_of(RUN, asked)
    return {name: base64.b64decode(packed).decode() for name, packed in order["binaryData"].items()}


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
    order = config_map_of(
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
