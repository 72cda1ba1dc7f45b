"""What each kind of target is asked, and how its events are read.

``rag``: the RAG service of this project (``POST /query/stream``) and its predecessor's variant of the same stream.
``openai``: any server of OpenAI chat completions, so that the LLM can be measured without the RAG in front of it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ragmeter.clients.reading import Reading, as_count, as_text, as_timings
from ragmeter.clients.sse import ServerSentEvent
from ragmeter.clients.transport import HttpRequest
from ragmeter.core.records import ErrorClass

Headers = tuple[tuple[str, str], ...]


class Dialect(Protocol):
    """One wire format: how to ask and how to read one event of the answer."""

    @property
    def name(self) -> str: ...

    def request(self, prompt: str, *, max_tokens: int | None = None) -> HttpRequest:
        """The request for one prompt; ``max_tokens`` replaces the dialect's own."""
        ...

    def read(self, event: ServerSentEvent, at_ns: int, reading: Reading) -> None:
        """Enter one event that arrived at ``at_ns`` into ``reading``. Never raises for what a server sends."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RagDialect:
    """Frames ``meta, token*, done`` or ``error``. None leaves a field to the server's default.

    The predecessor's stream is known by its ``ttft`` event. It counts deltas and calls them ``token_count``: no
    output tokens are taken from it. Its ``ttft_ms`` and ``total_ms`` start with the generation, after retrieval:
    they are read as ``inference_ttft_ms`` and ``inference_ms``.
    """

    k: int | None = None
    docset: str | None = None
    max_tokens: int | None = None
    headers: Headers = field(default=(), repr=False)
    path: str = "/query/stream"
    name: str = field(default="rag", init=False)

    def request(self, prompt: str, *, max_tokens: int | None = None, session_id: str | None = None) -> HttpRequest:
        body = {
            "query": prompt,
            "k": self.k,
            "docset": self.docset,
            "max_tokens": self.max_tokens if max_tokens is None else max_tokens,
            "session_id": session_id,
        }
        return _post(self.path, body, self.headers)

    def read(self, event: ServerSentEvent, at_ns: int, reading: Reading) -> None:
        if event.event == "ttft":
            reading.is_predecessor = True
            return
        step = {"meta": _read_meta, "token": _read_token, "done": _read_done, "error": _read_error}.get(event.event)
        if step is None:
            reading.unknown.append(event.event)
        elif (payload := reading.json_object(event, at_ns)) is not None:
            step(payload, at_ns, reading)


def _read_meta(payload: Mapping[str, Any], at_ns: int, reading: Reading) -> None:
    _read_identity(payload, reading)
    documents = payload.get("documents")
    if isinstance(documents, list) and documents:
        reading.first_source_ns = reading.first_source_ns or at_ns
        reading.documents = tuple(
            document["id"] for document in documents if isinstance(document, dict) and as_text(document.get("id"))
        )


def _read_token(payload: Mapping[str, Any], at_ns: int, reading: Reading) -> None:
    reading.add_text(as_text(payload.get("text")), at_ns, tokens=as_count(payload.get("n")))


def _read_done(payload: Mapping[str, Any], at_ns: int, reading: Reading) -> None:
    _read_identity(payload, reading)
    reading.prompt_tokens = as_count(payload.get("prompt_tokens"))
    reading.finish_reason = as_text(payload.get("finish_reason"))
    if reading.is_predecessor:
        spoken = reading.timings
        reading.timings = replace(
            spoken, inference_ttft_ms=spoken.ttft_ms, inference_ms=spoken.total_ms, ttft_ms=None, total_ms=None
        )
    else:
        reading.output_tokens = as_count(payload.get("token_count"))
    reading.close(at_ns)


def _read_identity(payload: Mapping[str, Any], reading: Reading) -> None:
    reading.request_id = as_text(payload.get("request_id")) or reading.request_id
    reading.trace_id = as_text(payload.get("trace_id")) or reading.trace_id
    reading.replica_id = as_text(payload.get("replica_id")) or reading.replica_id
    reading.model_id = as_text(payload.get("model_id")) or reading.model_id
    reading.timings = as_timings(payload.get("timings"), reading.timings)


def _read_error(payload: Mapping[str, Any], at_ns: int, reading: Reading) -> None:
    _read_identity(payload, reading)
    reading.fail(ErrorClass.ERROR_EVENT, _describe_error(payload), at_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAiDialect:
    """Chat completions with ``stream_options.include_usage``, ended by ``[DONE]`` or at least a ``finish_reason``.

    ignore_eos, min_tokens: extensions of vLLM and SGLang that force the output length; left out unless set.
    Reasoning text (``reasoning_content`` or ``reasoning``) is counted apart and is never the first token.
    """

    model: str
    max_tokens: int | None = None
    min_tokens: int | None = None
    ignore_eos: bool = False
    headers: Headers = field(default=(), repr=False)
    path: str = "/v1/chat/completions"
    name: str = field(default="openai", init=False)

    def request(self, prompt: str, *, max_tokens: int | None = None) -> HttpRequest:
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": prompt}],
            "max_tokens": self.max_tokens if max_tokens is None else max_tokens,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
            "min_tokens": self.min_tokens,
            "ignore_eos": self.ignore_eos or None,
        }
        return _post(self.path, body, self.headers)

    def read(self, event: ServerSentEvent, at_ns: int, reading: Reading) -> None:
        if event.data.strip() == "[DONE]":
            reading.close(at_ns)
        elif event.event not in ("message", "error"):
            reading.unknown.append(event.event)
        elif (payload := reading.json_object(event, at_ns)) is not None:
            _read_chunk(payload, at_ns, reading, is_error=event.event == "error")


def _read_chunk(payload: Mapping[str, Any], at_ns: int, reading: Reading, *, is_error: bool) -> None:
    if is_error or payload.get("error") or payload.get("object") == "error":
        _read_error(payload, at_ns, reading)
        return
    reading.request_id = as_text(payload.get("id")) or reading.request_id
    reading.model_id = as_text(payload.get("model")) or reading.model_id
    usage = payload.get("usage")
    if isinstance(usage, dict):
        reading.output_tokens = as_count(usage.get("completion_tokens"))
        reading.prompt_tokens = as_count(usage.get("prompt_tokens"))
    choices = payload.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        _read_choice(choices[0], at_ns, reading)
    if reading.finish_reason is not None:
        reading.over_ns = at_ns


def _read_choice(choice: Mapping[str, Any], at_ns: int, reading: Reading) -> None:
    delta = choice.get("delta")
    if isinstance(delta, dict):
        reading.add_text(as_text(delta.get("content")), at_ns, tokens=None)
        reasoning = as_text(delta.get("reasoning_content")) or as_text(delta.get("reasoning")) or ""
        reading.reasoning_chars += len(reasoning)
    reading.finish_reason = as_text(choice.get("finish_reason")) or reading.finish_reason


def _describe_error(payload: Mapping[str, Any]) -> str:
    """``type: message`` of an error, whether it is the payload or its ``error`` field, an object or plain text."""
    inner = payload.get("error")
    if isinstance(inner, str):
        return inner
    error = inner if isinstance(inner, dict) else payload
    message = as_text(error.get("message")) or json.dumps(error, ensure_ascii=False)
    kind = as_text(error.get("type"))
    return f"{kind}: {message}" if kind else message


def _post(path: str, body: Mapping[str, Any], headers: Headers) -> HttpRequest:
    known = {key: value for key, value in body.items() if value is not None}
    return HttpRequest(
        method="POST",
        path=path,
        headers=(("content-type", "application/json"), ("accept", "text/event-stream"), *headers),
        body=json.dumps(known, ensure_ascii=False, separators=(",", ":")).encode(),
    )
