"""How long each stage took by the spans of one request."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.figures.spans.placing import tree_of
from ragmeter.core.figures.spans.records import SpanTold
from ragmeter.core.figures.spans.stages import AT_ONCE, BEYOND, NO_FIRST, NO_MODEL, SpanStages, stages_of
from tests.core.figures.spans.made import CALLER, root, span


def told(*spans: SpanTold) -> SpanStages:
    return stages_of(tree_of(spans, CALLER))


def near(expected: dict[str, float]) -> object:
    return pytest.approx(expected, abs=1e-6)


CHAT = span("chat m", 60, 100, operation="chat", first_ms=15)


def test_stages_before_the_first_text_and_after_it() -> None:
    found = told(
        root(110),
        span("rewrite query", 2, 12),
        span("fuse results", 12, 32),
        span("embed", 14, 20, parent="fuse results"),
        CHAT,
        span("guard", 100, 108),
    )
    assert found.before_ms == near({"query_rewrite": 10, "fuse_results": 14, "embedding": 6})
    assert found.after_ms == near({"guard": 8})
    assert (found.ttft_ms, found.total_ms) == (75, 110)
    assert (found.inference_ttft_ms, found.inference_ms) == (15, 40)
    assert found.faults == ()


def test_an_event_says_the_first_text_too() -> None:
    call = span("chat m", 60, 100, operation="chat")
    marked = span("chat m", 60, 100, operation="chat", first_text_ns=call.began_ns + 21_000_000)
    assert told(root(100), marked).ttft_ms == 81


def test_without_it_stages_count_until_the_llm_was_asked() -> None:
    found = told(root(100), span("rerank", 10, 50), span("chat m", 60, 100, operation="chat"))
    assert found.before_ms == near({"rerank": 40})
    assert (found.ttft_ms, found.inference_ttft_ms, found.inference_ms) == (None, None, 40)
    assert found.faults == (NO_FIRST,)


def test_without_an_llm_nobody_says_what_comes_before_the_first_text() -> None:
    found = told(root(100), span("rerank", 10, 50))
    assert (found.before_ms, found.after_ms) == ({}, near({"rerank": 40}))
    assert found.faults == (NO_MODEL,)


def test_of_stages_at_the_same_time_the_one_that_ends_last_was_waited_for() -> None:
    found = told(root(100), span("bm25", 10, 30), span("vector_search", 10, 50), CHAT)
    assert found.before_ms == near({"retrieval": 40})
    assert found.faults == (AT_ONCE,)
    uneven = told(root(100), span("bm25", 5, 30), span("vector_search", 10, 50), CHAT)
    assert uneven.before_ms == near({"bm25": 5, "retrieval": 40})


def test_clocks_that_differ_by_an_hour_change_nothing() -> None:
    def spans(skew_ms: float) -> Sequence[SpanTold]:
        remote: dict[str, Any] = {"origin": "reranker 7", "skew_ms": skew_ms}
        return (
            root(110),
            span("POST", 10, 50, kind="client", path="/rerank"),
            span("POST /rerank", 12, 44, own="far", parent="POST", kind="server", **remote),
            span("tokenize", 14, 20, parent="far", **remote),
            CHAT,
        )

    found = told(*spans(3_600_000.0))
    assert found == told(*spans(0.0)) == told(*spans(-5.0))
    assert found.before_ms == near({"rerank": 40})
    assert found.faults == ()


def test_one_of_another_process_that_is_longer_than_its_parent_counts_as_long_as_that() -> None:
    far = span("odd stage", 0, 5_000, parent="POST", origin="far 1")
    found = told(root(100), span("POST", 10, 50, kind="client"), far, CHAT)
    assert found.before_ms == near({"odd_stage": 40})
    assert found.faults == (
        "have a span of another process that is longer than what called it: it counts as long as that",
    )


def test_a_span_whose_parent_did_not_come_is_a_part_of_the_request() -> None:
    here = told(root(100), span("rerank", 10, 50, parent="lost"), CHAT)
    assert here.before_ms == near({"rerank": 40})
    fault = "have a span whose parent did not come: it counts as a part of the request"
    assert here.faults == (fault,)
    far = told(root(100), span("rerank", 10, 50, parent="lost", origin="far 1", skew_ms=1e6), CHAT)
    assert (far.before_ms, far.after_ms) == ({}, near({"rerank": 40})), "nobody knows when it was"


def test_without_the_span_of_the_request_stages_have_lengths_alone() -> None:
    found = told(span("rerank", 10, 50, parent="lost"), span("chat m", 60, 100, parent="lost", operation="chat"))
    assert (found.ttft_ms, found.total_ms, found.inference_ms) == (None, None, 40)
    assert found.after_ms == near({"rerank": 40})
    assert found.faults == ("have no span of the whole request: its stages have lengths and no place",)


def test_what_goes_on_after_the_request_is_left_out() -> None:
    found = told(root(100), CHAT, span("write log", 95, 900))
    assert found.after_ms == near({"write_log": 5})
    assert found.faults == (AT_ONCE, BEYOND)


def test_a_call_that_does_not_make_the_answer_is_a_part_of_the_stage_that_made_it() -> None:
    inside = span("chat small", 5, 25, parent="rewrite query", operation="chat")
    assert told(root(100), span("rewrite query", 2, 30), inside, CHAT).before_ms == near({"query_rewrite": 28})
    alone = span("chat small", 5, 25, operation="chat")
    assert told(root(100), alone, CHAT).before_ms == near({"other_llm": 20})


def test_the_llm_servers_own_span_tells_queue_and_prefill() -> None:
    vllm = span(
        "llm_request",
        61,
        99,
        parent="chat m",
        origin="vllm 1",
        skew_ms=-777,
        seconds={"gen_ai.latency.time_in_queue": 0.004, "gen_ai.latency.time_in_model_prefill": 0.009},
    )
    found = told(root(100), CHAT, vllm)
    assert (found.llm_queue_ms, found.llm_prefill_ms, found.llm_decode_ms) == (4, 9, None)
    assert found.inference_ms == 40


def test_bad_spans_are_left_out_and_said() -> None:
    circle = (span("a", 1, 2, parent="b", own="a"), span("b", 1, 2, parent="a", own="b"))
    found = told(root(100), CHAT, CHAT, span("backwards", 50, 40), *circle)
    assert found.before_ms == {}
    assert found.faults == (
        "have a span that came twice: it counts once",
        "have a span that ends before it begins: it is left out",
        "have a span beside that of the request, or in a circle of parents: it is left out",
    )


def test_nothing_is_told_by_no_span() -> None:
    assert told() == SpanStages(faults=("have no span of the whole request: its stages have lengths and no place",))


@given(
    st.lists(
        st.tuples(st.integers(0, 150), st.integers(0, 80), st.integers(-1, 8), st.sampled_from(["", "far"])), max_size=9
    ),
    st.integers(0, 40),
)
def test_no_moment_counts_twice(drawn: list[tuple[int, int, int, str]], first_ms: int) -> None:
    spans = [
        span(
            f"stage {number}",
            began,
            began + length,
            own=f"s{number}",
            parent="root" if above < 0 or above >= number else f"s{above}",
            origin=f"{far}{number}" if far else "rag 1",
        )
        for number, (began, length, above, far) in enumerate(drawn)
    ]
    found = told(root(200), span("chat m", 60, 100, operation="chat", first_ms=first_ms), *spans)
    assert found.ttft_ms == 60 + first_ms
    before_ms = sum(found.before_ms.values()) + (found.inference_ttft_ms or 0)
    after_ms = sum(found.after_ms.values()) + (found.inference_ms or 0) - (found.inference_ttft_ms or 0)
    assert before_ms <= found.ttft_ms + 1e-6
    assert before_ms + after_ms <= 200 + 1e-6
    assert min([0.0, *found.before_ms.values(), *found.after_ms.values()]) == 0
