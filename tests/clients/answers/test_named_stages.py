"""Stage times as servers tell them: those of the LLM, and stages that have names of their own."""

import json
from typing import Any

import pytest

from ragmeter.clients.answers.dialects import OpenAiDialect, RagDialect
from ragmeter.core.errors import ConfigError
from ragmeter.core.requests.records import RequestSample, ServerTimings
from ragmeter.core.requests.stage_names import MOST_STAGES
from tests.clients.answers.answering import answer, dialect_named, read

TOKEN = b'event: token\ndata: {"text": "word"}\n\n'


def frame(event: str, timings: Any) -> bytes:
    return f"event: {event}\ndata: {json.dumps({'timings': timings, 'token_count': 1})}\n\n".encode()


def told(meta: Any, done: Any) -> RequestSample:
    """Of a RAG service; the answer ends at 30 ms."""
    return read(answer([frame("meta", meta), TOKEN, frame("done", done)]), RagDialect())


STAGES: dict[str, tuple[Any, Any, ServerTimings]] = {
    "none": ({}, {}, ServerTimings()),
    "before the text": (
        {"rewrite_ms": 2, "rerank_ms": 3}, {"ttft_ms": 9},
        ServerTimings(ttft_ms=9, further=(("rewrite", 2.0), ("rerank", 3.0))),
    ),
    "told again": (
        {"rewrite_ms": 2}, {"rewrite_ms": 2.5}, ServerTimings(further=(("rewrite", 2.5),)),
    ),
    "told with the text": ({}, {"guard_ms": 4}, ServerTimings(later=(("guard", 4.0),))),
    "both": (
        {"rewrite_ms": 2}, {"rewrite_ms": 2, "guard_ms": 4},
        ServerTimings(further=(("rewrite", 2.0),), later=(("guard", 4.0),)),
    ),
    "no time": ({"rewrite": 2, "note": "x"}, {}, ServerTimings()),
    "the LLM's": (
        {}, {"llm_queue_ms": 1, "llm_prefill_ms": 2, "llm_decode_ms": 3, "llm_network_ms": None},
        ServerTimings(llm_queue_ms=1, llm_prefill_ms=2, llm_decode_ms=3),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("meta", "done", "expected"), STAGES.values(), ids=STAGES)
def test_stages_that_are_not_ours_keep_their_names(meta: Any, done: Any, expected: ServerTimings) -> None:
    sample = told(meta, done)
    assert (sample.ok, sample.refused, sample.timings) == (True, (), expected)


REFUSED = {
    "ours": ({"unexplained_ms": 2}, "timings: 'unexplained' is a stage of ragmeter's own"),
    "odd": ({"a b_ms": 2}, "timings: 'a b' cannot name a stage: "),
    "markup": ({"<b>_ms": 2}, "timings: '<b>' cannot name a stage: "),
    "long": ({"x" * 41 + "_ms": 2}, " cannot name a stage: "),
    "nameless": ({"_ms": 2}, "timings: '' cannot name a stage: "),
    "no duration": ({"rerank_ms": "3"}, "timings.rerank: '3' is not a duration"),
    "longer than the request": ({"rerank_ms": 99_000}, "timings.rerank: longer than the whole request"),
    "longer, after the text": ({"llm_queue_ms": 99_000}, "timings.llm_queue_ms: longer than the whole request"),
}


@pytest.mark.parametrize(("meta", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_a_stage_is_refused_in_words(meta: Any, words: str) -> None:
    sample = told(meta, {})
    assert sample.timings == ServerTimings()
    (refused,) = sample.refused
    assert words in refused


def test_a_service_has_so_many_stages_at_most() -> None:
    sample = told({f"s{number}_ms": 1 for number in range(MOST_STAGES + 1)}, {})
    assert len(sample.timings.further) == MOST_STAGES
    assert sample.refused == (f"timings: 's16' is beyond the {MOST_STAGES} that a request may have",)


def described(**timings: Any) -> dict[str, Any]:
    return {
        "path": "/ask",
        "body": {"q": "{prompt}"},
        "answer": {"text": "t", "end": {"where": "last"}, "timings": {"at": "times", **timings}},
    }


def events(times: Any) -> list[bytes]:
    return [f"data: {json.dumps(each)}\n\n".encode() for each in ({"t": "word"}, {"last": True, "times": times})]


def test_a_description_names_stages_wherever_they_are_told() -> None:
    document = described(
        unit="s",
        retrieval_ms="search",
        stages={"rewrite": "steps[0]", "rerank": "steps[1]"},
        later={"guard": "steps[2]", "tools": "steps[3]"},
    )
    sample = read(answer(events({"search": 0.001, "steps": [0.002, 0.003, 0.004]})), dialect_named(document))
    assert sample.timings == ServerTimings(
        retrieval_ms=1.0, further=(("rewrite", 2.0), ("rerank", 3.0)), later=(("guard", 4.0),)
    )


BAD = {
    "ours": ({"stages": {"queue": "a"}}, "timings.stages: 'queue' is a stage of ragmeter's own"),
    "odd": ({"stages": {"a b": "a"}}, "$.target.answer.timings.stages"),
    "too many": ({"later": {f"s{n}": "a" for n in range(17)}}, "$.target.answer.timings.later"),
}


@pytest.mark.parametrize(("timings", "words"), BAD.values(), ids=BAD)
def test_a_description_with_a_name_that_cannot_be_is_refused(timings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        dialect_named(described(**timings))
    assert words in str(refused.value)


LLM: dict[str, tuple[dict[str, Any], ServerTimings]] = {
    "llama.cpp": (
        {"timings": {"prompt_ms": 4.5, "predicted_ms": 6, "prompt_per_token_ms": 1}},
        ServerTimings(llm_prefill_ms=4.5, llm_decode_ms=6),
    ),
    "times in the usage": (
        {"usage": {"queue_time": 0.001, "prompt_time": 0.002, "completion_time": 0.003}},
        ServerTimings(llm_queue_ms=1, llm_prefill_ms=2, llm_decode_ms=3),
    ),
    "times in a usage beside": (
        {"x_groq": {"usage": {"prompt_time": 0.002}}}, ServerTimings(llm_prefill_ms=2),
    ),
    "none": ({"usage": {"completion_tokens": 1}}, ServerTimings()),
    "null": ({"timings": {"prompt_ms": None}}, ServerTimings()),
}  # fmt: skip


@pytest.mark.parametrize(("last", "expected"), LLM.values(), ids=LLM)
def test_an_llm_server_tells_its_own_times(last: dict[str, Any], expected: ServerTimings) -> None:
    text = {"choices": [{"index": 0, "delta": {"content": "word"}, "finish_reason": "stop"}]}
    pieces = [f"data: {json.dumps(each)}\n\n".encode() for each in (text, {"choices": [], **last})]
    sample = read(answer([*pieces, b"data: [DONE]\n\n"]), OpenAiDialect(model="m"))
    assert (sample.ok, sample.refused, sample.timings) == (True, (), expected)
