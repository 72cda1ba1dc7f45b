"""Docsets on disk. One folder a generation, and a file CURRENT that names the one that counts:

    DATA_DIR/lock
    DATA_DIR/docsets/NAME/CURRENT            "00000007"
    DATA_DIR/docsets/NAME/00000007/index.faiss, chunks.jsonl, docset.json

A generation is written whole and fsynced before CURRENT is renamed to it: whatever interrupts that leaves the old one.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import faiss

from ..errors import ConfigurationError, StoreFullError, UnknownDocsetError
from ..parsing import DOCSET_NAME
from .embedder import Vectors
from .facets import Facets, Mask
from .filters import Filter
from .index import Snapshot, empty_snapshot, new_index, next_snapshot
from .lexical import LexicalIndex
from .records import Chunk, Docset, Document, Hit, Recipe
from .store import StoreIdentity

_FORMAT = 1
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True, slots=True)
class _Words:
    """Row i of the index is chunk i of the snapshot."""

    snapshot: Snapshot
    index: LexicalIndex

    @classmethod
    def of(cls, snapshot: Snapshot) -> _Words:
        return cls(snapshot, LexicalIndex([chunk.text for chunk in snapshot.chunks]))

    def search(self, queries: Sequence[str], k: int, rows: Mask | None) -> list[list[Hit]]:
        return [[self.snapshot.hit(*found) for found in ranking] for ranking in self.index.search(queries, k, rows)]


class FaissStore:
    """The embedded store: snapshots in memory, which searches read. One writer at a time calls `change`.

    A docset gets its index of words when it is first searched by words, and each later snapshot comes with its own.
    """

    identity = StoreIdentity(name="faiss", version=faiss.__version__)

    def __init__(self, data_dir: Path, recipe: Recipe, *, by_words: bool = False) -> None:
        """Loads every docset. by_words: makes the index of words of each, too, so that no search waits for it.

        Raises ConfigurationError when the folder is in use, unreadable or of another recipe.
        """
        self.recipe = recipe
        self._by_words = by_words
        self._publishing = threading.Lock()
        try:
            (data_dir / "docsets").mkdir(parents=True, exist_ok=True)
            self._lock = _lock(data_dir / "lock")
        except OSError as error:
            raise ConfigurationError(f"RAG_DATA_DIR: {data_dir} cannot be used: {error}") from error
        self._root = data_dir / "docsets"
        try:
            self._snapshots = _load_all(self._root, recipe)
        except ConfigurationError:
            self.close()
            raise
        self._facets: dict[str, Facets] = {}
        self._words = {name: _Words.of(snapshot) for name, snapshot in self._snapshots.items() if by_words}

    def warm_up(self, vectors: Vectors) -> None:
        """FAISS starts threads of its own for each thread that calls it."""
        new_index(self.recipe, vectors).search(vectors, 1)

    def snapshot(self, docset: str) -> Snapshot:
        """Raises UnknownDocsetError."""
        found = self._snapshots.get(docset)
        if found is None:
            known = ", ".join(sorted(self._snapshots)) or "none yet"
            raise UnknownDocsetError(f"docset: {docset!r} does not exist; there are: {known}")
        return found

    def snapshot_or_empty(self, docset: str) -> Snapshot:
        return self._snapshots.get(docset) or empty_snapshot(docset, self.recipe)

    def search(self, docset: str, vectors: Vectors, k: int, where: Filter | None = None) -> list[list[Hit]]:
        snapshot = self.snapshot(docset)
        return snapshot.search(vectors, k, self._rows(snapshot, where))

    def search_words(self, docset: str, queries: Sequence[str], k: int, where: Filter | None = None) -> list[list[Hit]]:
        words = self._words.get(docset)
        if words is None:
            with self._publishing:  # else one of an old snapshot could be kept
                words = self._words[docset] = _Words.of(self.snapshot(docset))
        return words.search(queries, k, self._rows(words.snapshot, where))

    def _rows(self, snapshot: Snapshot, where: Filter | None) -> Mask | None:
        if where is None:
            return None
        facets = self._facets.get(snapshot.docset)
        if facets is None or facets.snapshot is not snapshot:
            facets = self._facets[snapshot.docset] = Facets.of(snapshot)
        return facets.rows(where)

    def docsets(self) -> list[Docset]:
        return [snapshot.describe() for snapshot in list(self._snapshots.values())]

    def documents(self, docset: str) -> list[Document]:
        return sorted(self.snapshot(docset).documents.values(), key=lambda document: document.name)

    def change(
        self, docset: str, *, remove: set[str], add: Sequence[Document], chunks: Sequence[Chunk], vectors: Vectors
    ) -> None:
        old, replaced = self.snapshot_or_empty(docset), {document.name for document in add}
        self.publish(next_snapshot(old, remove=remove | replaced, add=add, chunks=chunks, vectors=vectors))

    def problem(self) -> str | None:
        """It is in this process, and was loaded before the service listened."""
        return None

    def publish(self, snapshot: Snapshot) -> None:
        """Makes `snapshot` durable, then current. Raises StoreFullError; the docset stays as it was."""
        folder = self._root / snapshot.docset
        try:
            folder.mkdir(exist_ok=True)
            _write(folder, snapshot)
        except (OSError, RuntimeError) as error:  # FAISS writes a file of its own and raises a RuntimeError
            if getattr(error, "errno", None) not in _NO_SPACE and os.strerror(errno.ENOSPC) not in str(error):
                raise
            shutil.rmtree(folder / _generation_name(snapshot.generation), ignore_errors=True)
            raise StoreFullError(
                f"docset {snapshot.docset}: no space is left under RAG_DATA_DIR: nothing was changed"
            ) from error
        self._make_current(snapshot)
        _remove_other_generations(folder, keep=_generation_name(snapshot.generation))

    def _make_current(self, snapshot: Snapshot) -> None:
        docset = snapshot.docset
        words = _Words.of(snapshot) if self._by_words or docset in self._words else None
        with self._publishing:
            if words is not None or docset in self._words:
                self._words[docset] = words or _Words.of(snapshot)
            self._snapshots[docset] = snapshot

    def close(self) -> None:
        os.close(self._lock)


def _generation_name(generation: int) -> str:
    return f"{generation:08d}"


def _lock(path: Path) -> int:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise ConfigurationError(
            f"RAG_DATA_DIR: {path.parent} is in use by another process: each replica needs a folder of its own"
        ) from None
    return descriptor


def _write(folder: Path, snapshot: Snapshot) -> None:
    name = _generation_name(snapshot.generation)
    target = folder / name
    if target.exists():  # left by an interrupted write of this generation
        shutil.rmtree(target)
    target.mkdir()
    faiss.write_index(snapshot.index, str(target / "index.faiss"))
    _write_lines(target / "chunks.jsonl", (json.dumps(asdict(chunk)) for chunk in snapshot.chunks))
    described = {
        "format": _FORMAT,
        "recipe": asdict(snapshot.recipe),
        "chunks": len(snapshot.chunks),
        "documents": [asdict(document) for document in snapshot.documents.values()],
    }
    _write_lines(target / "docset.json", [json.dumps(described, indent=1)])
    _sync(target / "index.faiss", target, folder)
    _write_lines(folder / "CURRENT.new", [name])
    (folder / "CURRENT.new").replace(folder / "CURRENT")
    _sync(folder, folder.parent)


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())


def _sync(*paths: Path) -> None:
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _load_all(root: Path, recipe: Recipe) -> dict[str, Snapshot]:
    return {
        folder.name: _load(folder, recipe)
        for folder in sorted(root.iterdir())
        if DOCSET_NAME.fullmatch(folder.name) and (folder / "CURRENT").is_file()
    }


def _load(folder: Path, recipe: Recipe) -> Snapshot:
    source = folder
    try:
        current = (folder / "CURRENT").read_text(encoding="utf-8").strip()
        source = folder / current
        described = json.loads((source / "docset.json").read_text(encoding="utf-8"))
        _check_recipe(folder, described, recipe)
        with (source / "chunks.jsonl").open(encoding="utf-8") as lines:
            chunks = tuple(Chunk(**json.loads(line)) for line in lines)
        documents = {entry["name"]: Document(**entry) for entry in described["documents"]}
        index = faiss.read_index(str(source / "index.faiss"))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise ConfigurationError(
            f"{source} is damaged ({error}): remove {folder} and ingest its documents again"
        ) from error
    if not len(chunks) == index.ntotal == described["chunks"]:
        raise ConfigurationError(
            f"{source} is damaged ({index.ntotal} vectors, {len(chunks)} chunks): remove {folder} and ingest again"
        )
    _remove_other_generations(folder, keep=current)
    return Snapshot(
        docset=folder.name, generation=int(current), recipe=recipe, documents=documents, chunks=chunks, index=index
    )


def _check_recipe(folder: Path, described: dict[str, Any], recipe: Recipe) -> None:
    if described.get("format") != _FORMAT:
        raise ConfigurationError(
            f"{folder}: format {described.get('format')!r} is not {_FORMAT}: remove it and ingest again"
        )
    if differences := recipe.differences(described["recipe"]):
        raise ConfigurationError(
            f"{folder} was built with {differences}: restore that setting, or remove the folder and ingest again"
        )


def _remove_other_generations(folder: Path, *, keep: str) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != keep:
            shutil.rmtree(entry)
