"""Every kind of frame, place and end of a described target, and how its failures are judged."""

import json
from typing import Any

import pytest

from ragmeter.clients.answers.described import described_dialect
from ragmeter.clients.answers.dialects import OpenAiDialect, RagDialect
from ragmeter.core.inputs.talks import Talk
from ragmeter.core.requests.records import ErrorClass, RequestSample, TokenSource
from ragmeter.run.plan.catalog import load_target
from tests.clients.answers.answering import MS, answer, dialect_named, read


def target(**answer_keys: Any) -> dict[str, Any]:
    return {"path": "/ask", "body": {"q": "{prompt}"}, "answer": answer_keys}


def sse(*payloads: Any) -> list[bytes]:
    texts = (payload if isinstance(payload, str) else json.dumps(payload) for payload in payloads)
    return [f"data: {text}\n\n".encode() for text in texts]


def named(name: str, payload: Any) -> bytes:
    return f"event: {name}\n".encode() + sse(payload)[0]


def lines(*payloads: Any) -> list[bytes]:
    return [json.dumps(payload).encode() + b"\n" for payload in payloads]


def sample(pieces: list[bytes], **keys: Any) -> RequestSample:
    return read(answer(pieces), dialect_named(target(**keys)))


LAST = {"where": "last"}
WORDS = ({"t": "one "}, {"t": "two"}, {"last": True})

# Each is a whole answer: its pieces, its description, the times of its text events in ms, and that of its end.
FRAMES: dict[str, tuple[list[bytes], dict[str, Any], list[int], int]] = {
    "sse": (sse(*WORDS), {"text": "t", "end": LAST}, [10, 20], 30),
    "ndjson": (lines(*WORDS), {"framing": "ndjson", "text": "t", "end": LAST}, [10, 20], 30),
    "ndjson, cut anywhere": (
        [b'{"t": "one ', b'"}\n{"t": "two"', b'}\r\n\n{"last": true}'],
        {"framing": "ndjson", "text": "t", "end": LAST}, [20, 30], 30,
    ),
    "lines with a name": (
        [b'0:"one "\n', b'8:[{"docs": []}]\n0:"', b'two"\r\n', b'd:{"reason": "stop"}\n'],
        {"framing": "named-lines", "events": {"0": {"text": "@"}}, "end": {"event": "d"}}, [10, 30], 40,
    ),
    "text": ([b"one ", b"two"], {"framing": "text"}, [10, 20], 30),
    "text, cut within a character": ([b"one\xc3", b"\xbc", b"two"], {"framing": "text"}, [10, 20, 30], 40),
    "text with a line break alone": ([b"one", b"\n", b"two"], {"framing": "text"}, [10, 20, 30], 40),
    "json": ([b'{"t": "one', b' two"}'], {"framing": "json", "text": "t"}, [20], 30),
    "data that is a JSON text": (
        sse('"one "', '"two"', "[DONE]"), {"text": "@", "end": {"data": "[DONE]"}}, [10, 20], 30,
    ),
    "data that is no JSON": (
        sse("one ", "two", "[DONE]"), {"data": "text", "text": "@", "end": {"data": "[DONE]"}}, [10, 20], 30,
    ),
    "names of events": (
        [named("word", {"t": "one "}), named("word", {"t": "two"}), named("bye", {})],
        {"events": {"word": {"text": "t"}}, "end": {"event": "bye"}}, [10, 20], 30,
    ),
    "a last event without JSON": (
        [named("word", {"t": "one "}), named("word", {"t": "two"}), named("bye", "bye")],
        {"events": {"word": {"text": "t"}}, "end": {"event": "bye"}}, [10, 20], 30,
    ),
    "names in the data": (
        sse({"type": "word", "t": "one "}, {"type": "word", "t": "two"}, {"type": "bye"}),
        {"event": "type", "events": {"word": {"text": "t"}}, "end": {"event": "bye"}}, [10, 20], 30,
    ),
    "the end of the response": (sse(*WORDS[:2]), {"text": "t", "end": {"response": True}}, [10, 20], 30),
    "a finish reason": (
        sse({"t": "one "}, {"t": "two", "f": "stop"}), {"text": "t", "finish_reason": "f"}, [10, 20], 20,
    ),
    "what follows a finish reason": (
        sse({"t": "one "}, {"t": "two", "f": "stop"}, {"u": {"n": 2}}),
        {"text": "t", "finish_reason": "f", "usage": {"at": "u", "output": "n"}}, [10, 20], 30,
    ),
    "the text so far": (
        sse({"t": "one "}, {"t": "one two"}, {"t": "one two"}, {"last": True}),
        {"text": "t", "cumulative": True, "end": LAST}, [10, 20], 40,
    ),
    "text in parts": (
        sse({"t": [{"type": "text", "text": "one "}]}, {"t": ["t", "wo"]}, {"last": True}),
        {"text": "t", "end": LAST}, [10, 20], 30,
    ),
    "keep-alives": ([b": ping\n\n", *sse(*WORDS), b"data: \n\n"], {"text": "t", "end": LAST}, [20, 30], 40),
    "blanks that are text": (
        [b"data: one\n\n", b"data:\n\n", b"data:  \n\n", b"data: two\n\n", b"data: [DONE]\n\n"],
        {"data": "text", "text": "@", "end": {"data": "[DONE]"}}, [10, 30, 40], 50,
    ),
    "a line end that is text": (
        [b"data: one\n\n", b"data:\ndata:\n\n", b"data: two\n\n", b"data: [DONE]\n\n"],
        {"data": "text", "text": "@", "end": {"data": "[DONE]"}}, [10, 20, 30], 40,
    ),
    "a name without data that ends": (
        [*sse(*WORDS[:2]), b"event: ping\ndata:\n\n", b"event: bye\ndata:\n\n"],
        {"text": "t", "end": {"event": "bye"}}, [10, 20], 40,
    ),
    "events of others": (
        [named("noise", "no JSON"), *sse({"t": "one "}, {"other": 1}, {"t": "two"}, {"last": True})],
        {"text": "t", "end": LAST}, [20, 40], 50,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("pieces", "keys", "texts_ms", "end_ms"), FRAMES.values(), ids=FRAMES)
def test_a_whole_answer(pieces: list[bytes], keys: dict[str, Any], texts_ms: list[int], end_ms: int) -> None:
    found = sample(pieces, **keys)
    assert found.ok, found.error_message
    assert [at_ns / MS for at_ns in found.events_ns] == texts_ms
    assert found.ended_ns / MS == end_ms
    assert found.answer_chars in {len("one two"), len("oneütwo"), len("one\ntwo")}


@pytest.mark.parametrize("framing", ["text", "json"])
def test_reads_and_documents_are_no_tokens(framing: str) -> None:
    keys = {"framing": framing} if framing == "text" else {"framing": framing, "text": "t"}
    found = sample([b'{"t": "one ', b'two"}'], **keys)
    assert (found.ok, found.output_tokens) == (True, None)


def test_a_document_may_tell_everything_at_once() -> None:
    document = {"t": "one two", "u": {"o": 2, "i": 9, "c": 4}, "docs": [{"n": 7}], "id": "r1", "took": 0.001}
    found = sample(
        [json.dumps(document).encode()],
        framing="json",
        text="t",
        usage={"at": "u", "output": "o", "input": "i", "cached": "c"},
        sources={"at": "docs", "id": "n"},
        timings={"unit": "s", "total_ms": "took"},
        request_id="id",
    )
    assert (found.output_tokens, found.prompt_tokens, found.cached_tokens) == (2, 9, 4)
    assert (found.documents, found.request_id, found.timings.total_ms) == (("7",), "r1", 1.0)


SOURCES = {"docs": [{"id": "b", "s": 0.2}, {"id": "a", "s": 0.9}, {"id": "c"}]}


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ({"at": "docs", "id": "id"}, ("b", "a", "c")),
        ({"at": "docs", "id": "id", "score": "s"}, ("a", "b", "c")),
        ({"at": "docs[].id", "id": "@"}, ("b", "a", "c")),
        ({"at": "nothing", "id": "id"}, ()),
    ],
)
def test_sources_are_taken_best_first(sources: dict[str, Any], expected: tuple[str, ...]) -> None:
    found = sample(sse({"t": "x"}, SOURCES, {"last": True}), text="t", sources=sources, end=LAST)
    assert found.documents == expected
    assert found.first_source_ns == (20 * MS if expected else None)


def test_reasoning_is_apart_and_counts_that_cannot_be_are_refused() -> None:
    pieces = sse({"r": "hm"}, {"t": "x"}, {"u": {"o": "many", "r": 1}}, {"last": True})
    found = sample(pieces, text="t", reasoning="r", usage={"at": "u", "output": "o", "reasoning": "r"}, end=LAST)
    assert (found.reasoning_chars, found.first_reasoning_ns, found.events_ns) == (2, 10 * MS, (20 * MS,))
    assert found.output_tokens is None
    assert found.refused == ("completion_tokens: 'many' is not a count",)


def test_without_counts_events_are_counted_and_marked() -> None:
    found = sample(sse(*WORDS), text="t", end=LAST)
    assert (found.output_tokens, found.token_source) == (2, TokenSource.DELTAS)


def test_null_in_an_event_takes_what_others_have_from_it() -> None:
    document = target(text="t", event="kind", end=LAST, events={"status": {"text": None}})
    read_of = read(
        answer(sse({"kind": "status", "t": "thinking"}, {"kind": "word", "t": "yes"}, {"last": True})),
        dialect_named(document),
    )
    assert (read_of.ok, read_of.events_ns) == (True, (20 * MS,))


@pytest.mark.parametrize("number", [10**400, -(10**400), 1e308], ids=["huge", "below", "largest"])
def test_a_number_beyond_all_is_no_figure_and_ends_nothing(number: float) -> None:
    document = target(
        text="t",
        end=LAST,
        sources={"at": "docs", "id": "id", "score": "score"},
        timings={"at": "times", "unit": "ns"},
        usage={"at": "@", "output": "sum([n, n])"},
    )
    event = {"t": "a", "n": number, "docs": [{"id": "x", "score": number}], "times": {"total_ms": number}}
    found = read(answer(sse(event, {"last": True})), dialect_named(document))
    assert (found.ok, found.documents) == (True, ("x",))
    assert found.timings is not None
    assert found.timings.total_ms is None


def test_an_expression_that_cannot_be_applied_finds_nothing() -> None:
    found = sample(sse({"t": "x", "a": 1}, {"last": True}), text="t", request_id="join(',', a)", end=LAST)
    assert (found.ok, found.request_id) == (True, None)


STREAM = {"text": "t", "end": LAST}
LINES = {"framing": "ndjson", **STREAM}
TEXT, DOCUMENT = {"framing": "text"}, {"framing": "json", "text": "t"}
NAMES = {"event": "type", "events": {"word": {"text": "t"}, "bye": {}}, "end": {"event": "bye"}}

FAILED: dict[str, tuple[list[bytes], dict[str, Any], ErrorClass, str]] = {
    "cut": (sse(*WORDS[:2]), STREAM, ErrorClass.TRUNCATED, "without a terminal event"),
    "cut lines": (lines(*WORDS[:2]), LINES, ErrorClass.TRUNCATED, "without a terminal event"),
    "an error": (sse({"t": "x"}, {"error": {"message": "engine died"}}), STREAM, ErrorClass.ERROR_EVENT, "engine died"),
    "an error in a line": (lines({"t": "x"}, {"error": "engine died"}), LINES, ErrorClass.ERROR_EVENT, "engine died"),
    "an error of its own place": (
        sse({"t": "x"}, {"oops": "engine died"}), {**STREAM, "error": "oops"}, ErrorClass.ERROR_EVENT, "engine died",
    ),
    "an error event": ([*sse({"t": "x"}), named("error", "engine died")], STREAM, ErrorClass.ERROR_EVENT, "engine"),
    "an error by its name in the data": (
        sse({"type": "word", "t": "x"}, {"type": "error", "message": "engine died"}), NAMES, ErrorClass.ERROR_EVENT,
        "engine died",
    ),
    "an error in words of FastAPI": (sse({"detail": "engine died"}), STREAM, ErrorClass.ERROR_EVENT, "engine died"),
    "an error for a document": ([b'{"detail": "engine died"}'], DOCUMENT, ErrorClass.ERROR_EVENT, "engine died"),
    "given up": (
        sse({"t": "x"}, {"f": "abort"}), {**STREAM, "finish_reason": "f"}, ErrorClass.ABORTED, "finish_reason 'abort'",
    ),
    "no JSON": (sse({"t": "x"}, "{oops"), STREAM, ErrorClass.PROTOCOL, "{oops"),
    "no JSON in a line": ([b'{"t": "x"}\n', b"oops\n"], LINES, ErrorClass.PROTOCOL, "oops"),
    "no JSON for a document": ([b"<html>"], DOCUMENT, ErrorClass.PROTOCOL, "<html>"),
    "no text": (sse({"t": ""}, {"last": True}), STREAM, ErrorClass.EMPTY, "no text"),
    "text elsewhere": (
        sse({"m": "one"}, {"last": True}), {**STREAM, "elsewhere": {"the message": "m"}}, ErrorClass.EMPTY,
        "the answer has no text in t; the message has: one",
    ),
    "nothing": ([], STREAM, ErrorClass.EMPTY, "no event"),
    "nothing for a text": ([], TEXT, ErrorClass.EMPTY, "no event"),
    "only events of others": (sse({"a": 1}, {"b": 2}), STREAM, ErrorClass.PROTOCOL, "no event of a 'described' stream"),
    "events of nobody": (sse({"a": 1}), {**STREAM, "ignore": "known"}, ErrorClass.PROTOCOL, '{"a": 1}'),
}  # fmt: skip


@pytest.mark.parametrize(("pieces", "keys", "error", "words"), FAILED.values(), ids=FAILED)
def test_a_failed_answer(pieces: list[bytes], keys: dict[str, Any], error: ErrorClass, words: str) -> None:
    found = sample(pieces, **keys)
    assert found.error is error, found.error_message
    assert words in (found.error_message or "")


@pytest.mark.parametrize("keys", [STREAM, LINES, TEXT, DOCUMENT], ids=["sse", "ndjson", "text", "json"])
def test_what_http_says_of_a_failure_holds_for_every_framing(keys: dict[str, Any]) -> None:
    dialect = dialect_named(target(**keys))
    refused = read(answer([b'{"t": "x"}'], status=503), dialect)
    assert (refused.error, refused.http_status) == (ErrorClass.HTTP_STATUS, 503)
    cut = read(answer([b'{"t": "x"}'], failure=(ErrorClass.TRUNCATED, "cut")), dialect)
    assert (cut.error, cut.error_message) == (ErrorClass.TRUNCATED, "cut")


def test_headers_of_the_provider_come_last_and_stay_out_of_the_repr() -> None:
    described = load_target("openai-chat", where="test")
    made = described_dialect(described, values={}, headers=(("authorization", "Bearer secret"),))
    assert made.request("q").headers[-1] == ("authorization", "Bearer secret")
    assert "secret" not in repr(made) + repr(made.request("q"))


QUESTION = {"role": "user", "content": "Why?"}
BEFORE = ({"role": "user", "content": "What?"}, {"role": "assistant", "content": "That."})
PLACES: dict[str, Any] = {
    "q": "{prompt}", "m": "{messages}", "h": "{history}", "s": "{session_id}", "n": "{turn}",
}  # fmt: skip


@pytest.mark.parametrize(
    ("talk", "body"),
    [
        (None, {"q": "Why?", "m": [QUESTION], "n": 1}),
        (Talk(session_id="s-1", turn=1), {"q": "Why?", "m": [QUESTION], "s": "s-1", "n": 1}),
        (
            Talk(session_id="s-1", turn=2, history=BEFORE),
            {"q": "Why?", "m": [*BEFORE, QUESTION], "h": list(BEFORE), "s": "s-1", "n": 2},
        ),
    ],
    ids=["no session", "first turn", "second turn"],
)
def test_a_turn_has_its_conversation_at_the_places_of_the_description(talk: Talk | None, body: dict[str, Any]) -> None:
    target = {"path": "/x", "body": PLACES, "answer": {"text": "a", "end": {"response": True}}}
    assert json.loads(dialect_named(target).request("Why?", talk=talk).body) == body


@pytest.mark.parametrize("talk", [Talk(session_id="s", turn=1), Talk(session_id="s", turn=2, history=BEFORE)])
def test_a_mark_is_ahead_of_the_first_question_alone(talk: Talk) -> None:
    for dialect in (OpenAiDialect(model="m"), dialect_named("openai-chat"), RagDialect(mark_by="nonce")):
        sent = dialect.request("Why?", mark="77", talk=talk).body.decode()
        assert ("[77] Why?" in sent) == (talk.turn == 1)
