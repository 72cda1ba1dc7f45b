"""What each built-in target is asked, and how its events are read; `ragmeter.clients.answers.described` has the others.

``rag``: the RAG service of this project (``POST /query/stream``) and its predecessor's variant of the same stream.
``openai``: any server of OpenAI chat completions, so that the LLM can be measured without the RAG in front of it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ragmeter.clients.answers.chunks import is_chunk, read_chunk
from ragmeter.clients.answers.marks import marked, salt_of
from ragmeter.clients.answers.reading import Reading
from ragmeter.clients.answers.sse import ServerSentEvent
from ragmeter.clients.answers.told import as_text, describe_error, failure_words, is_blank, parsed
from ragmeter.clients.connection.transport import HttpRequest
from ragmeter.core.inputs.body import NOTHING_STATED, RequestBody
from ragmeter.core.inputs.cache import MarkBy
from ragmeter.core.inputs.talks import Talk
from ragmeter.core.inputs.targets.answer import Framing
from ragmeter.core.requests.finish import is_failure
from ragmeter.core.requests.records import ErrorClass

_LIMITS = {"max_completion_tokens", "max_new_tokens"}
Headers = tuple[tuple[str, str], ...]


class Dialect(Protocol):
    """One wire format: how to ask and how to read one event of the answer."""

    @property
    def name(self) -> str: ...

    @property
    def framing(self) -> Framing: ...

    @property
    def text_at(self) -> str:
        """Where the text stands, for messages."""
        ...

    @property
    def ends_with_response(self) -> bool:
        """Whether the end of a complete response is the end of the answer."""
        ...

    @property
    def tells_passages(self) -> bool:
        """Whether its answers tell the text of the passages that were given: one without any was given none."""
        ...

    def request(
        self, prompt: str, *, max_tokens: int | None = None, mark: str | None = None, talk: Talk | None = None
    ) -> HttpRequest:
        """The request for one prompt; ``max_tokens`` replaces the dialect's own.

        mark: keeps the request apart in the caches of the service from those with another mark. talk: of a turn of a
        conversation; its history has the mark already.
        """
        ...

    def is_pause(self, event: ServerSentEvent) -> bool:
        """Whether the event keeps the connection alive and says nothing."""
        ...

    def read(self, event: ServerSentEvent, at_ns: int, reading: Reading) -> None:
        """Enter one event that arrived at ``at_ns`` into ``reading``. Never raises for what a server sends."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RagDialect:
    """Frames ``meta, (reasoning | token)*, done`` or ``error``. None leaves a field to the server's default.

    The predecessor's stream is known by its ``ttft`` event. Its ``token_count`` is the number of its deltas and not of
    the LLM's tokens: it is no usage, and the deltas are counted here. Its ``ttft_ms`` and ``total_ms`` start with the
    generation, after retrieval: they are read as ``inference_ttft_ms`` and ``inference_ms``.
    """

    k: int | None = None
    docset: str | None = None
    retrieval_mode: str | None = None
    candidates: int | None = None
    rerank: bool | None = None
    filter: Mapping[str, Any] = field(default_factory=dict)
    max_tokens: int | None = None
    tells_passages: bool = False
    headers: Headers = field(default=(), repr=False)
    path: str = "/query/stream"
    mark_by: MarkBy = "cache_salt"
    name: str = field(default="rag", init=False)
    framing: Framing = field(default="sse", init=False)
    text_at: str = field(default="text", init=False)
    ends_with_response: bool = field(default=False, init=False)

    def request(
        self,
        prompt: str,
        *,
        max_tokens: int | None = None,
        mark: str | None = None,
        talk: Talk | None = None,
    ) -> HttpRequest:
        history = () if talk is None else talk.history
        body = {
            "query": prompt if history else marked(prompt, mark, self.mark_by),
            "k": self.k,
            "docset": self.docset,
            "retrieval_mode": self.retrieval_mode,
            "candidates": self.candidates,
            "rerank": self.rerank,
            "filter": dict(self.filter) or None,
            "max_tokens": self.max_tokens if max_tokens is None else max_tokens,
            "passage_texts": True if self.tells_passages else None,
            "session_id": None if talk is None else talk.session_id,
            "history": list(history) or None,
            **salt_of(mark, self.mark_by),
        }
        return _post(self.path, body, self.headers)

    def is_pause(self, event: ServerSentEvent) -> bool:
        """See `Dialect`."""
        return is_blank(event.event, event.data)

    def read(self, event: ServerSentEvent, at_ns: int, reading: Reading) -> None:
        if event.event == "ttft":
            reading.is_predecessor = True
            return
        step = _STEPS.get(event.event)
        if step is None:
            _read_unknown(event, at_ns, reading)
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
    reading.add_text(as_text(payload.get("text")), at_ns, tokens=reading.count("n", payload.get("n")))


def _read_reasoning(payload: Mapping[str, Any], at_ns: int, reading: Reading) -> None:
    reading.add_reasoning(as_text(payload.get("text")), at_ns, tokens=reading.count("n", payload.get("n")))


def _read_done(payload: Mapping[str, Any], at_ns: int, reading: Reading) -> None:
    _read_identity(payload, reading)
    reading.take_prompt_tokens(payload.get("prompt_tokens"), payload.get("cached_tokens"))
    reading.reasoning_told = reading.count("reasoning_tokens", payload.get("reasoning_tokens"))
    reading.finish(payload.get("finish_reason"), at_ns)
    _read_refused(payload, reading)
    _read_passages(payload.get("passages"), reading)
    if reading.is_predecessor:
        spoken = reading.timings
        reading.timings = replace(
            spoken, inference_ttft_ms=spoken.ttft_ms, inference_ms=spoken.total_ms, ttft_ms=None, total_ms=None
        )
    else:
        reading.take_output_tokens(reading.count("token_count", payload.get("token_count")))
    reading.close(at_ns)


def _read_passages(told: Any, reading: Reading) -> None:
    """In the order of the documents, whatever theirs is."""
    if not isinstance(told, list):
        return
    texts = {at.get("id"): at.get("text") for at in told if isinstance(at, dict) and isinstance(at.get("id"), str)}
    reading.take_passages([texts.get(name) for name in reading.documents])


def _read_refused(payload: Mapping[str, Any], reading: Reading) -> None:
    """What the backend refused of the LLM's counts: its ``token_count`` is then null, and not because nobody counts."""
    told = payload.get("refused")
    for words in told if isinstance(told, list) else []:
        reading.refuse(f"the LLM's count: {as_text(words)}")
        reading.count_refused = reading.count_refused or payload.get("token_count") is None


def _read_identity(payload: Mapping[str, Any], reading: Reading) -> None:
    reading.request_id = as_text(payload.get("request_id")) or reading.request_id
    reading.trace_id = as_text(payload.get("trace_id")) or reading.trace_id
    reading.replica_id = as_text(payload.get("replica_id")) or reading.replica_id
    reading.model_id = as_text(payload.get("model_id")) or reading.model_id
    reading.take_timings(payload.get("timings"))


def _read_error(payload: Mapping[str, Any], at_ns: int, reading: Reading) -> None:
    _read_identity(payload, reading)
    reading.fail(ErrorClass.ERROR_EVENT, describe_error(payload), at_ns)


def _read_unknown(event: ServerSentEvent, at_ns: int, reading: Reading) -> None:
    """Events of other names are ignored, unless one without a name says of itself that it is a failure."""
    reading.unknown.append(event.event)
    payload = parsed(event.data) if event.event == "message" else None
    if isinstance(payload, dict) and not is_chunk(payload) and (words := failure_words(payload)) is not None:
        reading.fail(ErrorClass.ERROR_EVENT, words, at_ns)


_STEPS = {
    "meta": _read_meta,
    "reasoning": _read_reasoning,
    "token": _read_token,
    "done": _read_done,
    "error": _read_error,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAiDialect:
    """Chat completions with ``stream_options.include_usage``, ended by ``[DONE]`` or at least a ``finish_reason``.

    asked: what the workload states of the body. body: keys that replace those of the request; None leaves one out. A
    limit of tokens under another name is the request's own where a trace has one for each request.
    Reasoning text is counted apart and is never the first token of the answer.
    """

    model: str
    max_tokens: int | None = None
    asked: RequestBody = NOTHING_STATED
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Headers = field(default=(), repr=False)
    path: str = "/v1/chat/completions"
    mark_by: MarkBy = "nonce"
    name: str = field(default="openai", init=False)
    framing: Framing = field(default="sse", init=False)
    text_at: str = field(default="delta.content", init=False)
    ends_with_response: bool = field(default=False, init=False)
    tells_passages: bool = field(default=False, init=False)

    def request(
        self, prompt: str, *, max_tokens: int | None = None, mark: str | None = None, talk: Talk | None = None
    ) -> HttpRequest:
        history = () if talk is None else talk.history
        question = prompt if history else marked(prompt, mark, self.mark_by)
        limited = {} if max_tokens is None else dict.fromkeys(_LIMITS & self.body.keys(), max_tokens)
        body = {
            "model": self.model,
            "messages": self.asked.messages(question, history),
            **self.asked.sampling(self.max_tokens if max_tokens is None else max_tokens),
            "stream": True,
            "stream_options": {"include_usage": True} if self.asked.usage else None,
            **salt_of(mark, self.mark_by),
            **self.body,
            **limited,
        }
        return _post(self.path, body, self.headers)

    def is_pause(self, event: ServerSentEvent) -> bool:
        """See `Dialect`."""
        return is_blank(event.event, event.data)

    def read(self, event: ServerSentEvent, at_ns: int, reading: Reading) -> None:
        if event.data.strip().startswith("[DONE]"):
            reading.close(at_ns)
        elif is_failure(event.event):
            if (payload := reading.json_object(event, at_ns)) is not None:
                _read_error(payload, at_ns, reading)
        elif event.event != "message":
            self._read_named(event, at_ns, reading)
        elif (payload := reading.json_object(event, at_ns)) is not None:
            read_chunk(payload, at_ns, reading)

    def _read_named(self, event: ServerSentEvent, at_ns: int, reading: Reading) -> None:
        """A chunk is one whatever its event is called; other events of a name of their own are somebody else's."""
        payload = parsed(event.data)
        if isinstance(payload, dict) and (is_chunk(payload) or payload.get("error")):
            read_chunk(payload, at_ns, reading)
        else:
            reading.unknown.append(event.event)


def _post(path: str, body: Mapping[str, Any], headers: Headers) -> HttpRequest:
    known = {key: value for key, value in body.items() if value is not None}
    return HttpRequest(
        method="POST",
        path=path,
        headers=(("content-type", "application/json"), ("accept", "text/event-stream"), *headers),
        body=json.dumps(known, ensure_ascii=False, separators=(",", ":")).encode(),
    )
