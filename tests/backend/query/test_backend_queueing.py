"""Admission and batching: who waits, who is refused, and what is embedded together."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import CollectorRegistry, Gauge

from backend.errors import OverloadedError, StoreError, UnknownDocsetError
from backend.query.admission import Admission
from backend.retrieval.batching import RetrievalBatcher
from backend.retrieval.embedder import Embedder, Vectors
from backend.retrieval.faiss_store import FaissStore
from backend.retrieval.filters import Filter
from backend.retrieval.modes import Search
from backend.retrieval.records import Recipe
from tests.backend.retrieval.test_backend_index import TEXTS, with_texts

DEADLINE_S = 60.0
CATS = Search(docset="default", k=1)


def new_admission(max_inflight: int, max_queue: int) -> Admission:
    gauge = Gauge("inflight", "Places taken.", registry=CollectorRegistry())
    return Admission(max_inflight=max_inflight, max_queue=max_queue, gauge=gauge)


@pytest.mark.asyncio
async def test_beyond_places_and_queue_a_query_is_refused_at_once() -> None:
    admission = new_admission(max_inflight=1, max_queue=1)
    async with admission.place():
        second = asyncio.create_task(hold(admission))
        await asyncio.sleep(0)
        with pytest.raises(OverloadedError):
            async with admission.place():
                pytest.fail("a third query was let in")
    assert await second > 0


async def hold(admission: Admission) -> float:
    async with admission.place() as waited_ms:
        return waited_ms


@pytest.mark.asyncio
async def test_a_query_that_gives_up_waiting_leaves_no_trace() -> None:
    admission = new_admission(max_inflight=1, max_queue=1)
    async with admission.place():
        waiting = asyncio.create_task(hold(admission))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(DEADLINE_S), admission.place() as waited_ms:
        assert waited_ms == 0


@pytest.mark.asyncio
async def test_a_place_handed_to_a_query_that_is_cancelled_is_not_lost() -> None:
    admission = new_admission(max_inflight=1, max_queue=2)
    async with admission.place():
        first, second = asyncio.create_task(hold(admission)), asyncio.create_task(hold(admission))
        await asyncio.sleep(0)
    first.cancel()  # after the hand-over, before it ran
    await asyncio.gather(first, return_exceptions=True)
    assert await asyncio.wait_for(second, DEADLINE_S) > 0


@pytest.fixture
def store(tmp_path: Path, recipe: Recipe, embedder: Embedder) -> Iterator[FaissStore]:
    opened = FaissStore(tmp_path, recipe)
    opened.publish(with_texts(opened.snapshot_or_empty("default"), embedder, TEXTS))
    yield opened
    opened.close()


class GatedEmbedder:
    """The real embedder, held at a gate; it notes the size of each batch."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.gate = threading.Event()
        self.batches: list[int] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.gate.wait(DEADLINE_S)
        self.batches.append(len(texts))
        return self._embedder.embed(texts)


@pytest.mark.asyncio
async def test_queries_that_queue_are_embedded_together(embedder: Embedder, store: FaissStore) -> None:
    gated = GatedEmbedder(embedder)
    batcher = RetrievalBatcher(gated, store, max_batch=4)  # type: ignore[arg-type]  # stands in for Embedder
    queries = [
        asyncio.create_task(batcher.retrieve(f"cats {number}", Search(docset="default", k=1 + number % 3)))
        for number in range(9)
    ]
    await asyncio.sleep(0.05)
    gated.gate.set()
    results = await asyncio.wait_for(asyncio.gather(*queries), DEADLINE_S)
    batcher.close()
    assert gated.batches == [1, 4, 4]
    assert [len(result.hits) for result in results] == [1 + number % 3 for number in range(9)]
    assert all(result.hits[0].chunk.name == "cats.md" for result in results)
    assert results[-1].queue_ms > results[0].queue_ms


class BrokenEmbedder:
    def __init__(self) -> None:
        self.broken = True

    def embed(self, texts: Sequence[str]) -> Vectors:
        if self.broken:
            raise RuntimeError("out of memory")
        return np.zeros((len(texts), 384), dtype=np.float32)


@pytest.mark.asyncio
async def test_a_failed_batch_fails_its_queries_and_is_reported_until_one_goes_well(store: FaissStore) -> None:
    broken = BrokenEmbedder()
    batcher = RetrievalBatcher(broken, store, max_batch=4)  # type: ignore[arg-type]  # stands in for Embedder
    queries = [asyncio.create_task(batcher.retrieve("cats", CATS)) for _ in range(3)]
    results = await asyncio.wait_for(asyncio.gather(*queries, return_exceptions=True), DEADLINE_S)
    assert [str(result) for result in results] == ["out of memory"] * 3
    assert batcher.problem == "the last batch failed: out of memory"
    broken.broken = False
    await asyncio.wait_for(batcher.retrieve("cats", CATS), DEADLINE_S)
    assert batcher.problem is None
    batcher.close()


@pytest.mark.asyncio
async def test_a_query_whose_client_has_gone_is_not_embedded(embedder: Embedder, store: FaissStore) -> None:
    gated = GatedEmbedder(embedder)
    batcher = RetrievalBatcher(gated, store, max_batch=4)  # type: ignore[arg-type]  # stands in for Embedder
    queries = [asyncio.create_task(batcher.retrieve("cats", CATS)) for _ in range(3)]
    await asyncio.sleep(0.05)
    queries[1].cancel()
    await asyncio.sleep(0)
    gated.gate.set()
    await asyncio.wait_for(asyncio.gather(queries[0], queries[2]), DEADLINE_S)
    batcher.close()
    assert gated.batches == [1, 1]


class Dying:
    """A store that searches for nobody any longer."""

    def __init__(self, store: FaissStore) -> None:
        self._store = store

    def search(self, docset: str, vectors: Vectors, k: int, where: Filter | None) -> object:
        if docset == "dead":
            raise StoreError("the store does not answer")
        return self._store.search(docset, vectors, k, where)


@pytest.mark.asyncio
async def test_an_error_of_one_docset_is_not_that_of_the_others_of_its_batch(
    embedder: Embedder, store: FaissStore
) -> None:
    """A store that fails is no fault of this process: what it has to say is asked of it."""
    gated = GatedEmbedder(embedder)
    batcher = RetrievalBatcher(gated, Dying(store), max_batch=4)  # type: ignore[arg-type]  # stand in for both
    asked = ("default", "default", "missing", "dead", "default")
    queries = [asyncio.create_task(batcher.retrieve("cats", Search(docset=docset, k=1))) for docset in asked]
    await asyncio.sleep(0)
    gated.gate.set()
    results = await asyncio.wait_for(asyncio.gather(*queries, return_exceptions=True), DEADLINE_S)
    batcher.close()
    assert [result.__class__.__name__ for result in results] == [
        "Retrieval", "Retrieval", UnknownDocsetError.__name__, StoreError.__name__, "Retrieval",
    ]  # fmt: skip
    assert str(results[2]) == "docset: 'missing' does not exist; there are: default"
    assert (gated.batches, batcher.problem) == ([1, 4], None)
