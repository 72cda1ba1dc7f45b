"""Whatever the LLM sends, the caller gets an error with its words, and the service goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.backend.fake_llm import MODELS, FakeLlm, Reply, hello
from tests.backend.running import Backend

DEEP = b"[" * 500 + b"]" * 500
TOO_DEEP = b"[" * 100_000
NOT_A_CHUNK = "an event of the LLM is not a chat completion chunk: "
NO_END = "the LLM ended its answer without finish_reason and without [DONE]"


def delta(content: bytes) -> bytes:
    return b'{"choices": [{"delta": {"content": %b}}]}' % content


def counted(count: bytes) -> bytes:
    return b'{"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": %b}}' % count


STOP = b'{"choices": [{"delta": {}, "finish_reason": "stop"}]}'
HOSTILE_EVENTS = {
    "no JSON": (b"{oops", NOT_A_CHUNK + "Expecting property name"),
    "JSON cut short": (b'{"choices": [', NOT_A_CHUNK + "Expecting value"),
    "two objects": (b'{"choices": []} {"choices": []}', NOT_A_CHUNK + "Extra data"),
    "no UTF-8": (b'{"choices": "\xff"}', NOT_A_CHUNK + "choices is '\N{REPLACEMENT CHARACTER}', not a list"),
    "nested deeply": (delta(DEEP), NOT_A_CHUNK + "it is nested too deeply"),
    "nested without end": (delta(TOO_DEEP), NOT_A_CHUNK + "it is nested too deeply"),
    "infinity": (delta(b"Infinity"), NOT_A_CHUNK + "delta.content is inf, not text"),
    "not a number": (delta(b"NaN"), NOT_A_CHUNK + "delta.content is nan, not text"),
    "a number beyond floats": (delta(b"1e999"), NOT_A_CHUNK + "delta.content is inf, not text"),
    "a number of 5,000 digits": (delta(b"9" * 5000), NOT_A_CHUNK + "Exceeds the limit"),
    "a number as event": (b"5", NOT_A_CHUNK + "it is 5, not an object"),
    "a list as event": (b"[1]", NOT_A_CHUNK + "it is [1], not an object"),
    "a text as event": (b'"hello"', NOT_A_CHUNK + "it is 'hello', not an object"),
    "null as event, which is a pause": (b"null", NO_END),
    "an empty object, which is a pause": (b"{}", NO_END),
    "a number as choices": (b'{"choices": 7}', NOT_A_CHUNK + "choices is 7, not a list"),
    "an object as choices": (b'{"choices": {"0": 1}}', NOT_A_CHUNK + "choices is {'0': 1}, not a list"),
    "a text as choice": (b'{"choices": ["a"]}', NOT_A_CHUNK + "choices[0] is 'a', not an object"),
    "null as choice": (b'{"choices": [null]}', NOT_A_CHUNK + "choices[0] is None, not an object"),
    "a text as delta": (b'{"choices": [{"delta": "a"}]}', NOT_A_CHUNK + "delta is 'a', not an object"),
    "a list as delta": (b'{"choices": [{"delta": []}]}', NOT_A_CHUNK + "delta is [], not an object"),
    "a number as text": (delta(b"5"), NOT_A_CHUNK + "delta.content is 5, not text"),
    "true as text": (delta(b"true"), NOT_A_CHUNK + "delta.content is True, not text"),
    "a number as finish_reason": (b'{"choices": [{"finish_reason": 1}]}', NOT_A_CHUNK + "finish_reason is 1, not text"),
    "a list as usage": (b'{"choices": [], "usage": [1]}', NOT_A_CHUNK + "usage is [1], not an object"),
    "an error": (b'{"error": {"message": "out of memory"}}', "the LLM reports: out of memory"),
    "an error as text": (b'{"error": "out of memory"}', "the LLM reports: out of memory"),
    "an error as number": (b'{"error": 500}', "the LLM reports: 500"),
    "an error as list": (b'{"error": [1, 2]}', "the LLM reports: [1, 2]"),
    "an error without message": (b'{"error": {"code": 7}}', "the LLM reports: {'code': 7}"),
    "an error whose message is an object": (b'{"error": {"message": {"a": 1}}}', "the LLM reports: {'a': 1}"),
    "an error with half a character": (b'{"error": "bad \\ud83d"}', "the LLM reports: bad ?"),
}
"""What an event holds, and how the error begins that the caller gets."""

HOSTILE_BODIES = {
    "nothing": (b"", "the LLM's answer is no stream of events: b''"),
    "a page": (b"<html>Sign in</html>", "the LLM's answer is no stream of events: b'<html>Sign in</html>'"),
    "a whole answer": (b'{"choices": []}', "the LLM's answer is no stream of events: b'{\"choices\": []}'"),
    "bytes": (bytes(range(256)), "the LLM's answer is no stream of events: b'"),
    "only comments": (b": ping\n\n" * 3, "the LLM's answer is no stream of events: b': ping"),
    "a line without end": (b"data: " + b"x" * (2**20 + 1), "an event of the LLM is longer than 1048576 bytes"),
    "no end": (
        b"data: " + delta(b'"a"') + b"\n\n",
        "the LLM ended its answer without finish_reason and without [DONE]",
    ),
    "no text": (b"data: [DONE]\n\n", "the LLM ended its answer without text (finish_reason None)"),
}


def sending(body: bytes) -> Callable[[Reply], None]:
    def script(reply: Reply) -> None:
        reply.start()
        if body:
            reply.raw(body)
        reply.wfile.write(b"0\r\n\r\n")

    return script


STREAMS = {
    **{name: (b"data: " + event + b"\n\n", sentence) for name, (event, sentence) in HOSTILE_EVENTS.items()},
    **HOSTILE_BODIES,
}


@pytest.fixture(scope="module")
def patient(shared_fake: FakeLlm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """A service without deadlines that a busy machine would miss."""
    service = Backend(data_dir=tmp_path_factory.mktemp("patient"), llm_url=shared_fake.url)
    yield service
    service.close()


@pytest.fixture
def unharmed(patient: Backend, fake: FakeLlm) -> Iterator[Backend]:
    """The service; after the test it still serves, and has told of no error of its own."""
    yield patient
    fake.reset()
    assert patient.stream(k=0)[-1][0] == "done"
    assert [line for line in patient.logs if "traceback" in line] == []


@pytest.mark.parametrize("name", STREAMS)
def test_a_hostile_stream_is_an_error_with_its_words(unharmed: Backend, fake: FakeLlm, name: str) -> None:
    body, sentence = STREAMS[name]
    fake.script = sending(body)
    event, told = unharmed.stream(k=0)[-1]
    assert (event, told["type"][:4]) == ("error", "llm_")
    assert told["message"].startswith(sentence)
    assert len(told["message"]) < 1000
    whole = unharmed.http.post("/query", json={"query": "x", "k": 0})
    assert (whole.status_code, whole.json()["message"]) == (502, told["message"])


ODD_EVENTS = {
    "no error": b'{"error": null, "choices": [{"delta": {"content": "a"}}]}',
    "no delta": b'{"choices": [{"index": 0}]}',
    "null as delta and text": b'{"choices": [{"delta": null}, {"delta": {"content": null}}]}',
    "usage without choices": b'{"usage": {"prompt_tokens": 1, "completion_tokens": 1}}',
    "null as usage": b'{"choices": [], "usage": null}',
    "counts with a point": counted(b"1.0"),
    "counts that are not told": b'{"choices": [], "usage": {"prompt_tokens": null}}',
    "counts that fall": b'{"choices": [{"delta": {"content": "a"}}], "usage": {"completion_tokens": 1}}',
    "half a character": delta(b'"\\ud83d"'),
    "unknown fields": b'{"choices": [], "service_tier": {"deep": [[[1]]]}, "created": 1.5e9}',
}


@pytest.mark.parametrize("name", ODD_EVENTS)
def test_an_odd_event_that_says_nothing_wrong_ends_no_answer(unharmed: Backend, fake: FakeLlm, name: str) -> None:
    def script(reply: Reply) -> None:
        reply.words("one", " two")
        reply.event({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}})
        reply.raw(b"data: " + ODD_EVENTS[name] + b"\n\n")
        reply.end()

    fake.script = script
    events = unharmed.stream(k=0)
    assert (events[-1][0], events[-1][1]["token_count"]) == ("done", 3)
    assert all(token.get("n", 1) > 0 for event, token in events if event == "token")


ODD_COUNTS = {
    "a text": (b'"3"', "completion_tokens: 3 is not a count"),
    "true": (b"true", "completion_tokens: True is not a count"),
    "half a token": (b"2.5", "completion_tokens: 2.5 is not a count"),
    "fewer than none": (b"-1", "completion_tokens: -1 is not a count"),
    "more digits than any": (b"9" * 400, "completion_tokens: 999"),
    "more than were allowed": (b"1000000", "1000000 output tokens were told where 16 were allowed"),
    "more than the text has bytes": (b"15", "15 output tokens were told for 6 bytes of text"),
}


@pytest.mark.parametrize("name", ODD_COUNTS)
def test_a_count_that_cannot_be_is_no_figure_and_ends_no_answer(unharmed: Backend, fake: FakeLlm, name: str) -> None:
    count, words = ODD_COUNTS[name]

    def script(reply: Reply) -> None:
        reply.words("one", "two")
        reply.raw(b"data: " + STOP + b"\n\ndata: " + counted(count) + b"\n\ndata: [DONE]\n\n")
        reply.wfile.write(b"0\r\n\r\n")

    before = tokens_of(unharmed)
    fake.script = script
    event, done = unharmed.stream(k=0, max_tokens=16)[-1]
    assert (event, done["token_count"], done["tokens_per_sec"]) == ("done", None, None)
    assert done["refused"][0].startswith(words)
    assert tokens_of(unharmed) == before


def tokens_of(service: Backend) -> float:
    page = service.http.get("/metrics").text
    return float(next(line for line in page.splitlines() if line.startswith("rag_tokens_total")).split()[-1])


ODD_MODELS = {
    b"": "the LLM's /v1/models is not JSON: Expecting value",
    b"<html>": "the LLM's /v1/models is not JSON: Expecting value",
    b"[]": "the LLM's /v1/models is not a JSON object: b'[]'",
    TOO_DEEP: "the LLM's /v1/models is not JSON: it is nested too deeply",
    b'{"data": %b}' % DEEP: "the LLM's /v1/models is not JSON: it is nested too deeply",
    b"{}": "the LLM's /v1/models: it lists no model",
    b'{"data": []}': "the LLM's /v1/models: it lists no model",
    b'{"data": {"id": "m"}}': "the LLM's /v1/models: it lists no model",
    b'{"data": "m"}': "the LLM's /v1/models: it lists no model",
    b'{"data": ["m"]}': "the LLM's /v1/models: data[0] is 'm', not an object",
    b'{"data": [null]}': "the LLM's /v1/models: data[0] is None, not an object",
    b'{"data": [{}]}': "the LLM's /v1/models: data[0].id is None, not a name",
    b'{"data": [{"id": 5}]}': "the LLM's /v1/models: data[0].id is 5, not a name",
    b'{"data": [{"id": ["m"]}]}': "the LLM's /v1/models: data[0].id is ['m'], not a name",
    b'{"data": [{"id": ""}]}': "the LLM's /v1/models: data[0].id is '', not a name",
    b'{"data": [{"id": "m"}, {"id": {}}]}': "the LLM's /v1/models: data[1].id is {}, not a name",
    b'{"data": [{"id": "%b"}]}' % (b"m" * 300): "the LLM's /v1/models: data[0].id is 'mmm",
    b'{"data": [{"id": "m", "max_model_len": Infinity}]}': "the LLM's /v1/models is not JSON: Infinity is no JSON",
}
"""Bodies, and how the sentence begins."""


@pytest.mark.parametrize("body", ODD_MODELS, ids=lambda body: repr(body[:60]))
def test_a_list_of_models_that_is_none_is_a_sentence_everywhere(unharmed: Backend, fake: FakeLlm, body: bytes) -> None:
    fake.models = body
    info = unharmed.http.get("/info")
    assert info.status_code == 200
    assert info.json()["llm"]["error"].startswith(ODD_MODELS[body])
    assert unharmed.http.get("/metrics").status_code == 200
    assert unharmed.http.get("/readyz").status_code in {200, 503}  # asked at most once a second


ODD_FIELDS: dict[str, Any] = {
    "owned_by": [1, {"a": 1}, "a\ud83d"],
    "max_model_len": ["2048", -1, 2.5, True, [1], 10**300],
    "meta": ["x", 7, [1], {"n_ctx": "a", "ftype": 3, "deep": {"a": [1]}, "half\ud83d": "\ud83d"}],
    "root": [7, ["a"], {}, "\ud83d"],
    "created": ["\ud83d", [1], {"a": 1}, 1e300],
    "id": ["m\ud83d", "two\nlines", 'a"b\\c'],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, row in ODD_FIELDS.items() for value in row])
def test_a_model_with_an_odd_field_is_reported_without_it(
    unharmed: Backend, fake: FakeLlm, field: str, value: Any
) -> None:
    fake.models = json.dumps({"data": [{"id": "seen", field: value}]}).encode()
    answer = unharmed.http.get("/info")
    assert answer.status_code == 200
    told = answer.json()["llm"]
    assert (told["error"], told["max_model_len"], told["quantization"]) == (None, None, None)
    assert unharmed.http.get("/metrics").status_code == 200
    assert unharmed.stream(k=0)[0][1]["model_id"] == answer.json()["model_id"]


ODD_PAGES = [
    {"/version": b'{"version": Infinity}'},
    {"/version": TOO_DEEP},
    {"/version": b'{"version": {"a": 1}}', "/props": b'{"build_info": 5}'},
    {"/version": b'{"version": "\\ud83d"}'},
    {"/metrics": b"\xff\xfe\x00"},
    {"/metrics": b"vllm:cache_config_info{"},
    {"/metrics": b'vllm:cache_config_info{gpu_memory_utilization="inf"} 1\n'},
    {"/metrics": b'vllm:cache_config_info{gpu_memory_utilization="nan",cache_dtype="a\\"b\\\\"} 1\n'},
    {"/metrics": b'vllm:cache_config_info{gpu_memory_utilization="1e999"} not a number\n'},
]


@pytest.mark.parametrize("pages", ODD_PAGES, ids=repr)
def test_what_else_the_llm_says_of_itself_cannot_break_info(
    unharmed: Backend, fake: FakeLlm, pages: dict[str, bytes]
) -> None:
    fake.models, fake.pages = MODELS, pages
    answer = unharmed.http.get("/info")
    assert answer.status_code == 200
    assert answer.json()["gpu_memory_utilization"] is None
    assert answer.json()["llm"]["version"] in {None, "?"}


def test_a_real_answer_is_still_one(unharmed: Backend, fake: FakeLlm) -> None:
    fake.script = hello
    assert unharmed.http.post("/query", json={"query": "x", "k": 0}).json()["answer"] == "Hello you"


ORIGINS = ["http://127.0.0.1:bad", "http://[::1", "http://localhost:99999999", "null", "http://", "//", "\\\\x", "é"]


@pytest.mark.parametrize("origin", ORIGINS)
def test_an_origin_that_is_none_is_judged_and_no_fault_of_the_service(unharmed: Backend, origin: str) -> None:
    answer = unharmed.http.post("/delete", json={"all": True}, headers=[("origin", origin.encode("latin-1"))])  # type: ignore[arg-type]
    assert answer.status_code in {403, 404}, answer.text


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
def test_a_number_that_json_cannot_hold_is_taken_into_no_docset(unharmed: Backend, number: bytes) -> None:
    content = b'{"docset": "numbers", "documents": [{"content": "x", "meta": {"name": "x.md", "page": %b}}]}' % number
    answer = unharmed.http.post("/ingest", content=content)
    assert (answer.status_code, answer.json()["message"][:28]) == (422, "x.md: meta holds plain values"[:28])
    assert unharmed.http.get("/documents", params={"docset": "numbers"}).json()["count"] == 0
