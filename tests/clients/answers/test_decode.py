"""From bytes to a sample, without a network: verdicts, their order, and that cutting the bytes changes nothing."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.clients.answers.decode import decode
from ragmeter.clients.answers.dialects import Dialect, OpenAiDialect, RagDialect
from ragmeter.clients.connection.transport import Exchange
from ragmeter.core.inputs.talks import Talk
from ragmeter.core.requests.records import ErrorClass, Phase, RequestSample, TokenSource
from ragmeter.testing import ODDITIES, Contract
from ragmeter.testing.response import plan_for

DIALECTS: dict[Contract, Dialect] = {Contract.RAG: RagDialect(), Contract.OPENAI: OpenAiDialect(model="any")}
CASES = [(name, contract) for name, oddity in ODDITIES.items() for contract in oddity.contracts if name != "gzip"]
SSE = (("content-type", "text/event-stream"), ("transfer-encoding", "chunked"))


def exchange(*chunks: bytes, **changes: object) -> Exchange:
    """A complete response whose chunk n came at n ms."""
    dated = tuple((n * 1_000_000, chunk) for n, chunk in enumerate(chunks, start=1))
    whole = Exchange(sent_ns=0, status=200, headers=SSE, chunks=dated, ended_ns=900_000_000, deadline_ns=1_000_000_000)
    return replace(whole, **changes)  # type: ignore[arg-type]


def judged(answer: Exchange, contract: Contract = Contract.RAG) -> RequestSample:
    return decode(answer, DIALECTS[contract], index=3, phase=Phase.MEASURED, scheduled_ns=0, origin_ns=0)


def frame(event: str, **payload: object) -> bytes:
    return f"event: {event}\ndata: {json.dumps(payload)}\n\n".encode()


def chunk(**payload: object) -> bytes:
    return f"data: {json.dumps(payload)}\n\n".encode()


TOKEN = frame("token", text="word")
DONE = frame("done", token_count=1)
TEXT = chunk(choices=[{"index": 0, "delta": {"content": "word"}}])
STOP = chunk(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])


META = frame("meta", request_id="r")


@pytest.mark.parametrize(
    ("chunks", "exact_chunks", "inexact"),
    [
        ((META, TOKEN, TOKEN, DONE), {0, 1, 2}, []),
        ((META, TOKEN + TOKEN, DONE), {0, 1}, [0]),  # the first of two in one read
        ((META, TOKEN, TOKEN, DONE), {0, 2}, [0]),  # the first token shares its read with the second
        ((META, TOKEN + TOKEN[:9], TOKEN[9:], DONE), {0, 1, 2}, [0]),  # the first is followed by part of the second
        ((META, TOKEN + b": ping\n\n", TOKEN, DONE), {0, 1, 2}, [0]),  # the ping may have come later
        ((META, TOKEN.replace(b"\n", b"\r\n")[:-1], b"\n" + TOKEN, DONE), {0, 1, 2}, []),
        ((META, TOKEN, DONE), set(), [0]),
    ],
)
def test_event_is_exact_when_it_ends_a_chunk_that_is_and_has_the_width_of_its_chunk_otherwise(
    chunks: tuple[bytes, ...], exact_chunks: set[int], inexact: list[int]
) -> None:
    """Chunk n came at n ms, and began to come 100 + n ns before."""
    earliest = tuple(n * 1_000_000 - 100 - n for n in range(1, len(chunks) + 1))
    sample = judged(exchange(*chunks, earliest_ns=earliest, exact_chunks=frozenset(exact_chunks)))
    widths = {event: 100 + at_ns // 1_000_000 for event, at_ns in enumerate(sample.events_ns)}
    assert sample.inexact_events == tuple((event, widths[event]) for event in inexact)


def test_events_of_a_chunk_that_came_at_once_are_all_exact() -> None:
    answer = exchange(META, TOKEN + TOKEN, DONE, earliest_ns=(1_000_000, 2_000_000, 3_000_000))
    assert judged(answer).inexact_events == ()


def test_clock_that_cannot_say_leaves_open_what_is_exact() -> None:
    assert judged(exchange(META, TOKEN, DONE)).inexact_events is None


@given(case=st.sampled_from(CASES), data=st.data())
def test_cutting_the_body_anywhere_gives_the_same_counts(case: tuple[str, Contract], data: st.DataObject) -> None:
    name, contract = case
    plan = plan_for(ODDITIES[name].script, contract, request_id="r", usage=True)
    cuts = data.draw(st.lists(st.integers(0, len(plan.body)), max_size=12).map(sorted))
    bounds = [0, *cuts, len(plan.body)]
    pieces = [plan.body[start:stop] for start, stop in pairwise(bounds)]
    long_ago = {"sent_ns": -(10**9)}
    whole, cut = judged(exchange(plan.body, **long_ago), contract), judged(exchange(*pieces, **long_ago), contract)
    said = ("error", "output_tokens", "prompt_tokens", "answer_chars", "events_tokens", "documents", "timings")
    assert [getattr(cut, name) for name in said] == [getattr(whole, name) for name in said]
    assert len(cut.events_ns) == len(whole.events_ns)


@pytest.mark.parametrize(
    ("answer", "contract", "error"),
    [
        (exchange(TOKEN, DONE), Contract.RAG, None),
        (exchange(TOKEN, DONE, headers=()), Contract.RAG, None),
        (exchange(TOKEN, DONE, failure=(ErrorClass.TRUNCATED, "cut")), Contract.RAG, None),
        (exchange(TOKEN, DONE, failure=(ErrorClass.TIMEOUT, "late")), Contract.RAG, None),
        (exchange(TOKEN, DONE, deadline_ns=1_500_000), Contract.RAG, ErrorClass.TIMEOUT),
        (exchange(TOKEN, failure=(ErrorClass.TIMEOUT, "late")), Contract.RAG, ErrorClass.TIMEOUT),
        (exchange(TOKEN, failure=(ErrorClass.INTERRUPTED, "Ctrl-C")), Contract.RAG, ErrorClass.INTERRUPTED),
        (exchange(status=None, failure=(ErrorClass.TLS, "expired")), Contract.RAG, ErrorClass.TLS),
        (exchange(TOKEN), Contract.RAG, ErrorClass.TRUNCATED),
        (exchange(frame("meta", documents=[])), Contract.RAG, ErrorClass.TRUNCATED),
        (exchange(DONE), Contract.RAG, ErrorClass.EMPTY),
        (exchange(), Contract.RAG, ErrorClass.EMPTY),
        (exchange(b": ping\n\n"), Contract.RAG, ErrorClass.EMPTY),
        (exchange(status=204), Contract.RAG, ErrorClass.EMPTY),
        (exchange(TOKEN, DONE, status=500), Contract.RAG, ErrorClass.HTTP_STATUS),
        (exchange(b"x", status=502, failure=(ErrorClass.TRUNCATED, "cut")), Contract.RAG, ErrorClass.HTTP_STATUS),
        (exchange(frame("error", message="no")), Contract.RAG, ErrorClass.ERROR_EVENT),
        (exchange(b"event: error\ndata: no JSON\n\n"), Contract.RAG, ErrorClass.ERROR_EVENT),
        (
            exchange(frame("error", message="no"), failure=(ErrorClass.TRUNCATED, "cut")),
            Contract.RAG,
            ErrorClass.ERROR_EVENT,
        ),
        (exchange(b"event: token\ndata: [1]\n\n", DONE), Contract.RAG, ErrorClass.PROTOCOL),
        (exchange(b"event: token\ndata: " + b"[" * 100_000 + b"\n\n", DONE), Contract.RAG, ErrorClass.PROTOCOL),
        (exchange(TEXT, STOP), Contract.RAG, ErrorClass.PROTOCOL),
        (exchange(TOKEN, DONE), Contract.OPENAI, ErrorClass.PROTOCOL),
        (exchange(TEXT, STOP), Contract.OPENAI, None),
        (exchange(TEXT, STOP, failure=(ErrorClass.TRUNCATED, "cut")), Contract.OPENAI, None),
        (exchange(TEXT, b"data: [DONE]\n\n"), Contract.OPENAI, None),
        (exchange(TEXT), Contract.OPENAI, ErrorClass.TRUNCATED),
        (exchange(chunk(error={"message": "no"})), Contract.OPENAI, ErrorClass.ERROR_EVENT),
        (exchange(chunk(object="error", message="no")), Contract.OPENAI, ErrorClass.ERROR_EVENT),
        (exchange(b"event: error\ndata: no JSON\n\n"), Contract.OPENAI, ErrorClass.ERROR_EVENT),
    ],
)
def test_first_thing_that_went_wrong_is_the_verdict(
    answer: Exchange, contract: Contract, error: ErrorClass | None
) -> None:
    sample = judged(answer, contract)
    assert sample.error is error, sample.error_message
    assert bool(sample.error_message) == (error is not None)


def test_success_ends_with_its_terminal_event_not_with_the_connection() -> None:
    assert judged(exchange(TOKEN, DONE)).ended_ns == 2_000_000
    assert judged(exchange(TEXT, STOP, b"data: [DONE]\n\n"), Contract.OPENAI).ended_ns == 3_000_000


def test_time_that_a_response_stays_open_after_its_end_is_kept_apart() -> None:
    assert judged(exchange(TOKEN, DONE)).lingered_ns == 898_000_000
    assert judged(exchange(TOKEN)).lingered_ns is None


def test_failure_ends_where_it_happened() -> None:
    assert judged(exchange(TOKEN, frame("error", message="no"), TOKEN)).ended_ns == 2_000_000
    assert judged(exchange(TOKEN)).ended_ns == 900_000_000


def test_nothing_is_read_after_the_end() -> None:
    assert len(judged(exchange(TOKEN, DONE, TOKEN)).events_ns) == 1
    assert len(judged(exchange(TOKEN, frame("error", message="no"), TOKEN, DONE)).events_ns) == 1


def test_clock_readings_are_relative_to_the_origin() -> None:
    answer = exchange(frame("meta", documents=[{"id": "a"}]), TOKEN, DONE, connect_ns=5)
    sample = decode(
        answer,
        RagDialect(),
        index=0,
        phase=Phase.WARMUP,
        trial=2,
        prompt_index=4,
        scheduled_ns=-1_000,
        origin_ns=-2_000,
    )
    assert (sample.scheduled_ns, sample.sent_ns, sample.connect_ns) == (1_000, 2_000, 5)
    assert (sample.first_source_ns, sample.events_ns, sample.ended_ns) == (1_002_000, (2_002_000,), 3_002_000)
    assert (sample.phase, sample.trial, sample.prompt_index) == (Phase.WARMUP, 2, 4)


def test_source_list_without_documents_is_no_source() -> None:
    assert judged(exchange(frame("meta", documents=[]), TOKEN, DONE)).first_source_ns is None


@pytest.mark.parametrize("count", [None, 0])
def test_count_that_was_not_made_is_replaced_by_that_of_the_events(count: object) -> None:
    sample = judged(exchange(TOKEN, frame("done", token_count=count, prompt_tokens=count)))
    assert sample.ok
    assert (sample.output_tokens, sample.token_source) == (1, TokenSource.DELTAS)
    assert sample.prompt_tokens is None
    assert bool(sample.refused) == (count == 0)


@pytest.mark.parametrize("count", [-1, "7", 7.5, True, float("nan"), float("inf"), 10**400, [7], {"n": 7}])
def test_count_that_cannot_be_is_no_figure_and_is_said(count: object) -> None:
    sample = judged(exchange(TOKEN, frame("done", token_count=count, prompt_tokens=count)))
    assert sample.ok
    assert (sample.output_tokens, sample.prompt_tokens) == (None, None)
    assert [words.partition(":")[0] for words in sample.refused] == ["prompt_tokens", "token_count"]


PAIR = frame("token", text="two words", n=2)
THOUGHT = chunk(choices=[{"index": 0, "delta": {"reasoning_content": "hm"}}])
USAGE = chunk(choices=[], usage={"completion_tokens": 9, "prompt_tokens": 3})
UNCOUNTED = frame("done", finish_reason="stop")
TTFT = frame("ttft", ttft_ms=12.5)


@pytest.mark.parametrize(
    ("chunks", "contract", "tokens", "source"),
    [
        ((TOKEN, TOKEN, frame("done", token_count=5)), Contract.RAG, 5, TokenSource.USAGE),
        ((PAIR, PAIR, UNCOUNTED), Contract.RAG, 4, TokenSource.USAGE),  # the LLM said what each event carries
        ((PAIR, TOKEN, UNCOUNTED), Contract.RAG, 2, TokenSource.DELTAS),
        ((TOKEN, TOKEN, TOKEN, UNCOUNTED), Contract.RAG, 3, TokenSource.DELTAS),
        ((TTFT, TOKEN, TOKEN, frame("done", token_count=2)), Contract.RAG, 2, TokenSource.DELTAS),
        ((TEXT, TEXT, STOP, USAGE), Contract.OPENAI, 9, TokenSource.USAGE),
        ((TEXT, TEXT, STOP), Contract.OPENAI, 2, TokenSource.DELTAS),
        ((THOUGHT, THOUGHT, TEXT, STOP), Contract.OPENAI, 3, TokenSource.DELTAS),  # as a usage block counts them
        ((TOKEN, TOKEN), Contract.RAG, None, TokenSource.USAGE),  # cut: nobody knows how many there would have been
    ],
)
def test_tokens_are_counted_by_usage_and_without_it_by_deltas(
    chunks: tuple[bytes, ...], contract: Contract, tokens: int | None, source: TokenSource
) -> None:
    sample = judged(exchange(*chunks), contract)
    assert (sample.output_tokens, sample.token_source) == (tokens, source)


@pytest.mark.parametrize("value", [None, -0.5, "3", True, float("nan"), float("inf")])
def test_stage_time_that_is_none_is_not_known(value: object) -> None:
    sample = judged(exchange(TOKEN, frame("done", timings={"queue_ms": value, "total_ms": 2, "new_ms": 1})))
    assert sample.timings.queue_ms is None
    assert sample.timings.total_ms == 2.0


@pytest.mark.parametrize(
    ("told_ms", "sent_ns", "is_known"),
    [
        (2.0, 0, True),
        (3.0, 0, True),
        (3.1, 0, False),
        (99_999.0, 0, False),
        (0.0, 0, True),
        (1_010.0, -998_000_000, True),
        (1_012.0, -998_000_000, False),
        (99_999.0, None, True),
    ],
)
def test_a_stage_that_took_longer_than_the_request_is_no_figure(
    told_ms: float, sent_ns: int | None, is_known: bool
) -> None:
    """The answer ends at 2 ms: two machines may differ by a part in a hundred, and by a millisecond."""
    answer = exchange(
        TOKEN, frame("done", token_count=1, timings={"queue_ms": told_ms, "total_ms": 1}), sent_ns=sent_ns
    )
    sample = judged(answer)
    assert sample.timings.queue_ms == (told_ms if is_known else None)
    assert sample.timings.total_ms == 1.0
    assert sample.refused == (() if is_known else ("timings.queue_ms: longer than the whole request",))


def test_tokens_of_events_are_known_only_when_each_event_says_so() -> None:
    two = frame("token", text="a b", n=2)
    done = frame("done", token_count=4)
    assert judged(exchange(two, two, done)).events_tokens == (2, 2)
    assert judged(exchange(two, TOKEN, done)).events_tokens is None


def test_role_reasoning_and_empty_deltas_are_not_the_first_token() -> None:
    deltas: list[object] = [
        {"role": "assistant", "content": ""},
        {"reasoning_content": "hm", "reasoning": "hm"},
        {"content": None},
        None,
    ]
    chunks = [chunk(choices=[{"index": 0, "delta": delta}]) for delta in deltas]
    sample = judged(exchange(*chunks, chunk(choices=[]), chunk(choices=None), TEXT, STOP), Contract.OPENAI)
    assert sample.events_ns == (7_000_000,)
    assert (sample.answer_chars, sample.reasoning_chars) == (4, 2)


def test_servers_own_words_are_cut_at_200_characters() -> None:
    for answer in (exchange(b"x" * 5_000, status=500), exchange(frame("error", message="y" * 5_000))):
        message = judged(answer).error_message
        assert message is not None
        assert 200 <= len(message) <= 240


def test_error_message_holds_nothing_that_a_terminal_obeys_or_utf8_cannot_hold() -> None:
    message = judged(exchange(frame("error", message="a\x1b[31m\r\nb\ud83d"))).error_message
    assert message == "a [31m b?"
    assert judged(exchange(TOKEN, frame("done", request_id="\ud83d"))).request_id == "?"


def test_request_id_of_a_failure_is_that_of_its_header() -> None:
    assert judged(exchange(b"", status=500, headers=(("x-request-id", "abc"),))).request_id == "abc"


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    ("answer", "trace_id"),
    [
        (exchange(META, TOKEN, frame("done", trace_id=TRACE)), TRACE),
        (exchange(frame("meta", trace_id=TRACE), TOKEN), TRACE),
        (exchange(frame("error", message="lost", trace_id=TRACE)), TRACE),
        (exchange(json.dumps({"message": "full", "trace_id": TRACE}).encode(), status=503), TRACE),
        (exchange(b'{"trace_id": 7}', status=503), None),
        (exchange(b"[1]", status=503), None),
        (exchange(b"<html>", status=503), None),
        (exchange(b"[" * 100_000, status=503), None),
        (exchange(META, TOKEN, DONE), None),
    ],
    ids=["done", "meta", "error event", "refusal", "number", "list", "page", "nested", "untraced"],
)
def test_a_sample_names_the_trace_that_its_answer_named(answer: Exchange, trace_id: str | None) -> None:
    assert judged(answer).trace_id == trace_id


def test_rag_request_leaves_to_the_server_what_is_not_set() -> None:
    talk = Talk(session_id="s", turn=1)
    request = RagDialect(k=3, docset="docs", max_tokens=64).request("Was läuft?", max_tokens=8, talk=talk)
    assert json.loads(request.body) == {
        "query": "Was läuft?",
        "k": 3,
        "docset": "docs",
        "max_tokens": 8,
        "session_id": "s",
    }
    assert json.loads(RagDialect().request("q").body) == {"query": "q"}
    assert (request.method, request.path) == ("POST", "/query/stream")


def test_openai_request_asks_for_usage_and_forces_the_length_only_when_told() -> None:
    plain = json.loads(OpenAiDialect(model="m", max_tokens=9).request("q").body)
    assert plain == {
        "model": "m",
        "messages": [{"role": "user", "content": "q"}],
        "max_tokens": 9,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    forced = json.loads(OpenAiDialect(model="m", body={"min_tokens": 9, "ignore_eos": True}).request("q").body)
    assert (forced["min_tokens"], forced["ignore_eos"]) == (9, True)


def test_keys_of_the_body_are_replaced_and_left_out_as_the_manifest_says() -> None:
    body = {"max_tokens": None, "max_completion_tokens": 200, "temperature": None, "stream_options": None}
    dialect = OpenAiDialect(model="m", max_tokens=9, body=body)
    asked = {"model": "m", "messages": [{"role": "user", "content": "q"}], "stream": True}
    assert json.loads(dialect.request("q").body) == {**asked, "max_completion_tokens": 200}
    assert json.loads(dialect.request("q", max_tokens=7).body) == {**asked, "max_completion_tokens": 7}


def test_token_in_a_header_is_not_shown() -> None:
    dialect = RagDialect(headers=(("authorization", "Bearer secret"),))
    assert "secret" not in repr(dialect) + repr(dialect.request("q"))
    assert ("authorization", "Bearer secret") in dialect.request("q").headers
