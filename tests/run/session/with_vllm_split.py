"""A real vLLM on the CPU with one place in its batch: its histograms split the LLM's part as its own spans do.

It is not collected by itself: ``tox -e vllm`` has the packages and the checkpoint.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from ragmeter.clients.files import schema
from ragmeter.clients.observe.source import MetricsSource
from ragmeter.core.figures.attribution import attribute
from ragmeter.core.figures.observe.estimates import histogram_figures, whole_histograms
from ragmeter.core.figures.observe.watched import watched
from ragmeter.core.inputs.workload import workload_from
from ragmeter.core.requests.records import Phase
from ragmeter.core.schedule.phases import phases
from ragmeter.run.local.service import local_service
from ragmeter.run.plan.catalog import load_provider
from ragmeter.run.processes.observing import Observation, Observer
from ragmeter.run.session.measure import Conditions, measure
from tests.backend.collector import Collector, ReceivedSpan, collector
from tests.run.cases import provider
from tests.waiting import wait_until

REQUESTS: Final = 30
WARMUP: Final = 2
WORDS: Final = " ".join(["What is the time to first token of a request, and what of it is the server's queue?"] * 20)


@pytest.fixture(scope="module")
def tracer() -> Iterator[Collector]:
    with collector() as found, pytest.MonkeyPatch.context() as environment:
        environment.setenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf")
        environment.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
        yield found


@pytest.fixture(scope="module")
def one_place(tracer: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of vLLM."""
    arguments = ["--enforce-eager", "--dtype", "bfloat16", "--max-model-len", "2048", "--max-num-seqs", "1"]
    arguments += ["--otlp-traces-endpoint", f"{tracer.url}/v1/traces"]
    local = {"engine": "vllm", "model": os.environ["RAGMETER_CHECKPOINT"], "startup_timeout": 600, "args": arguments}
    path = tmp_path_factory.mktemp("vllm") / "one-place.yaml"
    path.write_text(yaml.safe_dump({"schema": "provider.v1", "name": "one-place", "local": local}), encoding="utf-8")
    asked = load_provider(str(path), environment=os.environ)
    assert asked.local is not None
    with local_service(asked, asked.local, print) as service:
        yield str(service.provider.llm_url)


@pytest.mark.parametrize(("users", "dominant"), [(10, "llm_queue"), (1, "llm_prefill")], ids=["queue", "prefill"])
def test_the_split_by_histograms_is_that_of_the_spans(
    users: int, dominant: str, tracer: Collector, one_place: str
) -> None:
    before = len(tracer.spans)
    asked = workload_from(_document(users), path="split.yaml", prompts=(), settings=(), schema=schema("workload.v1"))
    origin_ns = time.monotonic_ns()
    with Observer() as observer:
        source = MetricsSource(url=f"{one_place.removesuffix('/v1')}/metrics", patience_s=60)
        conditions = Conditions(
            provider=provider(one_place.removesuffix("/v1")),
            origin_ns=origin_ns,
            keep=lambda _: None,
            watch=lambda: None,
            observation=Observation(observer, [source], origin_ns),
        )
        samples, ending = measure(asked, phases(asked), conditions)
    assert ending.status == "complete", ending.reason
    measured = [sample for sample in samples if sample.phase is Phase.MEASURED]
    assert [sample.error for sample in measured] == [None] * REQUESTS
    spans = [at for at in watched(ending.readings) if at.span.phase is Phase.MEASURED]
    found = attribute(measured, histograms=whole_histograms(histogram_figures(spans)))
    assert found is not None
    assert found.llm_split is not None
    assert f"exactly these {REQUESTS} requests" in found.llm_split
    own = wait_until(lambda: _engine(tracer, before), 30)[WARMUP:]
    stages = {stage.name: stage.mean_ms for stage in found.stages}
    by_spans = {"llm_queue": _mean_ms(own, "time_in_queue"), "llm_prefill": _mean_ms(own, "time_in_model_prefill")}
    print({name: (round(stages[name], 3), round(by_spans[name], 3)) for name in by_spans}, found.sentence)
    assert {name: stages[name] for name in by_spans} == pytest.approx(by_spans, rel=0.01, abs=0.5)
    assert max(found.stages, key=lambda stage: stage.mean_ms).name == dominant


def _document(users: int) -> dict[str, Any]:
    """No two questions have a beginning in common: nothing is found in the prefix cache."""
    benchmark = {"requests": REQUESTS, "concurrency": users, "warmup_requests": WARMUP, "max_output_tokens": 2}
    return {
        "schema": "workload.v1",
        "name": "split",
        "target": "openai",
        "model": {"model_id": Path(os.environ["RAGMETER_CHECKPOINT"]).name},
        "benchmark": {**benchmark, "timeout": 300},
        "cache": {"kv": "natural"},
        "prompts": [f"User {users}, question {number}. {WORDS}" for number in range(REQUESTS + WARMUP)],
    }


def _engine(tracer: Collector, before: int) -> list[ReceivedSpan] | None:
    """vLLM's spans since then, in the order in which the requests came; None until all are there."""
    own = [each for each in tracer.spans[before:] if each.name == "llm_request"]
    return sorted(own, key=lambda each: each.began_ns) if len(own) == WARMUP + REQUESTS else None


def _mean_ms(spans: list[ReceivedSpan], name: str) -> float:
    return 1000 * sum(float(each.attributes[f"gen_ai.latency.{name}"]) for each in spans) / len(spans)
