"""Any OpenAI-compatible LLM: streamed chat completions, with token counts from the usage block and nowhere else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from ..errors import LlmError, LlmProtocolError, LlmStatusError
from ..settings import Settings
from ..strict_json import parse_json
from .chat import ChatStream
from .chunks import error_text
from .models import ServedModel, served_models, shown_name
from .wire import Exchange, HttpPool

Message = dict[str, str]

_CONTROL_TIMEOUT_S = 3.0
_MAX_CONTROL_BYTES = 2**20


class Llm:
    def __init__(self, settings: Settings) -> None:
        self.base_url = settings.vllm_base_url
        self._typed = settings.vllm_model
        self._served: str | None = None
        self._engine: str | None = None
        self._asked = False
        self._sampling = {"temperature": settings.vllm_temperature, "top_p": settings.vllm_top_p}
        self._extra = settings.vllm_extra_body
        self._pool = HttpPool(settings.vllm_base_url, silence_s=settings.vllm_timeout_s, api_key=settings.vllm_api_key)

    @property
    def model_id(self) -> str:
        """As the LLM names it, once it has been asked; until then as it was typed."""
        return shown_name(self._served or self._typed or "unknown")

    @property
    def requested_model(self) -> str | None:
        """What requests ask for."""
        return self._typed or self._served

    @property
    def takes_cache_salt(self) -> bool:
        """Whether a request may have the field `cache_salt`: vLLM keeps prompts of two salts apart; others refuse it or
        ignore it.
        """
        return self._engine == "vllm"

    async def models(self) -> list[ServedModel]:
        """What /v1/models lists, first the one that answers. Raises LlmError."""
        self._asked = True
        try:
            listed = served_models(await self.get_json("/v1/models"))
        except ValueError as error:
            raise LlmProtocolError(f"the LLM's /v1/models: {error}") from error
        listed.sort(key=lambda model: model.id != self._typed)  # stable: without the typed one the first stays so
        self._served, self._engine = listed[0].id, listed[0].engine
        return listed

    async def settle_model(self) -> None:
        """Asks for the model's name once. Raises LlmError when nobody knows it."""
        if self._served is not None or (self._asked and self._typed is not None):
            return
        try:
            await self.models()
        except LlmError:
            if self._typed is None:
                raise

    async def get(self, path: str) -> bytes:
        """At most 1 MiB of the body of an answer with status 200. Raises LlmError."""
        async with self._pool.exchange("GET", path, silence_s=_CONTROL_TIMEOUT_S) as exchange:
            body = await _whole_body(exchange)
        if exchange.status != 200:
            raise LlmStatusError(f"the LLM answers {path} with HTTP {exchange.status}: {error_text(body)}")
        return body

    async def get_json(self, path: str) -> dict[str, Any]:
        body = await self.get(path)
        try:
            parsed = parse_json(body)
        except ValueError as error:
            raise LlmProtocolError(f"the LLM's {path} is not JSON: {error}: {body[:100]!r}") from error
        if not isinstance(parsed, dict):
            raise LlmProtocolError(f"the LLM's {path} is not a JSON object: {body[:100]!r}")
        return parsed

    @asynccontextmanager
    async def chat(
        self,
        messages: list[Message],
        *,
        max_tokens: int,
        headers: Mapping[str, str] | None = None,
        cache_salt: str | None = None,
    ) -> AsyncIterator[ChatStream]:
        """Leaving before the end of the stream closes its connection, and so cancels the generation."""
        await self.settle_model()
        salted = {} if cache_salt is None else {"cache_salt": cache_salt}
        body = json.dumps({**self._payload(messages, max_tokens), **salted}).encode()
        async with self._pool.exchange("POST", "/v1/chat/completions", body, headers) as exchange:
            if exchange.status != 200:
                text = error_text(await _whole_body(exchange))
                raise LlmStatusError(f"the LLM answers with HTTP {exchange.status}: {text}")
            stream = ChatStream(exchange, round_trip_ms=exchange.round_trip_ms)
            yield stream
            await stream.drain()

    def close(self) -> None:
        self._pool.close()

    def _payload(self, messages: list[Message], max_tokens: int) -> dict[str, Any]:
        options = {**self._extra.get("stream_options", {}), "include_usage": True}
        # It then says when it begins with the prompt, which ends its queue. Others may refuse what they do not know.
        asked = {"return_progress": True} if self._engine == "llamacpp" else {}
        own = {"model": self.requested_model, "messages": messages, "max_tokens": max_tokens, "stream": True}
        return {**self._sampling, **asked, **self._extra, **own, "stream_options": options}


async def _whole_body(exchange: Exchange) -> bytes:
    body = b""
    while (data := await exchange.read()) and len(body) < _MAX_CONTROL_BYTES:
        body += data
    return body
