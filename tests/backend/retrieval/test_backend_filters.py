"""Filters by metadata: what passes, in both stores and with every index, and that nothing near is missed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.errors import BadRequestError
from backend.retrieval import among
from backend.retrieval.embedder import Vectors
from backend.retrieval.faiss_store import FaissStore
from backend.retrieval.filters import Filter, facts_of, kind_of
from backend.retrieval.parameters import INDEX_TYPES
from backend.retrieval.postgres import searches
from backend.retrieval.postgres.connecting import Database, read_place
from backend.retrieval.postgres.postgres_store import PostgresStore
from backend.retrieval.records import Chunk, Document
from backend.retrieval.store import Store
from tests.backend.retrieval.postgres import Postgres, running_postgres
from tests.backend.retrieval.test_backend_postgres import DIMENSION, recipe, vectors_of

META: dict[str, dict[str, Any]] = {
    "a.md": {"language": "en", "year": 2024, "draft": False},
    "b/c.PDF": {"language": "de", "year": 2025.0, "draft": True},
    "notes": {"language": "en", "year": "2024", "nul": "\0", "nothing": None},
}

CASES: list[tuple[dict[str, Any], set[str]]] = [
    ({"language": "en"}, {"a.md", "notes"}),
    ({"language": ["en", "de"]}, {"a.md", "b/c.PDF", "notes"}),
    ({"language": "EN"}, set()),
    ({"kind": ["md", "pdf"]}, {"a.md", "b/c.PDF"}),
    ({"kind": "text"}, {"notes"}),
    ({"name": "a.md"}, {"a.md"}),
    ({"year": 2024}, {"a.md"}),
    ({"year": "2024"}, {"notes"}),
    ({"year": 2025}, {"b/c.PDF"}),
    ({"draft": True}, {"b/c.PDF"}),
    ({"draft": 1}, set()),
    ({"language": "en", "kind": "md"}, {"a.md"}),
    ({"language": "de", "kind": "md"}, set()),
    ({"language": "'; DROP TABLE rag_documents; --"}, set()),
]


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with running_postgres() as running:
        yield running


def put(store: Store, metas: dict[str, dict[str, Any]], vectors: Vectors, each: int) -> None:
    """Documents of so many chunks each, whose vectors are those given, in order."""
    documents = [
        Document(id=name, name=name, sha256=name, chars=1, chunks=each, meta=meta, ingested_at="2026")
        for name, meta in metas.items()
    ]
    chunks = [
        Chunk(name=name, number=number, section=None, text=f"A text of {name} with words.")
        for name in metas
        for number in range(each)
    ]
    store.change("default", remove=set(), add=documents, chunks=chunks, vectors=vectors)


@pytest.fixture(params=["faiss", "pgvector"])
def store(request: pytest.FixtureRequest, tmp_path: Path, server: Postgres) -> Iterator[Store]:
    opened: Store
    if request.param == "faiss":
        opened = FaissStore(tmp_path, recipe())
    else:
        url = server.new_database(f"filters_{abs(hash(request.node.name))}")
        opened = PostgresStore(Database(read_place(url, None, 30), recipe(), connections=2, timeout_s=30), recipe())
    put(opened, META, vectors_of(range(6)), 2)
    yield opened
    opened.close()


KINDS = [("a.md", "md"), ("b/c.PDF", "pdf"), ("x.tar.gz", "gz"), ("d.e/f", "text"), (".env", "text")]


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_the_kind_of_a_document_is_its_ending(name: str, kind: str) -> None:
    assert kind_of(name) == kind


def test_metadata_may_say_another_kind_and_never_another_name() -> None:
    document = Document(
        id="", name="a.md", sha256="", chars=1, chunks=1, meta={"kind": "guide", "name": "z", "x": None}, ingested_at=""
    )
    assert facts_of(document) == {"kind": "guide", "name": "a.md"}


def test_both_stores_find_what_passes_by_vectors_and_by_words(store: Store) -> None:
    for given, passing in CASES:
        where = Filter.of(given)
        dense = store.search("default", vectors_of(range(2)), 9, where)
        lexical = store.search_words("default", ["words"], 9, where)
        for hits in (*dense, *lexical):
            assert {hit.chunk.name for hit in hits} == passing, given
            assert len(hits) == 2 * len(passing), given
            assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_an_unknown_field_is_a_sentence_that_names_those_there_are(store: Store) -> None:
    sentence = (
        "filter: 'lang' is no field of the documents of default; there are: draft, kind, language, name, nul, year"
    )
    where = Filter.of({"lang": "en"})
    for search in (store.search, store.search_words):
        asked: Any = vectors_of(range(1)) if search == store.search else ["words"]
        with pytest.raises(BadRequestError) as caught:
            search("default", asked, 1, where)
        assert str(caught.value) == sentence


def test_a_filter_sees_each_change(store: Store) -> None:
    where = Filter.of({"language": "fr"})
    assert store.search("default", vectors_of(range(1)), 9, where) == [[]]
    put(store, {"a.md": {"language": "fr"}}, vectors_of(range(1)), 1)
    assert [hit.chunk.id for hit in store.search("default", vectors_of(range(1)), 9, where)[0]] == ["a.md#0"]
    nothing = np.empty((0, DIMENSION), dtype=np.float32)
    store.change("default", remove={"a.md", "b/c.PDF", "notes"}, add=[], chunks=[], vectors=nothing)
    assert store.search("default", vectors_of(range(1)), 9, where) == [[]]


COUNT, GROUPS = 4000, 40


def clustered() -> Vectors:
    """Forty directions, each with its neighbours; documents of one direction have the same field `near`."""
    draw = np.random.default_rng(7)
    centers = draw.standard_normal((GROUPS, DIMENSION))
    rows = np.repeat(centers, COUNT // GROUPS, axis=0) + 0.2 * draw.standard_normal((COUNT, DIMENSION))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


@pytest.fixture(params=["faiss", "pgvector"])
def kind_of_store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("index_type", INDEX_TYPES)
@pytest.mark.parametrize("exact_rows", [20_000, 0])
def test_what_is_near_and_passes_is_found_with_each_index(
    kind_of_store: str, server: Postgres, tmp_path: Path, index_type: str, exact_rows: int, monkeypatch: Any
) -> None:
    """By comparison of all that pass and, where exact_rows is 0, by the index itself; also where all that pass are far
    from the question.
    """
    monkeypatch.setattr(among, "EXACT_ROWS", exact_rows)
    monkeypatch.setattr(searches, "EXACT_ROWS", exact_rows)
    small = {"ivf": {"nlist": 32, "nprobe": 8}}.get(index_type, {})
    made, vectors = recipe(index_type, **small), clustered()
    metas = {f"{row}.md": {"tenth": row % 10, "near": row * GROUPS // COUNT} for row in range(COUNT)}
    opened: Store
    if kind_of_store == "faiss":
        opened = FaissStore(tmp_path, made)
    else:
        url = server.new_database(f"recall_{index_type}_{exact_rows}")
        opened = PostgresStore(Database(read_place(url, None, 30), made, connections=2, timeout_s=30), made)
    try:
        put(opened, metas, vectors, 1)
        asked = vectors[:: COUNT // 20]
        tenth, near = np.arange(COUNT) % 10, np.arange(COUNT) * GROUPS // COUNT
        some = ({"tenth": [1, 2, 3, 4, 5, 6]}, (tenth > 0) & (tenth < 7))
        filters: list[tuple[dict[str, Any], Any]] = [({"tenth": 3}, tenth == 3), ({"near": 5}, near == 5), some]
        for given, passing in filters:
            found = opened.search("default", asked, 10, Filter.of(given))
            best = np.argsort(-np.where(passing, asked @ vectors.T, -2), axis=1)[:, :10]
            recalls = [
                len({hit.chunk.name for hit in hits} & {f"{row}.md" for row in rows}) / 10
                for hits, rows in zip(found, best, strict=True)
            ]
            assert all(len(hits) == 10 for hits in found)
            assert float(np.mean(recalls)) >= (0.9 if exact_rows == 0 and index_type != "flat" else 1), given
    finally:
        opened.close()
