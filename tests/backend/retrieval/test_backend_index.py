from __future__ import annotations

import errno
import shutil
import subprocess
import sys
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path

import faiss
import numpy as np
import pytest

from backend.errors import ConfigurationError, StoreFullError
from backend.retrieval.embedder import Embedder, Vectors
from backend.retrieval.faiss_store import FaissStore
from backend.retrieval.index import Snapshot, empty_snapshot, next_snapshot
from backend.retrieval.parameters import INDEX_TYPES, index_parameters
from backend.retrieval.records import Chunk, Document, Recipe
from tests.backend.documents import make_recipe

TEXTS = {
    "prices.md": "A GPU node costs fifty-two cents an hour.",
    "latency.md": "Time to first token is what a reader waits for.",
    "cats.md": "Cats sleep most of the day on warm keyboards.",
}


def with_texts(old: Snapshot, embedder: Embedder, texts: dict[str, str]) -> Snapshot:
    documents = [
        Document(id=name, name=name, sha256=text, chars=len(text), chunks=1, meta={"of": name}, ingested_at="")
        for name, text in texts.items()
    ]
    chunks = [Chunk(name=name, number=0, section=None, text=text) for name, text in texts.items()]
    vectors = embedder.embed(list(texts.values()))
    return next_snapshot(old, remove=set(texts), add=documents, chunks=chunks, vectors=vectors)


def names_found(snapshot: Snapshot, embedder: Embedder, query: str, k: int = 3) -> list[str]:
    return [hit.chunk.name for hit in snapshot.search(embedder.embed([query]), k)[0]]


@pytest.mark.parametrize("index_type", INDEX_TYPES)
def test_the_nearest_chunk_comes_first(embedder: Embedder, index_type: str) -> None:
    snapshot = with_texts(empty_snapshot("default", make_recipe(embedder, index_type)), embedder, TEXTS)
    assert names_found(snapshot, embedder, "What does a graphics card cost per hour?")[0] == "prices.md"
    assert names_found(snapshot, embedder, "Where do cats nap?", k=1) == ["cats.md"]


def test_scores_are_cosines(recipe: Recipe, embedder: Embedder) -> None:
    snapshot = with_texts(empty_snapshot("default", recipe), embedder, TEXTS)
    hit = snapshot.search(embedder.embed([TEXTS["cats.md"]]), 1)[0][0]
    assert hit.score == pytest.approx(1.0, abs=1e-5)
    assert hit.describe()["meta"] == {"of": "cats.md", "name": "cats.md", "chunk": 0}


def test_k_beyond_the_docset_returns_all_of_it(recipe: Recipe, embedder: Embedder) -> None:
    snapshot = with_texts(empty_snapshot("default", recipe), embedder, TEXTS)
    assert len(names_found(snapshot, embedder, "anything", k=50)) == 3
    assert empty_snapshot("default", recipe).search(embedder.embed(["anything"]), 5) == [[]]


@pytest.mark.parametrize("index_type", INDEX_TYPES)
def test_a_change_makes_a_new_snapshot_and_leaves_the_old_one(embedder: Embedder, index_type: str) -> None:
    old = with_texts(empty_snapshot("default", make_recipe(embedder, index_type)), embedder, TEXTS)
    nothing = np.empty((0, embedder.dimension), dtype=np.float32)
    new = next_snapshot(old, remove={"prices.md"}, add=[], chunks=[], vectors=nothing)
    assert "prices.md" not in names_found(new, embedder, "price of a GPU")
    assert names_found(old, embedder, "price of a GPU")[0] == "prices.md"
    assert (old.index.ntotal, new.index.ntotal) == (3, 2)


def test_the_docset_hash_depends_on_content_and_recipe_and_not_on_order(embedder: Embedder, recipe: Recipe) -> None:
    one = with_texts(empty_snapshot("default", recipe), embedder, TEXTS)
    reversed_order = with_texts(empty_snapshot("default", recipe), embedder, dict(reversed(TEXTS.items())))
    changed = with_texts(one, embedder, {"cats.md": "Dogs, rather."})
    assert one.docset_hash == reversed_order.docset_hash
    assert one.docset_hash != changed.docset_hash
    assert one.docset_hash != replace(one, recipe=make_recipe(embedder, "hnsw")).docset_hash


def saved(data_dir: Path, recipe: Recipe, embedder: Embedder) -> Path:
    """A store on disk with one generation of TEXTS, closed again."""
    store = FaissStore(data_dir, recipe)
    store.publish(with_texts(store.snapshot_or_empty("default"), embedder, TEXTS))
    store.close()
    return data_dir / "docsets" / "default"


@pytest.mark.parametrize("index_type", INDEX_TYPES)
def test_what_was_published_is_there_after_a_restart(tmp_path: Path, embedder: Embedder, index_type: str) -> None:
    recipe = make_recipe(embedder, index_type)
    saved(tmp_path, recipe, embedder)
    store = FaissStore(tmp_path, recipe)
    snapshot = store.snapshot("default")
    assert names_found(snapshot, embedder, "price of a GPU")[0] == "prices.md"
    assert sorted(snapshot.documents) == sorted(TEXTS)
    store.close()


CRASH = """
import os, sys
sys.path.insert(0, {repository!r})
from pathlib import Path
import numpy as np
import backend.retrieval.faiss_store
from backend.retrieval.faiss_store import FaissStore
from backend.retrieval.index import next_snapshot
from backend.retrieval.records import Chunk, Document, Recipe

store = FaissStore(Path({data_dir!r}), Recipe(**{recipe!r}))
document = Document(id="new", name="new.md", sha256="", chars=3, chunks=1, meta={{}}, ingested_at="")
new = next_snapshot(
    store.snapshot("default"),
    remove=set(),
    add=[document],
    chunks=[Chunk(name="new.md", number=0, section=None, text="new")],
    vectors=np.ones((1, 384), dtype=np.float32),
)
left = {calls}

def dying(step):
    def call(*arguments):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return step(*arguments)
    return call

for name in ("_write_lines", "_sync"):
    setattr(backend.retrieval.faiss_store, name, dying(getattr(backend.retrieval.faiss_store, name)))
Path.replace = dying(Path.replace)
store.publish(new)
os._exit(0)
"""


@pytest.mark.parametrize("calls", range(7))
def test_a_crash_at_any_step_of_a_write_leaves_one_whole_generation(
    tmp_path: Path, recipe: Recipe, embedder: Embedder, calls: int
) -> None:
    """The steps are: chunks, docset, sync, name of the generation, rename, sync; with 6 calls nothing crashes."""
    saved(tmp_path, recipe, embedder)
    script = CRASH.format(
        repository=str(Path(__file__).parents[3]), data_dir=str(tmp_path), calls=calls, recipe=asdict(recipe)
    )
    crashed = subprocess.run([sys.executable, "-c", script], timeout=30, check=False)
    assert crashed.returncode == (0 if calls == 6 else 9)
    store = FaissStore(tmp_path, recipe)
    snapshot = store.snapshot("default")
    assert ("new.md" in snapshot.documents) == (calls >= 5)
    assert set(TEXTS) <= set(snapshot.documents)
    assert [entry.name for entry in (tmp_path / "docsets" / "default").iterdir() if entry.is_dir()] == [
        f"{snapshot.generation:08d}"
    ]
    store.close()


def test_a_damaged_docset_is_an_error_and_not_an_empty_one(tmp_path: Path, recipe: Recipe, embedder: Embedder) -> None:
    folder = saved(tmp_path, recipe, embedder)
    (folder / "00000001" / "chunks.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="is damaged"):
        FaissStore(tmp_path, recipe)
    shutil.rmtree(folder / "00000001")
    with pytest.raises(ConfigurationError, match="is damaged"):
        FaissStore(tmp_path, recipe)


def test_a_docset_of_another_recipe_is_refused_with_the_difference(
    tmp_path: Path, recipe: Recipe, embedder: Embedder
) -> None:
    saved(tmp_path, recipe, embedder)
    with pytest.raises(ConfigurationError, match="chunk_chars 800, now 400"):
        FaissStore(tmp_path, replace(recipe, chunk_chars=400))


def test_two_processes_cannot_write_one_folder(tmp_path: Path, recipe: Recipe) -> None:
    store = FaissStore(tmp_path, recipe)
    with pytest.raises(ConfigurationError, match="in use by another process"):
        FaissStore(tmp_path, recipe)
    store.close()
    FaissStore(tmp_path, recipe).close()


def unit_vectors(rows: int, dimension: int) -> Vectors:
    drawn = np.random.default_rng(7).standard_normal((rows, dimension), dtype=np.float32)
    normed: Vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return normed


def grown(old: Snapshot, vectors: Vectors, numbers: range) -> Snapshot:
    """With one document of one chunk for each number."""
    names = [f"{number}.md" for number in numbers]
    documents = [
        Document(id=name, name=name, sha256=name, chars=1, chunks=1, meta={}, ingested_at="") for name in names
    ]
    chunks = [Chunk(name=name, number=0, section=None, text=name) for name in names]
    return next_snapshot(old, remove=set(), add=documents, chunks=chunks, vectors=vectors[numbers.start : numbers.stop])


def test_inverted_lists_grow_with_the_docset_and_keep_every_vector(recipe: Recipe) -> None:
    """Below 78 rows there is one list, so that a search is exact; with twice the lists it is clustered anew."""
    parameters = index_parameters("ivf", {"nlist": 8, "nprobe": 8})
    vectors = unit_vectors(400, recipe.dimension)
    lists, snapshot = [], empty_snapshot("default", replace(recipe, index_type="ivf", index_parameters=parameters))
    for start, end in pairwise((0, 20, 77, 78, 200, 400)):
        snapshot = grown(snapshot, vectors, range(start, end))
        lists.append(snapshot.index.nlist)
    assert lists == [1, 1, 2, 5, 5]
    found = snapshot.search(vectors, 1)
    assert [hits[0].chunk.name for hits in found] == [f"{number}.md" for number in range(400)]
    fewer = next_snapshot(snapshot, remove={f"{n}.md" for n in range(1, 400)}, add=[], chunks=[], vectors=vectors[:0])
    none = next_snapshot(fewer, remove={"0.md"}, add=[], chunks=[], vectors=vectors[:0])
    again = grown(none, vectors, range(1))
    assert [len(each.search(vectors[:1], 5)[0]) for each in (fewer, none, again)] == [1, 0, 1]


@pytest.mark.parametrize(
    ("index_type", "given", "sentence"),
    [
        ("flat", {"M": 32}, "index flat has no 'M'; it has: none"),
        ("hnsw", {"nprobe": 4}, "index hnsw has no 'nprobe'; it has: M, efConstruction, efSearch"),
        ("hnsw", {"M": 3}, "M: 3 is not a whole number from 4 to 100"),
        ("hnsw", {"M": True}, "M: True is not a whole number from 4 to 100"),
        ("hnsw", {"efSearch": "64"}, "efSearch: '64' is not a whole number from 1 to 1000"),
        ("hnsw", {"M": 100, "efConstruction": 199}, r"efConstruction: 199 is less than twice M \(100\)"),
        ("ivf", {"nlist": 0}, "nlist: 0 is not a whole number from 1 to 32768"),
    ],
)
def test_a_parameter_that_an_index_does_not_have_is_a_sentence(
    index_type: str, given: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"RAG_INDEX_PARAMETERS: {sentence}"):
        index_parameters(index_type, given)


@pytest.mark.parametrize(
    "failure",
    [OSError(errno.ENOSPC, "No space left on device"), RuntimeError("write error: 0 != 8 (No space left on device)")],
)
def test_a_full_disk_leaves_the_docset_as_it_was(
    tmp_path: Path, recipe: Recipe, embedder: Embedder, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    """As Python says it, and as FAISS does."""
    saved(tmp_path, recipe, embedder)
    store = FaissStore(tmp_path, recipe)

    def full(*_: object) -> None:
        raise failure

    monkeypatch.setattr(faiss, "write_index", full)
    vectors = embedder.embed(["Dogs, rather."])
    document = Document(id="d", name="cats.md", sha256="d", chars=1, chunks=1, meta={}, ingested_at="")
    chunk = Chunk(name="cats.md", number=0, section=None, text="Dogs, rather.")
    with pytest.raises(StoreFullError, match="docset default: no space is left under RAG_DATA_DIR: nothing was"):
        store.change("default", remove={"cats.md"}, add=[document], chunks=[chunk], vectors=vectors)
    assert [document.name for document in store.documents("default")] == sorted(TEXTS)
    assert [entry.name for entry in (tmp_path / "docsets" / "default").iterdir() if entry.is_dir()] == ["00000001"]
    store.close()
