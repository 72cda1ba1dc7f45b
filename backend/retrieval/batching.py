"""Retrieval off the event loop: queries that wait are embedded and searched together.

One worker thread takes everything that has queued while it was busy, up to a bound. An idle service answers a
lone query at once; a busy one pays for a matrix instead of many vectors.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ..errors import ServiceError
from .embedder import Embedder
from .modes import Search
from .records import Hit
from .searching import find
from .store import Store

_WARM_UP_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """The times are those of the batch that the query was part of: each query in it waited for the whole."""

    hits: list[Hit]
    queue_ms: float
    embedding_ms: float
    retrieval_ms: float
    lexical_ms: float | None = None
    """None: nobody searched by words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Query:
    text: str
    search: Search
    submitted_ns: int
    future: asyncio.Future[Retrieval]


class RetrievalBatcher:
    """At most as many queries wait as admission lets in."""

    def __init__(self, embedder: Embedder, store: Store, *, max_batch: int) -> None:
        self._embedder = embedder
        self._store = store
        self._max_batch = max_batch
        self._waiting: deque[_Query] = deque()
        self._busy = False
        self.problem: str | None = None
        """What went wrong with the last batch; None when it went well. A store tells of itself."""
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="retrieval")

    async def retrieve(self, text: str, search: Search) -> Retrieval:
        """Raises UnknownDocsetError, StoreError."""
        loop = asyncio.get_running_loop()
        query = _Query(text=text, search=search, submitted_ns=time.perf_counter_ns(), future=loop.create_future())
        self._waiting.append(query)
        self._pump(loop)
        return await query.future

    def warm_up(self) -> None:
        """Runs both libraries once in the worker thread: they start threads of their own, 4 ms that no query pays."""
        self._pool.submit(lambda: self._store.warm_up(self._embedder.embed(["warm-up"]))).result(_WARM_UP_TIMEOUT_S)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _pump(self, loop: asyncio.AbstractEventLoop) -> None:
        batch: list[_Query] = []
        while not self._busy and self._waiting and len(batch) < self._max_batch:
            query = self._waiting.popleft()
            if not query.future.done():  # else its client has gone
                batch.append(query)
        if batch:
            self._busy = True
            work = loop.run_in_executor(self._pool, _run_batch, self._embedder, self._store, batch)
            work.add_done_callback(lambda done: self._deliver(loop, batch, done))

    def _deliver(
        self, loop: asyncio.AbstractEventLoop, batch: list[_Query], done: asyncio.Future[list[Retrieval | ServiceError]]
    ) -> None:
        self._busy = False
        if done.cancelled():
            for query in batch:
                query.future.cancel()
            return
        error = done.exception()
        self.problem = None if error is None else f"the last batch failed: {error}"
        results: list[Retrieval | ServiceError] = [] if error else done.result()
        for position, query in enumerate(batch):
            if query.future.done():
                continue
            result = results[position] if error is None else error
            if isinstance(result, BaseException):
                query.future.set_exception(result)
            else:
                query.future.set_result(result)
        self._pump(loop)


def _run_batch(embedder: Embedder, store: Store, batch: list[_Query]) -> list[Retrieval | ServiceError]:
    started_ns = time.perf_counter_ns()
    found = find(embedder, store, [(query.text, query.search) for query in batch])
    return [
        hits
        if isinstance(hits, ServiceError)
        else Retrieval(
            hits=hits,
            queue_ms=(started_ns - query.submitted_ns) / 1e6,
            embedding_ms=found.embedding_ms,
            retrieval_ms=found.dense_ms,
            lexical_ms=found.lexical_ms,
        )
        for query, hits in zip(batch, found.hits, strict=True)
    ]
