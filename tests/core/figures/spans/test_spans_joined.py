"""Requests with what their spans tell."""

from dataclasses import replace

import pytest

from ragmeter.core.figures.attribution import attribute
from ragmeter.core.figures.spans.joined import OTHERS, traced_of, with_spans
from ragmeter.core.figures.spans.records import Received, SpanTold, Trace
from ragmeter.core.requests.records import RequestSample, ServerTimings
from ragmeter.core.requests.stage_names import MOST_STAGES
from tests.core.figures.spans.made import CALLER, root, span
from tests.core.samples import sample

TRACE_ID = "ab" * 8 + CALLER
CAME = Received(address="http://127.0.0.1:4318", spans=3)
SPANS = (root(90), span("rerank", 10, 50), span("chat m", 60, 90, operation="chat", first_ms=20))


def traced(**fields: object) -> RequestSample:
    return replace(sample(), sent_trace_id=TRACE_ID, **fields)  # type: ignore[arg-type]


def joined(one: RequestSample, *spans: SpanTold) -> RequestSample:
    (found,) = with_spans([one], [Trace(trace_id=TRACE_ID, spans=spans)])
    return found


def test_what_the_service_did_not_tell_is_of_the_spans_and_the_waterfall_adds_up() -> None:
    found = joined(traced(), *SPANS)
    assert found.trace_id == TRACE_ID
    assert dict(found.timings.further) == pytest.approx({"rerank": 40})
    assert (found.timings.ttft_ms, found.timings.inference_ttft_ms) == (80, 20)
    waterfall = attribute([found])
    assert waterfall is not None
    assert {at.name: round(at.mean_ms, 6) for at in waterfall.stages} == {
        "rerank": 40,
        "llm_first_token": 20,
        "backend_rest": 20,
        "unexplained": 20,
    }
    assert sum(at.mean_ms for at in waterfall.stages) == pytest.approx(waterfall.ttft_mean_ms)


def test_what_it_told_itself_comes_first() -> None:
    own = ServerTimings(retrieval_ms=41.0, inference_ttft_ms=19.0, ttft_ms=79.0)
    timings = joined(traced(timings=own), *SPANS).timings
    assert (timings.retrieval_ms, timings.inference_ttft_ms, timings.ttft_ms) == (41.0, 19.0, 79.0)
    assert timings.further == (), "nobody says whether its retrieval holds the reranking"
    assert timings.total_ms == 90


def test_twice_is_as_once() -> None:
    once = joined(traced(), *SPANS)
    assert joined(once, *SPANS) == once


def test_a_trace_that_the_service_began_itself_is_found_by_its_word() -> None:
    own = replace(sample(), trace_id="cd" * 16, sent_trace_id=TRACE_ID)
    (found,) = with_spans([own], [Trace(trace_id="cd" * 16, spans=(replace(SPANS[0], parent_id=""), *SPANS[1:]))])
    assert found.trace_id == "cd" * 16
    assert found.timings.ttft_ms == 80


def test_spans_that_tell_more_than_the_client_saw_are_not_used() -> None:
    late = (root(400), span("rerank", 10, 300), span("chat m", 310, 400, operation="chat", first_ms=20))
    assert joined(traced(), *late).timings == ServerTimings()
    found = traced_of([traced()], [Trace(trace_id=TRACE_ID, spans=late)], CAME)
    assert found is not None
    assert any("later by their spans than the client saw it" in note for note in found.notes)


def test_of_very_many_stages_the_shortest_are_one() -> None:
    many = [span(f"step {number}", number, number + 1 + number / 100) for number in range(30)]
    found = joined(traced(), root(90), span("chat m", 60, 90, operation="chat", first_ms=20), *many).timings
    assert len(found.further) == MOST_STAGES
    assert found.further[-1][0] == OTHERS
    assert sum(ms for _, ms in found.further) == pytest.approx(30.29)


def test_what_is_said_of_requests_with_spans_and_of_those_without() -> None:
    bare = replace(sample(index=1), sent_trace_id="0" * 31 + "1")
    found = traced_of([traced(), bare], [Trace(trace_id=TRACE_ID, spans=SPANS)], replace(CAME, refused={"400, bad": 2}))
    assert found is not None
    assert (found.requests, found.joined, found.spans, found.services) == (2, 1, 3, ("rag",))
    assert [(at.name, at.requests) for at in found.stages] == [("rerank", 1), ("llm", 1)]
    assert found.notes == (
        "1 of 2 requests have no span: they were not sampled, or came too late",
        "2 bodies were refused: 400, bad",
    )


def test_nothing_is_said_where_nobody_listened_and_the_reason_where_nothing_came() -> None:
    assert traced_of([sample()], [], None) is None
    nothing = traced_of([traced()], [], CAME)
    assert nothing is not None
    assert (nothing.joined, nothing.stages) == (0, ())
    assert nothing.notes[0].endswith("does the service send them here, and take over traceparent?")
