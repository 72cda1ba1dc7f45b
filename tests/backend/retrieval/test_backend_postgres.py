"""The store of replicas, on a real PostgreSQL with pgvector."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from psycopg import errors

from backend.errors import ConfigurationError, StoreError, StoreFullError, UnknownDocsetError
from backend.retrieval.embedder import Vectors
from backend.retrieval.faiss_store import FaissStore
from backend.retrieval.filters import Filter
from backend.retrieval.parameters import INDEX_TYPES, index_parameters
from backend.retrieval.postgres import postgres_store as module
from backend.retrieval.postgres.connecting import Database, read_place
from backend.retrieval.postgres.postgres_store import PostgresStore
from backend.retrieval.records import Chunk, Document, Recipe
from backend.retrieval.store import Store
from tests.backend.retrieval.postgres import PASSWORD, Postgres, running_postgres

DIMENSION = 8
_NAMES = (f"db_{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with running_postgres() as running:
        yield running


def recipe(index_type: str = "flat", **parameters: int) -> Recipe:
    return Recipe(
        embedding_model_id="made", embedding_sha256="0", dimension=DIMENSION, chunk_chars=800, chunk_overlap=120,
        index_type=index_type, index_parameters=index_parameters(index_type, parameters),
    )  # fmt: skip


class Opened:
    """Stores of one test, all closed at its end."""

    def __init__(self) -> None:
        self._stores: list[Store] = []

    def __call__(self, url: str, made: Recipe | None = None, password: str | None = None, timeout_s: float = 30) -> Any:
        wanted = made or recipe()
        place = read_place(url, password, timeout_s)
        store = PostgresStore(Database(place, wanted, connections=4, timeout_s=timeout_s), wanted)
        self._stores.append(store)
        return store

    def close(self) -> None:
        for store in self._stores:
            store.close()


@pytest.fixture
def opened() -> Iterator[Opened]:
    stores = Opened()
    yield stores
    stores.close()


@pytest.fixture
def url(server: Postgres) -> str:
    return server.new_database(next(_NAMES))


def vectors_of(numbers: range) -> Vectors:
    """The same vector for the same number, of length one."""
    rows = [np.random.default_rng(number).standard_normal(DIMENSION) for number in numbers]
    return np.array([row / np.linalg.norm(row) for row in rows], dtype=np.float32)


def put(store: Store, names: dict[str, range], docset: str = "default", remove: frozenset[str] = frozenset()) -> None:
    """Documents with one chunk for each number, whose vector is that of the number."""
    documents = [
        Document(
            id=name[:9], name=name, sha256=f"of {numbers}", chars=9, chunks=len(numbers),
            meta={"from": numbers.start, "nul": "\0"}, ingested_at="2026",
        )
        for name, numbers in names.items()
    ]  # fmt: skip
    chunks = [
        Chunk(name=name, number=number, section=None if number % 2 else "Ü '\"", text=f"Text {number} of {name}.")
        for name, numbers in names.items()
        for number in numbers
    ]
    rows = [vectors_of(numbers) for numbers in names.values()]
    vectors = np.concatenate(rows) if rows else np.empty((0, DIMENSION), dtype=np.float32)
    store.change(docset, remove=set(remove), add=documents, chunks=chunks, vectors=vectors)


def names_of(store: Store, docset: str = "default") -> list[str]:
    return [document.name for document in store.documents(docset)]


@pytest.mark.parametrize("index_type", INDEX_TYPES)
def test_it_finds_what_the_embedded_store_finds(url: str, opened: Opened, tmp_path: Path, index_type: str) -> None:
    """Few passages, so that each index is exact; the identity of the docset is the same, too."""
    shared, embedded = opened(url, recipe(index_type)), FaissStore(tmp_path, recipe(index_type))
    for store in (shared, embedded):
        put(store, {"a 'quoted' ünï.md": range(30), "b.md": range(30, 60)})
        put(store, {"b.md": range(40, 55), "c.md": range(60, 61)}, remove=frozenset({"a 'quoted' ünï.md"}))
        put(store, {"a.md": range(100, 200)})
    asked = vectors_of(range(300, 320))
    for k in (1, 7, 200):
        found = [[(hit.chunk, hit.meta) for hit in hits] for hits in shared.search("default", asked, k)]
        assert found == [[(hit.chunk, hit.meta) for hit in hits] for hits in embedded.search("default", asked, k)]
    scores = [hit.score for hit in shared.search("default", asked[:1], 50)[0]]
    assert scores == pytest.approx([hit.score for hit in embedded.search("default", asked[:1], 50)[0]], abs=1e-6)
    assert (shared.docsets(), shared.documents("default")) == (embedded.docsets(), embedded.documents("default"))
    assert shared.docsets()[0].chunks == 116
    embedded.close()


def test_text_that_postgresql_does_not_take_is_replaced(url: str, opened: Opened) -> None:
    store = opened(url)
    document = Document(id="d", name="d.md", sha256="", chars=1, chunks=1, meta={}, ingested_at="")
    chunk = Chunk(name="d.md", number=0, section="\0", text="a\0b\ud800c")
    store.change("default", remove=set(), add=[document], chunks=[chunk], vectors=vectors_of(range(1)))
    (hit,) = store.search("default", vectors_of(range(1)), 1)[0]
    assert (hit.chunk.section, hit.chunk.text) == ("\ufffd", "a\ufffdb?c")


def test_what_was_never_there_and_what_is_no_longer(url: str, opened: Opened) -> None:
    store = opened(url)
    with pytest.raises(UnknownDocsetError, match="'default' does not exist; there are: none yet"):
        store.search("default", vectors_of(range(1)), 1)
    with pytest.raises(UnknownDocsetError, match="'default' does not exist; there are: none yet"):
        store.documents("default")
    assert store.docsets() == []
    put(store, {"a.md": range(3)})
    put(store, {}, remove=frozenset({"a.md", "unknown.md"}))
    assert store.search("default", vectors_of(range(2)), 5) == [[], []]
    assert [(docset.documents, docset.chunks, docset.generation) for docset in store.docsets()] == [(0, 0, 2)]
    with pytest.raises(UnknownDocsetError, match="'other' does not exist; there are: default"):
        store.documents("other")


def test_words_are_found_as_postgresql_reads_them(url: str, opened: Opened) -> None:
    """Stemmed, any of them, the rarer document length first; a text of no words and a question of none find nothing."""
    store = opened(url)
    put(store, {"a.md": range(3), "it's b\\c.md": range(3, 5)})
    found = store.search_words("default", ["texts of a.md", "", "?!", "the", "'; DROP TABLE x; \0", "b\\c.md"], 9)
    assert [len(hits) for hits in found] == [5, 0, 0, 0, 0, 2]
    assert {hit.chunk.name for hit in found[0][:3]} == {"a.md"}
    assert found[0][0].score >= found[0][-1].score > 0
    assert [hit.chunk.number for hit in store.search_words("default", ["text"], 2)[0]] == [0, 1]
    with pytest.raises(UnknownDocsetError, match="'other' does not exist"):
        store.search_words("other", ["text"], 1)
    put(store, {}, remove=frozenset({"a.md"}))
    assert len(store.search_words("default", ["text"], 9)[0]) == 2


def test_tables_of_the_version_before_are_made_those_of_this_one(url: str, opened: Opened) -> None:
    """Metadata with a character that jsonb does not take is filtered by name and kind until it is ingested again."""
    store = opened(url)
    put(store, {"a.md": range(3), "b.txt": range(1)})
    store.close()
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE rag_chunks_1 DROP COLUMN words")
        connection.execute("ALTER TABLE rag_documents DROP COLUMN facts")
        connection.execute(
            'UPDATE rag_documents SET meta = \'{"language": "de", "empty": null}\' WHERE name = \'b.txt\''
        )
        connection.execute("DELETE FROM rag_schema WHERE version > 1")
    again = opened(url)
    for given, passing in (({"kind": "md"}, ["a.md"]), ({"language": "de"}, ["b.txt"]), ({"name": "a.md"}, ["a.md"])):
        (hits,) = again.search("default", vectors_of(range(1)), 1, Filter.of(given))
        assert [hit.chunk.name for hit in hits] == passing
    nothing = np.empty((0, DIMENSION), dtype=np.float32)
    again.change("default", remove={"b.txt"}, add=[], chunks=[], vectors=nothing)
    assert len(again.search_words("default", ["text"], 9)[0]) == 3
    put(again, {"b.md": range(2)})
    assert len(opened(url).search_words("default", ["text"], 9)[0]) == 5


def test_inverted_lists_are_made_anew_as_a_docset_grows(url: str, opened: Opened) -> None:
    store = opened(url, recipe("ivf", nlist=8, nprobe=8))
    lists = []
    for numbers in (range(20), range(20, 90), range(90, 400)):
        put(store, {f"{numbers}.md": numbers})
        with psycopg.connect(url) as connection:
            rows = connection.execute("SELECT indexname FROM pg_indexes WHERE indexname LIKE 'rag_chunks%embedding%'")
            lists.append([name for (name,) in rows])
    assert lists == [[f"rag_chunks_1_embedding_{count}"] for count in (1, 2, 8)]
    found = store.search("default", vectors_of(range(400)), 1)
    assert [hits[0].chunk.number for hits in found] == [*range(400)]


def test_replicas_share_one_store(url: str, opened: Opened) -> None:
    """Both open it at once, change the same documents at once, and see each other's."""
    with ThreadPoolExecutor(4) as pool:
        replicas = list(pool.map(opened, [url] * 4))
        rounds = [(store, {"a.md": range(n), "b.md": range(n)}) for n, store in enumerate(replicas * 3, start=1)]
        list(pool.map(lambda each: put(*each), rounds))
    described = {str(store.docsets()) for store in replicas}
    a, b = replicas[0].documents("default")
    assert (len(described), a.chunks, replicas[0].docsets()[0].generation) == (1, b.chunks, 12)
    found = [store.search("default", vectors_of(range(1)), 100)[0] for store in replicas]
    assert {len(hits) for hits in found} == {a.chunks + b.chunks} == {replicas[0].docsets()[0].chunks}


def test_a_change_is_seen_by_nobody_until_it_is_whole(
    url: str, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, reader = opened(url), opened(url)
    put(writer, {"a.md": range(5)})
    written, may_end = threading.Event(), threading.Event()
    replace_rows = module._replace

    def slow(*arguments: Any) -> None:
        replace_rows(*arguments)
        written.set()
        assert may_end.wait(60)

    monkeypatch.setattr(module, "_replace", slow)
    with ThreadPoolExecutor(1) as pool:
        change = pool.submit(put, writer, {"a.md": range(5, 8), "b.md": range(9)})
        assert written.wait(60)
        assert (names_of(reader), len(reader.search("default", vectors_of(range(1)), 50)[0])) == (["a.md"], 5)
        may_end.set()
        change.result(60)
    assert (names_of(reader), len(reader.search("default", vectors_of(range(1)), 50)[0])) == (["a.md", "b.md"], 12)


def test_a_server_that_dies_in_a_change_keeps_the_old_and_is_found_again(
    server: Postgres, url: str, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No store is made anew: the pool finds out, and the first search after the failover is already answered."""
    store = opened(url)
    put(store, {"a.md": range(5)})
    replace_rows = module._replace

    def dying(*arguments: Any) -> None:
        replace_rows(*arguments)
        server.kill()

    monkeypatch.setattr(module, "_replace", dying)
    with pytest.raises(StoreError, match=f"ingest: pgvector at {server.address}/db_.* does not answer: "):
        put(store, {"a.md": range(9), "b.md": range(9)})
    monkeypatch.undo()
    server.start()
    assert len(store.search("default", vectors_of(range(1)), 50)[0]) == 5
    assert (names_of(store), store.problem()) == (["a.md"], None)
    put(store, {"b.md": range(9)})
    assert names_of(store) == ["a.md", "b.md"]


def test_another_database_in_the_place_of_the_first_is_searched_as_it_is(
    server: Postgres, url: str, opened: Opened
) -> None:
    """As after a restore or a failover: the docset has another number there, and its old one is another docset's."""
    store, other = opened(url), opened(server.new_database(spare := next(_NAMES)))
    put(store, {"a.md": range(5)})
    put(other, {"wrong.md": range(7)}, docset="another")
    put(other, {"b.md": range(9)})
    assert len(store.search("default", vectors_of(range(1)), 50)[0]) == 5
    other.close()
    server.put_in_place_of(url, spare)
    assert {hit.chunk.name for hit in store.search("default", vectors_of(range(1)), 50)[0]} == {"b.md"}
    assert names_of(store) == ["b.md"]
    put(store, {"c.md": range(3)})
    assert (names_of(store), names_of(store, "another")) == (["b.md", "c.md"], ["wrong.md"])


def test_a_search_that_waits_too_long_says_so(url: str, opened: Opened) -> None:
    """The server's limit alone is short, so that nothing else can be late."""
    store = opened(url)
    put(store, {"a.md": range(2)})
    store._database.read("made short", lambda connection: connection.execute("SET statement_timeout = '100ms'"))
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE rag_documents IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StoreError, match=r"took longer than 30 s \(RAG_STORE_TIMEOUT_SECONDS\)"):
            store.search("default", vectors_of(range(1)), 1)
    store._database.read("made long", lambda connection: connection.execute("SET statement_timeout = 0"))
    assert len(store.search("default", vectors_of(range(1)), 9)[0]) == 2


@pytest.mark.parametrize(
    ("failure", "kind", "sentence"),
    [
        (errors.DiskFull("could not extend file"), StoreFullError, "is full: could not extend file: nothing was"),
        (errors.InsufficientPrivilege("denied"), StoreError, "does not permit it: denied"),
        (errors.UndefinedTable("no table"), StoreError, "refused it: no table"),
        (psycopg.OperationalError("a\n  b\n"), StoreError, "does not answer: a b"),
        (psycopg.OperationalError(), StoreError, "does not answer: OperationalError"),
    ],
)
def test_what_the_server_says_is_one_sentence(failure: Exception, kind: type[StoreError], sentence: str) -> None:
    """Made here: a disk that is full for PostgreSQL alone needs a file system of its own."""
    place = read_place("postgresql://u:pw@db.example/rag", None, 5)
    database = Database(place, recipe(), connections=2, timeout_s=5)
    with pytest.raises(kind) as caught, database.told("ingest"):
        raise failure
    assert str(caught.value).startswith(f"ingest: pgvector at db.example:5432/rag {sentence}")
    assert type(caught.value) is kind


def _guest(server: Postgres, name: str) -> str:
    server.run("DROP ROLE IF EXISTS guest", f"CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}'")
    return server.url(name, "guest")


def _no_database(server: Postgres, _: str) -> str:
    return server.url("nowhere")


def _no_server(server: Postgres, _: str) -> str:
    return server.url().replace(server.address, "127.0.0.1:1")


def _no_extension(server: Postgres, name: str) -> str:
    return _guest(server, name)


def _no_permission(server: Postgres, name: str) -> str:
    server.run("CREATE EXTENSION vector", database=name)
    return _guest(server, name)


def _newer(server: Postgres, name: str) -> str:
    server.run("CREATE TABLE rag_schema (version integer)", "INSERT INTO rag_schema VALUES (9)", database=name)
    return server.url(name)


def _other_dimension(server: Postgres, name: str) -> str:
    made = replace(recipe(), dimension=DIMENSION * 2)
    place = read_place(server.url(name), None, 30)
    store = PostgresStore(Database(place, made, connections=2, timeout_s=30), made)
    nothing = np.empty((0, made.dimension), dtype=np.float32)
    store.change("default", remove=set(), add=[], chunks=[], vectors=nothing)
    store.close()
    return server.url(name)


@pytest.mark.parametrize(
    ("prepare", "password", "sentence"),
    [
        (_guest, "wrong", "the store: pgvector at {} does not answer: .*password authentication failed"),
        (_guest, None, "the store: pgvector at {} does not answer: .*no password supplied"),
        (_no_database, None, "does not answer: .*nowhere. does not exist"),
        (_no_server, None, "does not answer: .*Connection refused"),
        (_no_extension, PASSWORD, "{} has no extension vector, and this user may not make it: have an administrator"),
        (_no_permission, PASSWORD, "pgvector at {} does not permit it: permission denied for schema public"),
        (_newer, None, "{} has tables of version 9; this service knows 3: run the newer one"),
        (_other_dimension, None, "docset default of pgvector at {} was built with dimension 16, now 8: restore that"),
    ],
)
def test_a_database_that_cannot_be_used_is_one_sentence(
    server: Postgres, opened: Opened, prepare: Callable[[Postgres, str], str], password: str | None, sentence: str
) -> None:
    name = next(_NAMES)
    server.new_database(name)
    with pytest.raises(ConfigurationError, match=sentence.format(f"{server.address}/{name}")) as caught:
        opened(prepare(server, name), password=password)
    assert "\n" not in str(caught.value)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("url", ["postgresql://u:hunter2@h/d?sslmod=x", "host=h password=hunter2 x", "hunter2"])
def test_a_url_that_is_none_is_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError, match="RAG_POSTGRES_URL: it is not postgresql://USER@HOST") as caught:
        read_place(url, None, 5)
    assert "hunter2" not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_the_password_is_shown_nowhere(server: Postgres, opened: Opened) -> None:
    name = next(_NAMES)
    server.new_database(name)
    server.run("CREATE EXTENSION vector", database=name)
    guest = _guest(server, name)
    server.run("GRANT ALL ON SCHEMA public TO guest", database=name)
    store = opened(guest, password=PASSWORD)
    put(store, {"a.md": range(2)})
    place = read_place(guest, PASSWORD, 5)
    assert PASSWORD not in f"{place} {store.identity}"
    assert place.shown == f"{server.address}/{name}"
    assert store.identity.name == "pgvector"
    assert store.identity.version.startswith("PostgreSQL 18.")
    server.run("DROP OWNED BY guest", database=name)
