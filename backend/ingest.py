"""Adds and deletes documents: read, split and embed in a worker thread, then publish the next snapshot."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import numpy as np

from .chunking import split
from .embedder import Embedder, Vectors
from .errors import (
    NothingIngestedError,
    OverloadedError,
    ServiceError,
    ShuttingDownError,
    TooLargeError,
    UnknownDocsetError,
)
from .index import Chunk, Document, next_snapshot
from .loaders import check_name, load
from .settings import Settings
from .store import Store

T = TypeVar("T")

_MAX_WAITING = 8
_EMBED_SLICE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A document as it came: bytes are read by the ending of the name, text is taken as it is."""

    name: str
    content: bytes | str
    meta: dict[str, Any] = field(default_factory=dict)


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

    def reject(self, name: str, error: ServiceError) -> None:
        self.errors.append({"name": name, "error": str(error)})


class Ingestor:
    """One change at a time; searches go on with the snapshot before it until the next one is durable."""

    def __init__(self, settings: Settings, store: Store, embedder: Embedder) -> None:
        self._settings = settings
        self._store = store
        self._embedder = embedder
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ingest")
        self._pending = 0
        self._stopping = threading.Event()

    async def add(self, docset: str, sources: Sequence[Source], report: IngestReport) -> None:
        """Fills `report`. Raises NothingIngestedError when no source could be read."""
        if len(sources) > self._settings.max_documents:
            raise TooLargeError(
                f"{len(sources)} documents are more than RAG_MAX_DOCUMENTS ({self._settings.max_documents})"
            )
        await self._run(lambda: self._add(docset, sources, report))

    async def delete(self, docset: str, chosen: Callable[[Document], bool]) -> int:
        return await self._run(lambda: self._delete(docset, chosen))

    def stop(self) -> None:
        """A running ingest ends at its next slice and leaves the old snapshot."""
        self._stopping.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def _run(self, work: Callable[[], T]) -> T:
        if self._pending >= _MAX_WAITING:
            raise OverloadedError(f"{self._pending} ingests are waiting")
        self._pending += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._pending -= 1

    def _add(self, docset: str, sources: Sequence[Source], report: IngestReport) -> None:
        started_ns = time.perf_counter_ns()
        old = self._store.snapshot_or_empty(docset)
        prepared = self._prepare(sources, report)
        changed = [entry for entry in prepared if not _same(old.documents.get(entry.document.name), entry.document)]
        report.ingested, report.unchanged = len(prepared), len(prepared) - len(changed)
        report.chunks = sum(len(entry.chunks) for entry in prepared)
        if not prepared:
            raise NothingIngestedError(
                "; ".join(error["error"] for error in report.errors[:5]) or "the request holds no document"
            )
        chunks = [chunk for entry in changed for chunk in entry.chunks]
        if len(old.chunks) + len(chunks) > self._settings.max_chunks:
            raise TooLargeError(f"docset {docset}: more than {self._settings.max_chunks} chunks (RAG_MAX_CHUNKS)")
        if changed:
            documents = [entry.document for entry in changed]
            names = {document.name for document in documents}
            vectors = self._embed([chunk.text for chunk in chunks])
            self._store.publish(next_snapshot(old, remove=names, add=documents, chunks=chunks, vectors=vectors))
        report.duration_ms = round((time.perf_counter_ns() - started_ns) / 1e6, 3)

    def _prepare(self, sources: Sequence[Source], report: IngestReport) -> list[_Prepared]:
        prepared: dict[str, _Prepared] = {}
        for source in sources:
            try:
                if source.name in prepared:
                    raise NothingIngestedError(f"{source.name}: named twice in one request")
                prepared[source.name] = self._read(source)
            except ServiceError as error:
                report.reject(source.name, error)
            if self._stopping.is_set():
                raise ShuttingDownError("the service is stopping")
        return list(prepared.values())

    def _read(self, source: Source) -> _Prepared:
        name = check_name(source.name)
        text = source.content.strip() if isinstance(source.content, str) else load(name, source.content)
        if not text:
            raise NothingIngestedError(f"{name}: it holds no text")
        passages = split(text, chars=self._settings.chunk_chars, overlap=self._settings.chunk_overlap)
        chunks = [
            Chunk(name=name, number=number, section=passage.section, text=passage.text)
            for number, passage in enumerate(passages)
        ]
        sha256 = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        document = Document(
            id=hashlib.sha256(f"{name}\0{sha256}".encode()).hexdigest()[:16],
            name=name,
            sha256=sha256,
            chars=len(text),
            chunks=len(chunks),
            meta=source.meta,
            ingested_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        return _Prepared(document=document, chunks=chunks)

    def _embed(self, texts: list[str]) -> Vectors:
        slices = []
        for start in range(0, len(texts), _EMBED_SLICE):
            if self._stopping.is_set():
                raise ShuttingDownError("the service is stopping: nothing was ingested")
            slices.append(self._embedder.embed_passages(texts[start : start + _EMBED_SLICE]))
        return np.concatenate(slices)

    def _delete(self, docset: str, chosen: Callable[[Document], bool]) -> int:
        old = self._store.snapshot(docset)
        if old is None:
            raise UnknownDocsetError(f"docset: {docset!r} does not exist")
        names = {document.name for document in old.documents.values() if chosen(document)}
        if names:
            nothing = np.empty((0, self._store.recipe.dimension), dtype=np.float32)
            self._store.publish(next_snapshot(old, remove=names, add=[], chunks=[], vectors=nothing))
        return len(names)


def _same(old: Document | None, new: Document) -> bool:
    return old is not None and (old.sha256, old.meta) == (new.sha256, new.meta)
