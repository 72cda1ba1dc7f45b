"""Retrieval off the event loop: queries that wait are embedded and searched together.

One worker thread takes everything that has queued while it was busy, up to a bound. An idle service answers a
lone query at once; a busy one pays for a matrix instead of many vectors.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from .embedder import Embedder
from .index import Hit, Recipe, Snapshot, new_index

_WARM_UP_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """The times are those of the batch that the query was part of: each query in it waited for the whole."""

    hits: list[Hit]
    queue_ms: float
    embedding_ms: float
    retrieval_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Query:
    text: str
    k: int
    snapshot: Snapshot
    submitted_ns: int
    future: asyncio.Future[Retrieval]


class RetrievalBatcher:
    """At most as many queries wait as admission lets in."""

    def __init__(self, embedder: Embedder, *, max_batch: int) -> None:
        self._embedder = embedder
        self._max_batch = max_batch
        self._waiting: deque[_Query] = deque()
        self._busy = False
        self.problem: str | None = None
        """What went wrong with the last batch; None when it went well."""
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="retrieval")

    async def retrieve(self, text: str, snapshot: Snapshot, k: int) -> Retrieval:
        loop = asyncio.get_running_loop()
        query = _Query(
            text=text, k=k, snapshot=snapshot, submitted_ns=time.perf_counter_ns(), future=loop.create_future()
        )
        self._waiting.append(query)
        self._pump(loop)
        return await query.future

    def warm_up(self, recipe: Recipe) -> None:
        """Runs both libraries once in the worker thread: they start threads of their own, 4 ms that no query pays."""
        index = new_index(recipe)
        index.add(self._embedder.embed(["warm-up"]))
        self._pool.submit(lambda: index.search(self._embedder.embed(["warm-up"]), 1)).result(_WARM_UP_TIMEOUT_S)

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
            work = loop.run_in_executor(self._pool, _run_batch, self._embedder, batch)
            work.add_done_callback(lambda done: self._deliver(loop, batch, done))

    def _deliver(
        self, loop: asyncio.AbstractEventLoop, batch: list[_Query], done: asyncio.Future[list[Retrieval]]
    ) -> None:
        self._busy = False
        if done.cancelled():
            for query in batch:
                query.future.cancel()
            return
        error = done.exception()
        self.problem = None if error is None else f"the last batch failed: {error}"
        results: list[Retrieval] = [] if error else done.result()
        for position, query in enumerate(batch):
            if query.future.done():
                continue
            if error is not None:
                query.future.set_exception(error)
            else:
                query.future.set_result(results[position])
        self._pump(loop)


def _run_batch(embedder: Embedder, batch: list[_Query]) -> list[Retrieval]:
    started_ns = time.perf_counter_ns()
    vectors = embedder.embed([query.text for query in batch])
    embedded_ns = time.perf_counter_ns()
    by_snapshot: dict[int, list[int]] = defaultdict(list)
    for position, query in enumerate(batch):
        by_snapshot[id(query.snapshot)].append(position)
    hits: dict[int, list[Hit]] = {}
    for positions in by_snapshot.values():
        k = max(batch[position].k for position in positions)
        hits.update(zip(positions, batch[positions[0]].snapshot.search(vectors[positions], k), strict=True))
    searched_ns = time.perf_counter_ns()
    return [
        Retrieval(
            hits=hits[position][: query.k],
            queue_ms=(started_ns - query.submitted_ns) / 1e6,
            embedding_ms=(embedded_ns - started_ns) / 1e6,
            retrieval_ms=(searched_ns - embedded_ns) / 1e6,
        )
        for position, query in enumerate(batch)
    ]
