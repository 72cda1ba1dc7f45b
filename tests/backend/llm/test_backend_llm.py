"""The LLM client against a fake that shows each oddity, and against the real LLM."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from backend.errors import (
    LlmCutError,
    LlmError,
    LlmProtocolError,
    LlmSilentError,
    LlmStatusError,
    LlmUnreachableError,
)
from backend.llm.chat import ChatStream
from backend.llm.chunks import Delta
from backend.llm.client import Llm
from backend.settings import Settings
from tests.backend.fake_llm import USAGE, FakeLlm, Reply, hello

DEADLINE_S = 60.0
MESSAGES = [{"role": "user", "content": "Say hello."}]


@asynccontextmanager
async def client(url: str, **environ: str) -> AsyncIterator[Llm]:
    llm = Llm(Settings.from_environ({"VLLM_BASE_URL": url, "VLLM_TIMEOUT_SECONDS": "0.5", **environ}))
    try:
        async with asyncio.timeout(DEADLINE_S):
            yield llm
    finally:
        llm.close()


async def answer(llm: Llm) -> tuple[list[Delta], ChatStream]:
    async with llm.chat(MESSAGES, max_tokens=8) as stream:
        deltas: list[Delta] = []
        while batch := await stream.read():
            deltas += batch
        return deltas, stream


def text_of(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


@pytest.mark.asyncio
async def test_the_real_llm_answers_with_text_and_counts(real_llm: str) -> None:
    async with client(real_llm, VLLM_TIMEOUT_SECONDS="20") as llm:
        deltas, stream = await answer(llm)
        assert text_of(deltas)
        assert stream.counts.output_tokens == 8
        assert stream.counts.prompt_tokens is not None
        assert stream.counts.prompt_tokens > 5
        assert stream.finish_reason == "length"
        assert llm.model_id == "SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.mark.asyncio
async def test_role_only_and_empty_events_are_no_text(fake: FakeLlm) -> None:
    async with client(fake.url) as llm:
        deltas, stream = await answer(llm)
    assert [delta.text for delta in deltas] == ["Hel", "lo", " you"]
    assert (stream.counts.output_tokens, stream.counts.prompt_tokens, stream.finish_reason) == (3, 11, "stop")


@pytest.mark.asyncio
async def test_the_request_asks_for_usage_and_forwards_max_tokens_and_extra_body(fake: FakeLlm) -> None:
    extra = json.dumps({"ignore_eos": True, "stream_options": {"continuous_usage_stats": True}})
    async with client(fake.url, VLLM_EXTRA_BODY=extra, VLLM_TEMPERATURE="0.5") as llm:
        await answer(llm)
    sent = fake.requests[0]
    assert sent["stream_options"] == {"continuous_usage_stats": True, "include_usage": True}
    assert (sent["model"], sent["max_tokens"], sent["ignore_eos"]) == ("fake-model", 8, True)
    assert (sent["temperature"], sent["top_p"]) == (0.5, 1.0)


@pytest.mark.asyncio
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
async def test_bytes_may_be_split_anywhere(fake: FakeLlm, size: int) -> None:
    events = [{"choices": [{"delta": {"content": text}}]} for text in ("Grüße", ", 世界", " 🌍")]
    stream_text = "".join(f"data: {json.dumps(event, ensure_ascii=False)}\r\n\r\n" for event in events)
    stream_bytes = (": ping\n\n" + stream_text + "data: [DONE]\n\n").encode()

    def script(reply: Reply) -> None:
        reply.start()
        for start in range(0, len(stream_bytes), size):
            reply.raw(stream_bytes[start : start + size])
        reply.wfile.write(b"0\r\n\r\n")

    fake.script = script
    async with client(fake.url) as llm:
        deltas, _ = await answer(llm)
    assert [delta.text for delta in deltas] == ["Grüße", ", 世界", " 🌍"]


@pytest.mark.asyncio
async def test_without_a_usage_block_nothing_is_counted(fake: FakeLlm) -> None:
    def script(reply: Reply) -> None:
        reply.words("a", "b")
        reply.end(usage=None)

    fake.script = script
    async with client(fake.url) as llm:
        _, stream = await answer(llm)
    assert (stream.counts.output_tokens, stream.counts.prompt_tokens) == (None, None)


@pytest.mark.asyncio
async def test_usage_in_every_event_tells_how_many_tokens_each_carries(fake: FakeLlm) -> None:
    def script(reply: Reply) -> None:
        reply.start()
        for text, counted in (("one two", 2), (" three", 3), (" four five six", 6)):
            usage = {"prompt_tokens": 4, "completion_tokens": counted}
            reply.delta({"content": text}, usage=usage)
        reply.end(usage={**USAGE, "completion_tokens": 6})

    fake.script = script
    async with client(fake.url) as llm:
        deltas, stream = await answer(llm)
    assert [delta.tokens for delta in deltas] == [2, 1, 3]
    assert stream.counts.output_tokens == 6


def cut_after_words(reply: Reply) -> None:
    reply.words("a", "b")
    reply.cut()


def end_without_done(reply: Reply) -> None:
    reply.words("a", "b")
    reply.wfile.write(b"0\r\n\r\n")


def hang(reply: Reply) -> None:
    reply.words("a")
    reply.wait_for_close()


def refuse(reply: Reply) -> None:
    reply.answer(400, {"error": {"message": "context too long"}})


def error_in_stream(reply: Reply) -> None:
    reply.words("a")
    reply.event({"error": {"message": "out of memory", "code": 500}})
    reply.wait_for_close()


def not_json(reply: Reply) -> None:
    reply.start()
    reply.raw(b"data: {oops\n\n")
    reply.wait_for_close()


def not_http(reply: Reply) -> None:
    reply.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


def close_unasked(reply: Reply) -> None:
    reply.cut()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("script", "error", "sentence"),
    [
        (cut_after_words, LlmCutError, "in the middle of its answer"),
        (end_without_done, LlmCutError, "without finish_reason and without"),
        (hang, LlmSilentError, "sent nothing for 0.5 s"),
        (refuse, LlmStatusError, "HTTP 400: context too long"),
        (error_in_stream, LlmStatusError, "out of memory"),
        (not_json, LlmProtocolError, "not a chat completion chunk"),
        (not_http, LlmProtocolError, "not HTTP"),
        (close_unasked, LlmUnreachableError, "closed the connection"),
    ],
)
async def test_each_failure_has_its_own_error(
    fake: FakeLlm, script: Callable[[Reply], None], error: type[LlmError], sentence: str
) -> None:
    fake.script = script
    async with client(fake.url, VLLM_MODEL="m") as llm:
        with pytest.raises(error, match=sentence):
            await answer(llm)
        fake.script = hello
        deltas, _ = await answer(llm)  # the client has not kept the broken connection
    assert text_of(deltas) == "Hello you"


@pytest.mark.asyncio
async def test_leaving_the_stream_closes_its_connection(fake: FakeLlm) -> None:
    fake.script = hang
    async with client(fake.url) as llm, llm.chat(MESSAGES, max_tokens=8) as stream:
        await stream.read()
    assert await asyncio.to_thread(fake.cancelled.wait, DEADLINE_S)


@pytest.mark.asyncio
async def test_a_kept_connection_that_the_llm_closed_is_replaced(fake: FakeLlm) -> None:
    def answer_and_close(reply: Reply) -> None:
        hello(reply)
        reply.close_connection = True  # without having announced it

    fake.script = answer_and_close
    async with client(fake.url, VLLM_MODEL="m") as llm:
        texts = [text_of((await answer(llm))[0]) for _ in range(3)]
    assert texts == ["Hello you"] * 3


@pytest.mark.asyncio
async def test_connections_are_kept(fake: FakeLlm) -> None:
    ports = []

    def script(reply: Reply) -> None:
        ports.append(reply.client_address[1])
        hello(reply)

    fake.script = script
    async with client(fake.url, VLLM_MODEL="m") as llm:
        for _ in range(3):
            await answer(llm)
    assert len(set(ports)) == 1


@pytest.mark.asyncio
async def test_the_model_is_what_the_llm_says_and_requests_ask_for_what_was_typed(fake: FakeLlm) -> None:
    async with client(fake.url, VLLM_MODEL="typed") as llm:
        assert llm.model_id == "typed"  # until the LLM has been asked
        await answer(llm)
        assert llm.model_id == "fake-model"
        fake.models = b'{"data": [{"id": "other"}, {"id": "typed"}]}'
        assert [model.id for model in await llm.models()] == ["typed", "other"]
        assert llm.model_id == "typed"
    assert fake.requests[0]["model"] == "typed"


@pytest.mark.asyncio
async def test_a_model_that_was_typed_needs_no_list_of_models(fake: FakeLlm) -> None:
    fake.models_status = 404
    async with client(fake.url, VLLM_MODEL="typed") as llm:
        deltas, _ = await answer(llm)
        assert (text_of(deltas), llm.model_id) == ("Hello you", "typed")
    async with client(fake.url) as llm:
        with pytest.raises(LlmStatusError, match="HTTP 404"):
            await answer(llm)


@pytest.mark.asyncio
async def test_a_model_that_was_changed_behind_the_address_is_the_one_that_is_asked_for(fake: FakeLlm) -> None:
    async with client(fake.url) as llm:
        await answer(llm)
        fake.models = b'{"data": [{"id": "next"}]}'
        await llm.models()
        await answer(llm)
    assert [request["model"] for request in fake.requests] == ["fake-model", "next"]


@pytest.mark.asyncio
async def test_nobody_listening_is_unreachable() -> None:
    async with client("http://127.0.0.1:9") as llm:
        with pytest.raises(LlmUnreachableError, match=r"127\.0\.0\.1:9"):
            await llm.models()
