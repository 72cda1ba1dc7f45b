"""What changes a docset: its limits, and that a change that passes one is none."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from backend.errors import TooLargeError
from backend.ingest.chunking import Passage
from backend.ingest.ingestor import Ingestor, IngestReport
from backend.ingest.reading import ReadDocument, Reading
from backend.retrieval.embedder import Embedder, Vectors
from backend.retrieval.faiss_store import FaissStore
from backend.retrieval.records import Recipe
from backend.settings import Settings


class Slow:
    """An embedder whose every call takes a minute on the clock that the ingestor reads."""

    def __init__(self, embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
        self._embedder = embedder
        self.calls = 0
        monkeypatch.setattr("backend.ingest.ingestor.time", self)

    def monotonic(self) -> float:
        return 60.0 * self.calls

    perf_counter_ns = staticmethod(time.perf_counter_ns)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.calls += 1
        return self._embedder.embed_passages(texts)


def reading(passages: int) -> Reading:
    read = tuple(Passage(section=None, text=f"Number {number}.") for number in range(passages))
    return Reading(documents=[ReadDocument(name="a.md", meta={}, sha256="0", chars=1, passages=read)])


def test_embedding_has_a_limit_and_leaves_the_docset_as_it_was(
    tmp_path: Path, recipe: Recipe, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FaissStore(tmp_path, recipe)
    slow = Slow(embedder, monkeypatch)
    ingestor = Ingestor(Settings.from_environ({"RAG_EMBED_TIMEOUT_SECONDS": "90"}), store, cast("Any", slow))
    try:
        with pytest.raises(
            TooLargeError, match=r"32 of 40 chunks within 90 s \(RAG_EMBED_TIMEOUT_SECONDS\): nothing was ingested"
        ):
            asyncio.run(ingestor.add(reading(40), IngestReport(docset="default")))
        assert store.docsets() == []
        asyncio.run(ingestor.add(reading(16), report := IngestReport(docset="default")))
        assert report.ingested == 1
    finally:
        ingestor.stop()
        store.close()
