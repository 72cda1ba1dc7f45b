"""Caches that are made cold and warm, on the real LLM, whose cache of prompts is its own: directly and behind the
service.
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from backend.bodies.query import QueryRequest
from backend.query.prompt import SYSTEM, build_messages
from ragmeter.clients.files import schema
from ragmeter.clients.observe.source import MetricsSource
from ragmeter.core.inputs.provider import Provider, provider_from
from ragmeter.core.inputs.workload import Workload, workload_from
from ragmeter.core.run.caches import Caches, broken, caches_of
from ragmeter.core.run.plan import RunPlan
from ragmeter.core.schedule.phases import phases
from ragmeter.core.schedule.plan import Marking
from ragmeter.run.plan.metrics_sources import metrics_sources
from ragmeter.run.processes.observing import Observation, Observer
from ragmeter.run.session.measure import Conditions, measure
from tests.backend.fake_llm import FakeLlm
from tests.backend.running import Backend
from tests.saved import plan_of
from tests.waiting import wait_until

WORDS = "latency of one request is the time from its first byte to the last token of its answer, in milliseconds"
QUESTIONS = [f"Number {number}. What is meant by this: {WORDS * 5}?" for number in ("one", "two", "three", "four")]


LOAD = {"requests": 12, "concurrency": 2, "max_output_tokens": 2, "timeout": 60}


def patient(source: MetricsSource) -> MetricsSource:
    """However busy this machine is."""
    return replace(source, patience_s=60)


def asked(target: str, kv: str | None, **keys: Any) -> Workload:
    document = {
        "schema": "workload.v1",
        "name": "repeating",
        "target": target,
        "benchmark": LOAD,
        "model": {"model_id": "SmolLM2-135M-Instruct.Q4_1.gguf"},
        "retrieval": {"k": 1},
        "prompts": QUESTIONS,
        **({} if kv is None else {"cache": {"kv": kv}}),
        **keys,
    }
    return workload_from(document, path="repeating.yaml", prompts=(), settings=(), schema=schema("workload.v1"))


def at(url: str, **keys: str) -> Provider:
    document = {"schema": "provider.v1", "name": "mine", "base_url": url, **keys}
    return provider_from(document, path="mine.yaml", environment={}, base_url=None, schema=schema("provider.v1"))


def measured(workload: Workload, provider: Provider, marking: Marking | None) -> tuple[Caches, list[str]]:
    """What the run says of its caches, and why its state is broken."""
    origin_ns = time.monotonic_ns()
    found = wait_until(lambda: metrics_sources(provider, workload).sources or None, 60)
    sources = [patient(source) for source in found]
    with Observer() as observer:
        conditions = Conditions(
            provider=provider,
            origin_ns=origin_ns,
            keep=lambda _: None,
            watch=lambda: None,
            marking=marking,
            observation=Observation(observer, sources, origin_ns),
        )
        samples, ending = measure(workload, phases(workload), conditions)
    assert ending.status == "complete"
    assert all(sample.ok for sample in samples)
    plan: RunPlan = replace(plan_of("mine"), workload=workload, marking=marking)
    assert len(samples) == workload.requests, "what warms the caches is no sample"
    assert ending.cache_counts, "the LLM's counters were read"
    by_counters = tuple(replace(sample, cached_tokens=None) for sample in samples)
    untold = caches_of(plan, by_counters, ending)
    told = caches_of(plan, samples, ending)
    assert [trial.source for trial in told.trials] == ["usage"]
    assert [trial.source for trial in untold.trials] == ["llama.cpp"]
    assert untold.hit_ratio.value == pytest.approx(told.hit_ratio.value, abs=0.02)
    return told, broken(plan, samples, ending)


@pytest.mark.parametrize("target", ["openai", "rag"])
def test_cold_finds_nothing_and_warm_finds_all(target: str, real_llm: str, service: Backend) -> None:
    provider = at(real_llm) if target == "openai" else at(str(service.http.base_url), llm_url=real_llm)
    by: Any = "nonce" if target == "openai" else "cache_salt"
    cold, why = measured(asked(target, "cold"), provider, Marking(by=by))
    assert (cold.questions, cold.repeated_in_run, why) == (4, 8, [])
    assert cold.hit_ratio.value is not None
    assert cold.hit_ratio.value <= 0.01
    warm, why = measured(asked(target, "warm"), provider, None)
    assert why == []
    assert warm.hit_ratio.value is not None
    assert warm.hit_ratio.value >= 0.95


def test_a_cold_state_that_is_not_made_is_broken(real_llm: str) -> None:
    """Without its marks, a run that repeats questions finds them."""
    found, why = measured(asked("openai", "cold"), at(real_llm), None)
    assert found.hit_ratio.value is not None
    assert found.hit_ratio.value > 0.3
    assert len(why) == 1
    assert "cache.kv was to be cold" in why[0]


def test_a_nonce_of_the_service_stands_ahead_of_all_else() -> None:
    messages = build_messages("why?", [], [], max_chars=0, nonce="n0")
    assert messages[0] == {"role": "system", "content": f"[n0] {SYSTEM}"}
    assert build_messages("why?", [], [], max_chars=0)[0]["content"] == SYSTEM


@pytest.mark.parametrize(
    ("engine", "is_field"), [("vllm", True), ("llamacpp", False), ("sglang", False), (None, False)]
)
def test_the_salt_of_a_query_goes_where_the_llm_takes_it(
    engine: str | None, is_field: bool, fake: FakeLlm, tmp_path: Any
) -> None:
    fake.models = json.dumps({"data": [{"id": "fake-model", "owned_by": engine}]}).encode()
    backend = Backend(data_dir=tmp_path, llm_url=fake.url)
    try:
        backend.stream("why?", k=0, cache_salt="s-1")
        backend.stream("why?", k=0)
    finally:
        backend.close()
    salted, plain = fake.requests
    assert salted.get("cache_salt") == ("s-1" if is_field else None)
    assert salted["messages"][0]["content"].startswith("[s-1] ") is not is_field
    assert "cache_salt" not in plain
    assert plain["messages"][0]["content"] == SYSTEM


@pytest.mark.parametrize("salt", ["", "a b", "x" * 65, "line\nbreak", "é", "[x]", 7])
def test_a_salt_that_is_none_is_refused(salt: Any, service: Backend) -> None:
    answer = service.http.post("/query", json={"query": "why?", "cache_salt": salt})
    assert answer.status_code in (400, 422)
    assert "cache_salt" in answer.text


def test_the_longest_salt_is_taken() -> None:
    assert QueryRequest(query="why?", cache_salt="x" * 64).cache_salt == "x" * 64


def test_the_service_says_that_it_takes_a_salt(service: Backend) -> None:
    assert service.http.get("/info").json()["takes_cache_salt"] is True
