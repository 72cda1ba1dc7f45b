"""Any OpenAI-compatible LLM: streamed chat completions, with token counts from the usage block and nowhere else."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from .errors import LlmCutError, LlmError, LlmProtocolError, LlmStatusError
from .settings import Settings
from .wire import Exchange, HttpPool

Message = dict[str, str]

_CONTROL_TIMEOUT_S = 3.0
_DRAIN_S = 0.5
_MAX_CONTROL_BYTES = 2**20
_MAX_ERROR_CHARS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """Text of one event of the LLM. `tokens` is how many it carries, where the LLM reports usage with each event."""

    text: str
    tokens: int | None


class ChatStream:
    """The events of one answer. Counts are None until the LLM has told them."""

    def __init__(self, exchange: Exchange) -> None:
        self.prompt_tokens: int | None = None
        self.output_tokens: int | None = None
        self.finish_reason: str | None = None
        self._exchange = exchange
        self._rest = b""
        self._done = False

    async def read(self) -> list[Delta]:
        """The texts that came since the last call, at least one; [] at the end. Raises LlmError."""
        while not self._done:
            data = await self._exchange.read()
            if not data:
                return self._end()
            # Servers of this API write each event as one `data:` line, so a line is an event.
            *lines, self._rest = (self._rest + data).split(b"\n")
            deltas = [delta for line in lines if (delta := self._event(line)) is not None]
            if deltas:
                return deltas
        return []

    async def drain(self) -> None:
        """Waits for the end of the chunked coding, which may come after [DONE]: with it, the connection can be kept."""
        if not self._done:
            return
        with suppress(TimeoutError, LlmError):
            async with asyncio.timeout(_DRAIN_S):
                while await self._exchange.read():
                    pass

    def _end(self) -> list[Delta]:
        last = self._event(self._rest)
        self._rest = b""
        if self.finish_reason is None and not self._done:
            raise LlmCutError("the LLM ended its answer without finish_reason and without [DONE]")
        self._done = True
        return [] if last is None else [last]

    def _event(self, line: bytes) -> Delta | None:
        if not line.startswith(b"data:"):
            return None
        payload = line[5:].strip()
        if payload == b"[DONE]":
            self._done = True
            return None
        try:
            return self._delta(json.loads(payload))
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise LlmProtocolError(f"an event of the LLM is not a chat completion chunk: {payload[:200]!r}") from error

    def _delta(self, event: dict[str, Any]) -> Delta | None:
        if "error" in event:
            raise LlmStatusError(f"the LLM reports: {_error_text(event)}")
        tokens = None
        usage = event.get("usage")
        if usage:
            counted, self.output_tokens = self.output_tokens or 0, int(usage["completion_tokens"])
            self.prompt_tokens = int(usage["prompt_tokens"])
            tokens = self.output_tokens - counted
        if not event["choices"]:
            return None
        choice = event["choices"][0]
        self.finish_reason = choice.get("finish_reason") or self.finish_reason
        text = choice["delta"].get("content")
        return Delta(text=text, tokens=tokens) if text else None


class Llm:
    def __init__(self, settings: Settings) -> None:
        self.base_url = settings.vllm_base_url
        self.requested_model = settings.vllm_model
        self._model: str | None = settings.vllm_model
        self._sampling = {"temperature": settings.vllm_temperature, "top_p": settings.vllm_top_p}
        self._extra = settings.vllm_extra_body
        self._pool = HttpPool(settings.vllm_base_url, silence_s=settings.vllm_timeout_s, api_key=settings.vllm_api_key)

    @property
    def model_id(self) -> str:
        """The model's name as reports show it: a file on the LLM's disk is shown without its folder."""
        name = self._model or "unknown"
        return os.path.basename(name) if os.path.isabs(name) else name  # noqa: PTH119,PTH117  # a name, not a path here

    async def models(self) -> list[dict[str, Any]]:
        """What /v1/models lists; settles the model when none was configured. Raises LlmError."""
        listed = (await self.get_json("/v1/models")).get("data")
        if not isinstance(listed, list) or not listed:
            raise LlmProtocolError("the LLM's /v1/models lists no model")
        if self._model is None:
            self._model = str(listed[0]["id"])
        return listed

    async def settle_model(self) -> None:
        """Asks for the model's name when none was configured. Raises LlmError."""
        if self._model is None:
            await self.models()

    async def get_json(self, path: str) -> dict[str, Any]:
        async with self._pool.exchange("GET", path, silence_s=_CONTROL_TIMEOUT_S) as exchange:
            body = await _whole_body(exchange)
        if exchange.status != 200:
            raise LlmStatusError(f"the LLM answers {path} with HTTP {exchange.status}: {_error_text(body)}")
        try:
            parsed = json.loads(body)
        except ValueError as error:
            raise LlmProtocolError(f"the LLM's {path} is not JSON: {body[:100]!r}") from error
        if not isinstance(parsed, dict):
            raise LlmProtocolError(f"the LLM's {path} is not a JSON object: {body[:100]!r}")
        return parsed

    @asynccontextmanager
    async def chat(
        self, messages: list[Message], *, max_tokens: int, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[ChatStream]:
        """Leaving before the end of the stream closes its connection, and so cancels the generation."""
        await self.settle_model()
        body = json.dumps(self._payload(messages, max_tokens)).encode()
        async with self._pool.exchange("POST", "/v1/chat/completions", body, headers) as exchange:
            if exchange.status != 200:
                text = _error_text(await _whole_body(exchange))
                raise LlmStatusError(f"the LLM answers with HTTP {exchange.status}: {text}")
            stream = ChatStream(exchange)
            yield stream
            await stream.drain()

    def close(self) -> None:
        self._pool.close()

    def _payload(self, messages: list[Message], max_tokens: int) -> dict[str, Any]:
        options = {**self._extra.get("stream_options", {}), "include_usage": True}
        own = {"model": self._model, "messages": messages, "max_tokens": max_tokens, "stream": True}
        return {**self._sampling, **self._extra, **own, "stream_options": options}


async def _whole_body(exchange: Exchange) -> bytes:
    body = b""
    while (data := await exchange.read()) and len(body) < _MAX_CONTROL_BYTES:
        body += data
    return body


def _error_text(answer: bytes | dict[str, Any]) -> str:
    """The message of an OpenAI error object, or the start of whatever it is."""
    parsed: Any = answer
    if isinstance(answer, bytes):
        try:
            parsed = json.loads(answer)
        except ValueError:
            return answer[:_MAX_ERROR_CHARS].decode("utf-8", "replace")
    error = parsed.get("error", parsed) if isinstance(parsed, dict) else parsed
    text = error.get("message", error) if isinstance(error, dict) else error
    return str(text)[:_MAX_ERROR_CHARS]
