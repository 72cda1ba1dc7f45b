"""The logical events of a stream, and how they become bytes. Pure."""

import json
from dataclasses import dataclass
from typing import Any

from ragmeter.testing.script import Contract, StreamScript

MODEL_ID = "ground-truth"
_WORDS = ("time ", "to ", "first ", "token ", "naïve ", "☕ ", "𝄞 ", "Zürich ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One event before it is written. ``data`` is a JSON value, or text that is sent as it is.

    tokens: how many answer tokens it carries; 0 for every event without answer text.
    """

    at_ms: float
    data: dict[str, Any] | str
    event: str | None = None
    tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How frames are written. multi_line: JSON over several ``data:`` lines. pings: comments and ``ping`` events
    around each frame. last_blank: whether the last event is ended by its blank line.
    """

    newline: str = "\n"
    bom: bool = False
    multi_line: bool = False
    pings: bool = False
    last_blank: bool = True


def frames_of(script: StreamScript, contract: Contract, *, request_id: str, usage: bool) -> list[Frame]:
    """The events of a stream as it should be. usage: whether an OpenAI client asked for the usage chunk."""
    if contract is Contract.RAG:
        return _rag_frames(script, request_id)
    return _openai_frames(script, request_id, usage=usage)


def text_of(script: StreamScript, event: int) -> str:
    """The answer text of text event ``event``: a word per token, some beyond ASCII and some beyond the BMP."""
    first = event * script.tokens_per_event
    return "".join(_WORDS[token % len(_WORDS)] for token in range(first, first + script.tokens_of(event)))


def _rag_frames(script: StreamScript, request_id: str) -> list[Frame]:
    times = script.text_times_ms()
    ids = {"session_id": "s", "request_id": request_id, "replica_id": script.replica_id}
    identity = {**ids, "model_id": MODEL_ID, "k": 2}
    documents = [{"id": f"doc-{n}", "score": 1 / n, "meta": {"title": f"Document {n}"}} for n in (1, 2)]
    llm = script.llm_times_ms(Contract.RAG)
    before_ms = script.ttft_ms - llm.queue - llm.prefill
    stages = {"queue_ms": 0.0, "embedding_ms": before_ms / 4, "retrieval_ms": before_ms / 4}
    inference = {"inference_ttft_ms": script.ttft_ms - before_ms, "inference_ms": times[-1] - before_ms}
    if script.llm_queue_ms:
        inference |= {"llm_queue_ms": llm.queue, "llm_prefill_ms": llm.prefill}
    done = {
        **identity,
        "timings": {**stages, **inference, "ttft_ms": script.ttft_ms, "total_ms": times[-1]},
        "token_count": script.tokens,
        "prompt_tokens": script.prompt_tokens,
        "finish_reason": "stop",
    }
    meta = {**identity, "docset": "default", "documents": documents, "timings": stages}
    return [
        Frame(at_ms=before_ms, event="meta", data=meta),
        *(
            Frame(
                at_ms=at_ms,
                event="token",
                data={"text": text_of(script, n), "n": script.tokens_of(n)},
                tokens=script.tokens_of(n),
            )
            for n, at_ms in enumerate(times)
        ),
        Frame(at_ms=times[-1], event="done", data=done),
    ]


def _openai_frames(script: StreamScript, request_id: str, *, usage: bool) -> list[Frame]:
    times = script.text_times_ms()
    frames = [Frame(at_ms=script.ttft_ms / 2, data=chunk(request_id, {"role": "assistant", "content": ""}))]
    frames += [
        Frame(at_ms=at_ms, data=chunk(request_id, {"content": text_of(script, n)}), tokens=script.tokens_of(n))
        for n, at_ms in enumerate(times)
    ]
    frames.append(Frame(at_ms=times[-1], data=chunk(request_id, {}, finish_reason="stop")))
    if usage:
        frames.append(Frame(at_ms=times[-1], data={**chunk(request_id), "usage": usage_of(script)}))
    return [*frames, Frame(at_ms=times[-1], data="[DONE]")]


def chunk(request_id: str, delta: dict[str, Any] | None = None, *, finish_reason: str | None = None) -> dict[str, Any]:
    """One chat completion chunk; without a delta it has no choices."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {
        "id": request_id,
        "object": "chat.completion.chunk",
        "created": 0,
        "model": MODEL_ID,
        "choices": [] if delta is None else [choice],
    }


def usage_of(script: StreamScript) -> dict[str, int]:
    return {
        "prompt_tokens": script.prompt_tokens,
        "completion_tokens": script.tokens,
        "total_tokens": script.prompt_tokens + script.tokens,
    }


def encode(frame: Frame, encoding: Encoding, *, first: bool, last: bool) -> bytes:
    """The bytes of one frame; its last byte completes the event, except where ``last_blank`` is off."""
    lines = [": ping", "", "event: ping", "data: {}", ""] if encoding.pings else []
    if frame.event is not None:
        lines.append(f"event: {frame.event}")
    text = frame.data if isinstance(frame.data, str) else _json(frame.data, multi_line=encoding.multi_line)
    lines += [f"data: {line}" for line in text.split("\n")]
    ends = 2 if encoding.last_blank or not last else 0
    body = encoding.newline.join(lines) + encoding.newline * ends
    return ("\ufeff" if encoding.bom and first else "").encode() + body.encode()


def _json(value: dict[str, Any], *, multi_line: bool) -> str:
    separators = None if multi_line else (",", ":")
    return json.dumps(value, ensure_ascii=False, indent=1 if multi_line else None, separators=separators)
