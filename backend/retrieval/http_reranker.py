"""A reranker that speaks `/v1/rerank`, as vLLM, llama.cpp, Jina and Cohere have it.

{"model": M, "query": Q, "documents": [D, ...], "top_n": N} -> {"results": [{"index": I, "relevance_score": S}, ...]}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from ..errors import RerankError
from ..strict_json import parse_json, printable
from .records import RerankerIdentity

_MAX_ANSWER_BYTES = 4 * 2**20
_MAX_SAID_CHARS = 300


class HttpReranker:
    """Connections are kept. No redirect is followed: the address and the key are of one server."""

    def __init__(self, url: str, *, model: str, api_key: str | None, timeout_s: float) -> None:
        self.identity = RerankerIdentity(kind="http", model=model)
        self._url = url
        self._model = model
        self._timeout_s = timeout_s
        self._headers = {} if api_key is None else {"authorization": f"Bearer {api_key}"}
        self._shown = f"rerank: the reranker at {urlsplit(url).netloc}"
        self._session: aiohttp.ClientSession | None = None

    async def scores(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        """Raises RerankError."""
        asked = {"model": self._model, "query": query, "documents": list(texts), "top_n": len(texts)}
        try:
            status, body = await self._post(asked)
        except TimeoutError as error:
            raise RerankError(
                f"{self._shown} took longer than {self._timeout_s:g} s (RAG_RERANK_TIMEOUT_SECONDS)"
            ) from error
        except aiohttp.ClientError as error:
            raise RerankError(f"{self._shown} does not answer: {_said(str(error) or type(error).__name__)}") from error
        if status != 200:
            raise RerankError(f"{self._shown} answers with HTTP {status}: {_said(body.decode('utf-8', 'replace'))}")
        if len(body) > _MAX_ANSWER_BYTES:
            raise RerankError(f"{self._shown} answers with more than {_MAX_ANSWER_BYTES} bytes")
        try:
            return _read(parse_json(body), len(texts))
        except ValueError as error:
            raise RerankError(f"{self._shown} answers with what is no ranking: {error}") from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _post(self, asked: dict[str, Any]) -> tuple[int, bytes]:
        if self._session is None:  # belongs to the loop that serves
            self._session = aiohttp.ClientSession(
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(total=self._timeout_s),
                connector=aiohttp.TCPConnector(limit=0),  # admission bounds how many there are
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        async with self._session.post(self._url, json=asked, allow_redirects=False) as response:
            body = bytearray()
            async for part in response.content.iter_any():
                body += part
                if len(body) > _MAX_ANSWER_BYTES:
                    break
            return response.status, bytes(body)


def _read(answer: Any, count: int) -> list[float]:
    """The score of each text. Raises ValueError with what is wrong."""
    results = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(results, list):
        raise ValueError("it has no list `results`")  # noqa: TRY004  # of what a server sends
    scores: dict[int, float] = {}
    for entry in results:
        match entry:
            case {"index": bool()} | {"relevance_score": bool()}:
                pass
            case {"index": int(index), "relevance_score": int() | float() as score} if 0 <= index < count:
                scores[index] = float(score)
                continue
        raise ValueError(f"{_said(repr(entry))} has no index below {count} with a relevance_score")
    if len(scores) != count or len(results) != count:
        raise ValueError(f"{len(scores)} of {count} documents have a score")
    return [scores[index] for index in range(count)]


def _said(text: str) -> str:
    """On one line, and of a length for a sentence."""
    return printable(" ".join(text.split())[:_MAX_SAID_CHARS])
