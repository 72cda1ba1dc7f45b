"""Docsets in PostgreSQL. A change is one transaction: other connections see the docset before it, or after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from psycopg import Connection, Cursor, sql
from psycopg.types.json import Json

from ...errors import ConfigurationError, StoreError, UnknownDocsetError
from ..embedder import Vectors
from ..filters import Filter, facts_of
from ..parameters import has_outgrown, lists_for
from ..records import Chunk, Docset, Document, Hit, Recipe, docset_hash
from ..store import StoreIdentity
from .connecting import Database
from .migrations import prepare
from .searches import chunks_of, facts_json, nearest, storable, with_words


class PostgresStore:
    def __init__(self, database: Database, recipe: Recipe) -> None:
        """Raises ConfigurationError where the database cannot be used, or has a docset of another recipe."""
        self.recipe = recipe
        self._database = database
        version = ""

        def begin(connection: Connection[Any]) -> None:
            nonlocal version
            version = prepare(connection, database.shown)
            for name, built_with in connection.execute("SELECT name, recipe FROM rag_docsets ORDER BY name"):
                if differences := recipe.differences(built_with):
                    raise ConfigurationError(_other_recipe(name, database.shown, differences))

        database.open(begin)
        self.identity = StoreIdentity(name="pgvector", version=version)

    def warm_up(self, vectors: Vectors) -> None:
        """A connection is there before the first search needs one."""
        self._database.read("the store", lambda connection: connection.execute("SELECT %b", (vectors[0],)))

    def search(self, docset: str, vectors: Vectors, k: int, where: Filter | None = None) -> list[list[Hit]]:
        def work(connection: Connection[Any]) -> list[list[Hit]]:
            return nearest(connection, docset, self._id(connection, docset), vectors, k, where)

        return self._database.read("retrieval", work)

    def search_words(self, docset: str, queries: Sequence[str], k: int, where: Filter | None = None) -> list[list[Hit]]:
        def work(connection: Connection[Any]) -> list[list[Hit]]:
            return with_words(connection, docset, self._id(connection, docset), queries, k, where)

        return self._database.read("retrieval", work)

    def docsets(self) -> list[Docset]:
        query = "SELECT name, generation, documents, chunks, hash FROM rag_docsets ORDER BY name"
        rows = self._database.read("listing", lambda connection: connection.execute(query).fetchall())
        return [
            Docset(name=name, generation=generation, documents=documents, chunks=chunks, hash=identity)
            for name, generation, documents, chunks, identity in rows
        ]

    def documents(self, docset: str) -> list[Document]:
        query = (
            "SELECT id, name, sha256, chars, chunks, meta, ingested_at FROM rag_documents "
            'WHERE docset = %s ORDER BY name COLLATE "C"'
        )

        def work(connection: Connection[Any]) -> list[Any]:
            return connection.execute(query, (self._id(connection, docset),)).fetchall()

        rows = self._database.read("listing", work)
        return [Document(**dict(zip(Document.__dataclass_fields__, row, strict=True))) for row in rows]

    def change(
        self, docset: str, *, remove: set[str], add: Sequence[Document], chunks: Sequence[Chunk], vectors: Vectors
    ) -> None:
        def work(connection: Connection[Any]) -> None:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = 0")
                number, lists = self._held(cursor, docset)
                _replace(cursor, number, remove, add, chunks, vectors)
                self._settle(cursor, number, lists)

        self._database.write("ingest", work)

    def problem(self) -> str | None:
        try:
            self._database.read("the store", lambda connection: connection.execute("SELECT 1"))
        except StoreError as error:
            return str(error)
        return None

    def close(self) -> None:
        self._database.close()

    def _id(self, connection: Connection[Any], docset: str) -> int:
        """Asked for each time: a failover may lead to a database in which the docset has another one."""
        row = connection.execute("SELECT id, recipe FROM rag_docsets WHERE name = %s", (docset,)).fetchone()
        if row is None:
            known = [name for (name,) in connection.execute("SELECT name FROM rag_docsets ORDER BY name")]
            raise UnknownDocsetError(f"docset: {docset!r} does not exist; there are: {', '.join(known) or 'none yet'}")
        return self._checked(docset, *row)

    def _checked(self, docset: str, number: int, built_with: dict[str, Any]) -> int:
        if differences := self.recipe.differences(built_with):
            raise StoreError(_other_recipe(docset, self._database.shown, differences))
        return number

    def _held(self, cursor: Cursor[Any], docset: str) -> tuple[int, int]:
        """Number and lists of the docset, made where it is missing and locked: other changes of it wait."""
        cursor.execute(
            "INSERT INTO rag_docsets (name, recipe) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (docset, Json(asdict(self.recipe))),
        )
        cursor.execute("SELECT id, recipe, lists, generation FROM rag_docsets WHERE name = %s FOR UPDATE", (docset,))
        number, built_with, lists, generation = _only(cursor)
        self._checked(docset, number, built_with)
        if generation == 0:
            cursor.execute(
                sql.SQL(
                    "CREATE TABLE {} (name text NOT NULL, number integer NOT NULL, section text, text text NOT NULL, "
                    "embedding vector({}) NOT NULL, "
                    "words tsvector GENERATED ALWAYS AS (to_tsvector('english', text)) STORED, "
                    "PRIMARY KEY (name, number))"
                ).format(chunks_of(number), sql.Literal(self.recipe.dimension))
            )
            named = sql.Identifier(f"rag_chunks_{number}_words")
            cursor.execute(sql.SQL("CREATE INDEX {} ON {} USING gin (words)").format(named, chunks_of(number)))
        return number, lists

    def _settle(self, cursor: Cursor[Any], number: int, lists: int) -> None:
        """Index, counts and identity of what the docset is now."""
        rows = _only(cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(chunks_of(number))))[0]
        cursor.execute("SELECT name, sha256 FROM rag_documents WHERE docset = %s", (number,))
        documents = cursor.fetchall()
        cursor.execute(
            "UPDATE rag_docsets SET generation = generation + 1, hash = %s, documents = %s, chunks = %s, lists = %s "
            "WHERE id = %s",
            (
                docset_hash(self.recipe, documents),
                len(documents),
                rows,
                self._index(cursor, number, lists, rows),
                number,
            ),
        )

    def _index(self, cursor: Cursor[Any], number: int, lists: int, rows: int) -> int:
        """Made after the first rows, and clustered anew where it has outgrown its lists; returns how many it has."""
        parameters = self.recipe.index_parameters
        match self.recipe.index_type:
            case "hnsw" if lists == 0:
                made = {"m": parameters["M"], "ef_construction": parameters["efConstruction"]}
                _create_index(cursor, number, 1, "hnsw", made)
                return 1
            case "ivf" if lists == 0 or has_outgrown(lists, rows, parameters):
                wanted = lists_for(rows, parameters)
                _create_index(cursor, number, wanted, "ivfflat", {"lists": wanted})
                # Last, because it locks searches out until the commit.
                cursor.execute(sql.SQL("DROP INDEX IF EXISTS {}").format(_index_name(number, lists)))
                return wanted
        return lists


def _index_name(number: int, lists: int) -> sql.Identifier:
    return sql.Identifier(f"rag_chunks_{number}_embedding_{lists}")


def _create_index(cursor: Cursor[Any], number: int, lists: int, kind: str, options: dict[str, int]) -> None:
    listed = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value)) for name, value in options.items()
    )
    query = sql.SQL("CREATE INDEX {} ON {} USING {} (embedding vector_ip_ops) WITH ({})")
    cursor.execute(query.format(_index_name(number, lists), chunks_of(number), sql.Identifier(kind), listed))


def _only(cursor: Cursor[Any]) -> Any:
    """The row of a query that always has one."""
    return cursor.fetchone()


def _replace(
    cursor: Cursor[Any],
    number: int,
    remove: set[str],
    add: Sequence[Document],
    chunks: Sequence[Chunk],
    vectors: Vectors,
) -> None:
    gone = sorted(remove | {document.name for document in add})
    cursor.execute(sql.SQL("DELETE FROM {} WHERE name = ANY(%s)").format(chunks_of(number)), (gone,))
    cursor.execute("DELETE FROM rag_documents WHERE docset = %s AND name = ANY(%s)", (number, gone))
    cursor.executemany(
        "INSERT INTO rag_documents (docset, id, name, sha256, chars, chunks, meta, ingested_at, facts) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            (
                *(number, each.id, each.name, each.sha256, each.chars, each.chunks, Json(each.meta), each.ingested_at),
                facts_json(facts_of(each)),
            )
            for each in add
        ],
    )
    columns = sql.SQL("COPY {} (name, number, section, text, embedding) FROM STDIN (FORMAT binary)")
    with cursor.copy(columns.format(chunks_of(number))) as copy:
        copy.set_types(["text", "int4", "text", "text", "vector"])
        for chunk, vector in zip(chunks, vectors, strict=True):
            section = None if chunk.section is None else storable(chunk.section)
            copy.write_row((chunk.name, chunk.number, section, storable(chunk.text), vector))


def _other_recipe(docset: str, shown: str, differences: str) -> str:
    return (
        f"docset {docset} of pgvector at {shown} was built with {differences}: restore that setting, or use a schema "
        "of its own"
    )
