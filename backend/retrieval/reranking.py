"""A second look at what a search found: the passages that fit the question best, of more than were asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from ..settings import Settings
from .embedder import Embedder
from .http_reranker import HttpReranker
from .late_interaction import scores_of
from .records import RerankerIdentity


class Reranker(Protocol):
    @property
    def identity(self) -> RerankerIdentity: ...

    async def scores(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        """One for each text, the higher the better; of no scale. Raises RerankError."""
        ...

    async def close(self) -> None: ...


class LateInteraction:
    """By the embedder, in a thread of its own: one question at a time, whose passages share the embedder's threads."""

    def __init__(self, embedder: Embedder) -> None:
        self.identity = RerankerIdentity(kind="late_interaction", model=embedder.model_id)
        self._embedder = embedder
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="rerank")

    async def scores(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, scores_of, self._embedder, query, texts)

    async def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def open_reranker(settings: Settings, embedder: Embedder) -> Reranker:
    """The one that the settings name; without an address, the embedder is one."""
    if settings.rerank_url is None or settings.rerank_model is None:
        return LateInteraction(embedder)
    return HttpReranker(
        settings.rerank_url,
        model=settings.rerank_model,
        api_key=settings.rerank_api_key,
        timeout_s=settings.rerank_timeout_s,
    )
