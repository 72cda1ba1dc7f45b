"""What LLM servers tell of their own time, and how the service passes it on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backend.llm.times import LlmTimes, times_of
from tests.backend.fake_llm import FakeLlm, Reply
from tests.backend.llm.test_backend_llm import answer, client
from tests.backend.running import Backend

LLAMACPP = {"cache_n": 0, "prompt_n": 9, "prompt_ms": 40.5, "predicted_n": 3, "predicted_ms": 12.25}
GROQ = {"queue_time": 0.002, "prompt_tokens": 9, "prompt_time": 0.0405, "completion_time": 0.01225}
WHOLE = LlmTimes(queue_ms=2.0, prefill_ms=40.5, decode_ms=12.25)

TOLD: dict[str, tuple[dict[str, Any], LlmTimes | None]] = {
    "nothing": ({"choices": [], "usage": {"prompt_tokens": 9}}, None),
    "null": ({"timings": None, "usage": None, "x_groq": None}, None),
    "llama.cpp": ({"choices": [], "timings": LLAMACPP}, LlmTimes(prefill_ms=40.5, decode_ms=12.25)),
    "usage with times": ({"usage": GROQ}, WHOLE),
    "usage beside": ({"choices": [], "x_groq": {"usage": GROQ}}, WHOLE),
    "no durations": ({"timings": {"prompt_ms": -1, "predicted_ms": "12"}}, LlmTimes()),
    "no numbers": ({"timings": {"prompt_ms": float("nan"), "predicted_ms": True}}, LlmTimes()),
    "too much": ({"timings": {"prompt_ms": 10**400, "predicted_ms": 1e300}}, LlmTimes()),
    "a list": ({"timings": [1], "usage": [2]}, None),
}


@pytest.mark.parametrize(("event", "times"), TOLD.values(), ids=TOLD)
def test_times_are_in_ms_and_what_is_none_is_not_known(event: dict[str, Any], times: LlmTimes | None) -> None:
    assert times_of(event) == times


@pytest.mark.parametrize(("engine", "asked"), [("llamacpp", True), ("vllm", None), ("someone", None)])
@pytest.mark.asyncio
async def test_only_a_server_that_knows_how_is_asked_when_it_begins(
    fake: FakeLlm, engine: str, asked: bool | None
) -> None:
    fake.models = json.dumps({"data": [{"id": "fake-model", "owned_by": engine}]}).encode()
    async with client(fake.url) as llm:
        await answer(llm)
    assert fake.requests[0].get("return_progress") == asked


@pytest.mark.asyncio
async def test_who_runs_the_service_has_the_last_word_on_that(fake: FakeLlm) -> None:
    fake.models = json.dumps({"data": [{"id": "fake-model", "owned_by": "llamacpp"}]}).encode()
    async with client(fake.url, VLLM_EXTRA_BODY=json.dumps({"return_progress": False})) as llm:
        await answer(llm)
    assert fake.requests[0]["return_progress"] is False


def test_a_server_that_tells_nothing_leaves_its_parts_unknown(fake_service: Backend) -> None:
    timings = fake_service.stream(k=0)[-1][1]["timings"]
    assert {name: timings[name] for name in ("llm_queue_ms", "llm_prefill_ms", "llm_decode_ms")} == {
        "llm_queue_ms": None,
        "llm_prefill_ms": None,
        "llm_decode_ms": None,
    }


def test_what_the_server_tells_of_its_queue_is_passed_on(fake_service: Backend, fake: FakeLlm) -> None:
    def script(reply: Reply) -> None:
        reply.words("Hel", "lo")
        reply.delta({}, "stop")
        reply.event({"choices": [], "usage": {**GROQ, "completion_tokens": 2}})
        reply.raw(b"data: [DONE]\n\n")
        reply.wfile.write(b"0\r\n\r\n")

    fake.script = script
    timings = fake_service.stream(k=0)[-1][1]["timings"]
    assert (timings["llm_queue_ms"], timings["llm_prefill_ms"], timings["llm_decode_ms"]) == (2.0, 40.5, 12.25)
