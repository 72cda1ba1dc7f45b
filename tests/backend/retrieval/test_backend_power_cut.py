"""A power cut at any moment of an ingest leaves an index that is whole: the old one, or the new one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest

from backend.errors import ConfigurationError
from backend.retrieval import faiss_store as storing
from backend.retrieval.embedder import Vectors
from backend.retrieval.faiss_store import FaissStore
from backend.retrieval.index import Snapshot, next_snapshot
from backend.retrieval.records import Chunk, Document, Recipe
from tests.power_cut import Disk, put, recorded

LEAST_STATES = 30


def with_document(old: Snapshot, name: str) -> Snapshot:
    document = Document(id=name, name=name, sha256=name, chars=9, chunks=1, meta={}, ingested_at="")
    chunk = Chunk(name=name, number=0, section=None, text=f"Of {name}.")
    vectors: Vectors = np.ones((1, old.recipe.dimension), dtype=np.float32)
    return next_snapshot(old, remove=set(), add=[document], chunks=[chunk], vectors=vectors)


def published(data_dir: Path, recipe: Recipe, names: list[str]) -> Disk:
    """What was recorded while the last of the documents was published; those before it are there for certain."""
    store = FaissStore(data_dir, recipe)
    for name in names[:-1]:
        store.publish(with_document(store.snapshot_or_empty("default"), name))
    write = faiss.write_index
    with recorded(data_dir) as disk, pytest.MonkeyPatch.context() as patched:

        def writing(index: Any, path: str) -> None:
            """Written by C++, of which nobody hears."""
            disk.done(f"write {path}", lambda: disk.create(Path(path)))
            write(index, path)

        patched.setattr(faiss, "write_index", writing)
        store.publish(with_document(store.snapshot_or_empty("default"), names[-1]))
    store.close()
    return disk


def read_back(disk: Disk, recipe: Recipe, folder: Path) -> list[list[str] | str]:
    """What a service finds after each power cut: the documents, or why it does not start."""
    folder.mkdir()
    found: list[list[str] | str] = []
    for number, tree in enumerate(disk.states.values()):
        put(tree, folder / str(number))
        try:
            store = FaissStore(folder / str(number), recipe)
        except ConfigurationError as error:
            found.append(str(error))
            continue
        snapshot = store.snapshot_or_empty("default")
        assert snapshot.index.ntotal == len(snapshot.chunks) == len(snapshot.documents)
        found.append([*snapshot.documents])
        store.close()
    return found


@pytest.mark.parametrize("names", [["first.md"], ["first.md", "second.md"], ["first.md", "second.md", "third.md"]])
def test_index_is_whole_whenever_the_power_is_cut(tmp_path: Path, recipe: Recipe, names: list[str]) -> None:
    disk = published(tmp_path / "data", recipe, names)
    found = read_back(disk, recipe, tmp_path / "cut")
    assert len(found) >= LEAST_STATES, disk.operations
    assert [each for each in found if each not in (names[:-1], names)] == [], disk.operations
    assert names in found


def test_what_was_published_is_kept(tmp_path: Path, recipe: Recipe) -> None:
    """After it, whatever is not fsynced is only the removal of what it replaced."""
    disk = published(tmp_path / "data", recipe, ["first.md", "second.md"])
    disk.states.clear()
    disk.done("a power cut afterwards")
    assert read_back(disk, recipe, tmp_path / "cut") == [["first.md", "second.md"]] * len(disk.states)


@pytest.mark.parametrize("forgotten", ["index.faiss", "00000002", "default", "everything"])
def test_a_forgotten_fsync_would_be_found(
    tmp_path: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch, forgotten: str
) -> None:
    sync = storing._sync

    def forgetful(*paths: Path) -> None:
        sync(*(path for path in paths if forgotten not in {path.name, "everything"}))

    published(tmp_path / "data", recipe, ["first.md"])
    monkeypatch.setattr(storing, "_sync", forgetful)
    disk = published(tmp_path / "data", recipe, ["second.md"])
    monkeypatch.undo()
    found = read_back(disk, recipe, tmp_path / "cut")
    assert [each for each in found if each not in (["first.md"], ["first.md", "second.md"])] != []
