"""Traces of queries, as a receiver of OTLP sees them."""

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from backend.errors import ConfigurationError
from backend.settings import Settings
from backend.telemetry.tracing import open_traces
from ragmeter.clients.observe.otlp import PROTOBUF, spans_of
from ragmeter.core.figures.spans.placing import tree_of
from ragmeter.core.figures.spans.stages import stages_of
from tests.backend.collector import Collector, ReceivedSpan, collector
from tests.backend.documents import GUIDE
from tests.backend.fake_llm import FakeLlm
from tests.backend.running import Backend
from tests.backend.suite import run_suite
from tests.waiting import wait_until

STAGES = ("queue", "embeddings", "retrieval", "chat")


@pytest.fixture(scope="module")
def tracer() -> Iterator[Collector]:
    with collector() as found:
        yield found


@pytest.fixture(scope="module")
def traced(tracer: Collector, real_llm: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """A service on the real LLM that sends every span at once."""
    backend = Backend(
        data_dir=tmp_path_factory.mktemp("traced"),
        llm_url=real_llm,
        RAG_TRACING="1",
        RAG_CONTEXT_MAX_CHARS="300",
        OTEL_EXPORTER_OTLP_ENDPOINT=tracer.url,
        OTEL_BSP_SCHEDULE_DELAY="50",
    )
    try:
        backend.ingest({"guide.md": GUIDE})
        yield backend
    finally:
        backend.close()


def received(tracer: Collector, trace_id: str) -> dict[str, ReceivedSpan]:
    """The spans of a trace once its root has come."""
    return wait_until(lambda: found if "POST" in (found := tracer.trace(trace_id)) else None, 60)


def done_of(events: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    return next(payload for name, payload in events if name == "done")


def test_the_trace_named_in_done_has_a_span_for_each_stage_below_the_request(
    traced: Backend, tracer: Collector
) -> None:
    done = done_of(traced.stream(max_tokens=8))
    spans = received(tracer, done["trace_id"])
    root = spans["POST"]
    assert set(spans) == {"POST", *STAGES}
    assert {spans[stage].parent for stage in STAGES} == {root.span_id}
    assert (root.name, root.attributes["rag.request_id"]) == ("POST /query/stream", done["request_id"])
    assert root.resource["service.name"] == "rag-backend"


def test_spans_are_as_long_as_the_timings_and_within_the_request(traced: Backend, tracer: Collector) -> None:
    done = done_of(traced.stream(max_tokens=8))
    spans, timings = received(tracer, done["trace_id"]), done["timings"]
    for stage, name in (("embeddings", "embedding_ms"), ("retrieval", "retrieval_ms"), ("chat", "inference_ms")):
        span = spans[stage]
        assert (span.ended_ns - span.began_ns) / 1e6 == pytest.approx(timings[name], abs=0.01)
        assert spans["POST"].began_ns <= span.began_ns <= span.ended_ns <= spans["POST"].ended_ns
    ordered = [spans[stage] for stage in STAGES]
    assert all(before.ended_ns <= after.began_ns for before, after in itertools.pairwise(ordered))


def test_stages_by_the_spans_are_those_that_the_answer_tells(traced: Backend, tracer: Collector) -> None:
    caller = "1" * 16
    headers = {"traceparent": f"00-{'4' * 32}-{caller}-01"}
    body = {"query": "What is a token?", "max_tokens": 4}
    told = traced.http.post("/query", json=body, headers=headers).json()["timings"]
    received(tracer, "4" * 32)
    spans = [span for each in tracer.bodies for name, span in spans_of(each, PROTOBUF) if name == "4" * 32]
    found = stages_of(tree_of(spans, caller))
    assert found.faults == ()
    assert found.before_ms["embedding"] == pytest.approx(told["embedding_ms"], abs=0.01)
    assert found.before_ms["retrieval"] == pytest.approx(told["retrieval_ms"], abs=0.01)
    assert found.inference_ttft_ms == pytest.approx(told["inference_ttft_ms"], abs=0.01)
    assert found.inference_ms == pytest.approx(told["inference_ms"], abs=0.01)


def test_a_reranker_has_a_span_with_what_it_got_and_what_was_kept(traced: Backend, tracer: Collector) -> None:
    done = done_of(traced.stream(max_tokens=8, k=1, candidates=2, rerank=True))
    spans = received(tracer, done["trace_id"])
    span = spans["rerank"]
    assert (span.ended_ns - span.began_ns) / 1e6 == pytest.approx(done["timings"]["rerank_ms"], abs=0.01)
    assert spans["retrieval"].ended_ns <= span.began_ns <= span.ended_ns <= spans["chat"].began_ns
    assert (span.attributes["rag.candidates"], span.attributes["rag.documents"]) == (1, 1)


def test_the_span_of_the_llm_has_the_attributes_of_the_semantic_conventions(
    traced: Backend, tracer: Collector, real_llm: str
) -> None:
    done = done_of(traced.stream(max_tokens=8))
    chat = received(tracer, done["trace_id"])["chat"]
    assert chat.name == f"chat {done['model_id']}"
    told = {name.removeprefix("gen_ai."): value for name, value in chat.attributes.items()}
    assert told.pop("response.time_to_first_chunk") == pytest.approx(
        done["timings"]["inference_ttft_ms"] / 1e3, abs=1e-5
    )
    server = urlsplit(real_llm)
    assert told == {
        "operation.name": "chat",
        "provider.name": "openai",
        "server.address": server.hostname,
        "server.port": server.port,
        "request.model": done["model_id"],
        "request.stream": True,
        "request.max_tokens": 8,
        "request.temperature": 0,
        "request.top_p": 1,
        "response.model": done["model_id"],
        "response.finish_reasons": [done["finish_reason"]],
        "usage.input_tokens": done["prompt_tokens"],
        "usage.output_tokens": done["token_count"],
    }


def test_no_span_has_the_text_of_a_query_or_an_answer(traced: Backend, tracer: Collector) -> None:
    done = done_of(traced.stream("Is xyzzy a token?", max_tokens=8))
    assert "xyzzy" not in repr(received(tracer, done["trace_id"]))


def test_the_report_of_a_run_links_its_slowest_requests_to_the_traces_that_the_tracer_got(
    traced: Backend, tracer: Collector, tmp_path: Path
) -> None:
    samples = run_suite(tmp_path, traced.url, requests=6, trace_url="https://tracer.example/trace/{trace_id}")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert len(samples) == 6
    for sample in samples:
        assert received(tracer, sample.trace_id or "")["POST"].attributes["rag.request_id"] == sample.request_id
        assert f'href="https://tracer.example/trace/{sample.trace_id}"' in page


def test_a_request_joins_the_trace_of_its_caller(traced: Backend, tracer: Collector) -> None:
    caller = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{caller}-b7ad6b7169203331-01"}
    answer = traced.http.post("/query", json={"query": "What is a token?", "max_tokens": 4}, headers=headers).json()
    assert answer["trace_id"] == caller
    assert received(tracer, caller)["POST"].parent == "b7ad6b7169203331"


def test_a_failed_query_has_a_failed_trace_without_the_stages_it_did_not_reach(
    traced: Backend, tracer: Collector
) -> None:
    error = traced.http.post("/query", json={"query": "x", "docset": "nowhere"}).json()
    spans = received(tracer, error["trace_id"])
    assert set(spans) == {"POST"}
    assert (spans["POST"].failed, spans["POST"].attributes["error.type"]) == (True, "unknown_docset")


@pytest.fixture
def on_the_fake(tracer: Collector, shared_fake: FakeLlm, tmp_path: Path) -> Iterator[Backend]:
    """A service on the fake LLM, which shows the headers that it gets. Only sampled callers are traced."""
    shared_fake.reset()
    backend = Backend(
        data_dir=tmp_path,
        llm_url=shared_fake.url,
        RAG_TRACING="1",
        OTEL_TRACES_SAMPLER="parentbased_always_off",
        OTEL_EXPORTER_OTLP_ENDPOINT=tracer.url,
        OTEL_BSP_SCHEDULE_DELAY="50",
    )
    try:
        yield backend
    finally:
        backend.close()


def query(backend: Backend, **headers: str) -> None:
    assert backend.http.post("/query", json={"query": "x", "k": 0}, headers=headers).status_code == 200


def test_the_llm_is_told_of_the_span_that_waits_for_it(
    on_the_fake: Backend, tracer: Collector, shared_fake: FakeLlm
) -> None:
    query(on_the_fake, traceparent=f"00-{'5' * 32}-{'6' * 16}-01", tracestate="vendor=1")
    chat = received(tracer, "5" * 32)["chat"]
    (told,) = shared_fake.headers
    assert told["traceparent"] == f"00-{'5' * 32}-{chat.span_id}-01"
    assert told["tracestate"] == "vendor=1"


def test_an_llm_that_fails_has_a_failed_span(on_the_fake: Backend, tracer: Collector, shared_fake: FakeLlm) -> None:
    shared_fake.script = lambda reply: reply.answer(500, {"error": {"message": "out of memory"}})
    headers = {"traceparent": f"00-{'7' * 32}-{'6' * 16}-01"}
    assert on_the_fake.http.post("/query", json={"query": "x", "k": 0}, headers=headers).status_code == 502
    spans = received(tracer, "7" * 32)
    assert [spans[name].attributes["error.type"] for name in ("POST", "chat")] == ["llm_status"] * 2
    assert spans["chat"].failed


def test_a_query_that_the_sampler_leaves_out_names_no_trace_and_the_llm_leaves_it_out_too(
    on_the_fake: Backend, shared_fake: FakeLlm
) -> None:
    done = done_of(on_the_fake.stream(k=0))
    assert done["trace_id"] is None
    (told,) = shared_fake.headers
    flags = int(told["traceparent"].rpartition("-")[2], 16)
    assert flags & 1 == 0, "the bit `sampled`"


def test_tracing_is_off_unless_it_is_asked_for(fake_service: Backend, fake: FakeLlm) -> None:
    assert open_traces(Settings.from_environ({}), "1") is None
    query(fake_service, traceparent=f"00-{'8' * 32}-{'6' * 16}-01")
    assert done_of(fake_service.stream(k=0))["trace_id"] is None
    assert [told for told in fake.headers if "traceparent" in told] == []


def test_tracing_without_its_packages_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ConfigurationError, match=r"RAG_TRACING: needs the packages of 'ragmeter\[otel\]'"):
        open_traces(Settings.from_environ({"RAG_TRACING": "1"}), "1")
