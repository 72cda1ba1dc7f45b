"""Adds and deletes documents that were read: embeds them in a worker thread, then has the store change in one step."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import numpy as np

from ..errors import (
    NothingIngestedError,
    OverloadedError,
    ShuttingDownError,
    TooLargeError,
    UnknownDocsetError,
)
from ..retrieval.embedder import Embedder, Vectors
from ..retrieval.records import Chunk, Document
from ..retrieval.store import Store
from ..settings import Settings
from .reading import ReadDocument, Reading

T = TypeVar("T")

_EMBED_SLICE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    document: Document
    chunks: list[Chunk]


@dataclass(slots=True, kw_only=True)
class IngestReport:
    docset: str
    ingested: int = 0
    unchanged: int = 0
    chunks: int = 0
    errors: list[dict[str, str]] = field(default_factory=list)
    duration_ms: float = 0.0

    def reject(self, name: str, reason: str) -> None:
        self.errors.append({"name": name, "error": reason})


class Ingestor:
    """One change at a time; searches go on with the snapshot before it until the next one is durable."""

    def __init__(self, settings: Settings, store: Store, embedder: Embedder) -> None:
        self._settings = settings
        self._store = store
        self._embedder = embedder
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ingest")
        self._taken = 0
        self._stopping = threading.Event()

    @contextmanager
    def place(self) -> Iterator[None]:
        """Held from before a body is received until its documents are searched. Raises OverloadedError."""
        if self._stopping.is_set():
            raise ShuttingDownError
        if self._taken >= self._settings.max_ingests:
            raise OverloadedError(f"{self._taken} changes of docsets are under way (RAG_MAX_INGESTS)")
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1

    async def add(self, reading: Reading, report: IngestReport) -> None:
        """Fills `report`. Raises NothingIngestedError when no document could be read."""
        await self._run(lambda: self._add(reading, report))

    async def delete(self, docset: str, chosen: Callable[[Document], bool]) -> int:
        return await self._run(lambda: self._delete(docset, chosen))

    def hurry(self) -> None:
        """A running ingest ends at its next slice and leaves the old snapshot; no other begins."""
        self._stopping.set()

    def stop(self) -> None:
        """As `hurry`, and waits for it."""
        self.hurry()
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _add(self, reading: Reading, report: IngestReport) -> None:
        started_ns = time.perf_counter_ns()
        docset = report.docset
        old = self._documents(docset)
        prepared = self._prepare(reading, report)
        changed = [entry for entry in prepared if not _same(old.get(entry.document.name), entry.document)]
        report.ingested, report.unchanged = len(prepared), len(prepared) - len(changed)
        report.chunks = sum(len(entry.chunks) for entry in prepared)
        if not prepared:
            raise NothingIngestedError(
                "; ".join(error["error"] for error in report.errors[:5]) or "the request holds no document"
            )
        chunks = [chunk for entry in changed for chunk in entry.chunks]
        if sum(document.chunks for document in old.values()) + len(chunks) > self._settings.max_chunks:
            raise TooLargeError(f"docset {docset}: more than {self._settings.max_chunks} chunks (RAG_MAX_CHUNKS)")
        if changed:
            documents = [entry.document for entry in changed]
            vectors = self._embed([chunk.text for chunk in chunks])
            self._store.change(docset, remove=set(), add=documents, chunks=chunks, vectors=vectors)
        report.duration_ms = round((time.perf_counter_ns() - started_ns) / 1e6, 3)

    def _documents(self, docset: str) -> dict[str, Document]:
        try:
            return {document.name: document for document in self._store.documents(docset)}
        except UnknownDocsetError:
            return {}

    def _prepare(self, reading: Reading, report: IngestReport) -> list[_Prepared]:
        for name, reason in reading.rejected:
            report.reject(name, reason)
        prepared: dict[str, _Prepared] = {}
        for document in reading.documents:
            if document.name in prepared:
                report.reject(document.name, f"{document.name}: named twice in one request")
            else:
                prepared[document.name] = _prepared(document)
        return list(prepared.values())

    def _embed(self, texts: list[str]) -> Vectors:
        """Raises TooLargeError where it takes too long."""
        slices = []
        until_s = time.monotonic() + self._settings.embed_timeout_s
        for start in range(0, len(texts), _EMBED_SLICE):
            if self._stopping.is_set():
                raise ShuttingDownError("the service is stopping: nothing was ingested")
            if time.monotonic() > until_s:
                raise TooLargeError(
                    f"embedding: {start} of {len(texts)} chunks within {self._settings.embed_timeout_s:g} s "
                    "(RAG_EMBED_TIMEOUT_SECONDS): nothing was ingested"
                )
            slices.append(self._embedder.embed_passages(texts[start : start + _EMBED_SLICE]))
        return np.concatenate(slices)

    def _delete(self, docset: str, chosen: Callable[[Document], bool]) -> int:
        names = {document.name for document in self._store.documents(docset) if chosen(document)}
        if names:
            nothing = np.empty((0, self._store.recipe.dimension), dtype=np.float32)
            self._store.change(docset, remove=names, add=[], chunks=[], vectors=nothing)
        return len(names)


def _prepared(read: ReadDocument) -> _Prepared:
    document = Document(
        id=hashlib.sha256(f"{read.name}\0{read.sha256}".encode()).hexdigest()[:16],
        name=read.name,
        sha256=read.sha256,
        chars=read.chars,
        chunks=len(read.passages),
        meta=read.meta,
        ingested_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    chunks = [
        Chunk(name=read.name, number=number, section=passage.section, text=passage.text)
        for number, passage in enumerate(read.passages)
    ]
    return _Prepared(document=document, chunks=chunks)


def _same(old: Document | None, new: Document) -> bool:
    return old is not None and (old.sha256, old.meta) == (new.sha256, new.meta)
