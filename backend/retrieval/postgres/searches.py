"""The searches of one docset, in one round trip for all that ask alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from ..embedder import Vectors
from ..filters import EXACT_ROWS, Filter, Value
from ..records import Chunk, Hit


def chunks_of(number: int) -> sql.Identifier:
    """The table of a docset's chunks."""
    return sql.Identifier(f"rag_chunks_{number}")


def nearest(
    connection: Connection[Any], docset: str, number: int, vectors: Vectors, k: int, where: Filter | None
) -> list[list[Hit]]:
    """With a filter that few chunks pass, all of them are compared; else the index goes on until k have passed, and
    where it gives up before, all are compared. Raises BadRequestError.
    """
    if where is None:
        query = sql.SQL(
            "SELECT c.name, c.number, c.section, c.text, c.distance, d.meta FROM "
            "(SELECT name, number, section, text, embedding <#> %b AS distance FROM {chunks} "
            "ORDER BY distance LIMIT %s) c "
            "JOIN rag_documents d ON d.docset = {docset} AND d.name = c.name ORDER BY c.distance"
        ).format(chunks=chunks_of(number), docset=sql.Literal(number))
        return _rankings(connection, query, [(vector, k) for vector in vectors])
    passing, values = _condition(number, where)
    count = _passing(connection, docset, number, where)
    found: list[list[Hit]] = []
    for by_index in (True, False) if count > EXACT_ROWS else (False,):
        query = sql.SQL(
            "SELECT c.name, c.number, c.section, c.text, c.embedding <#> %b AS distance, d.meta FROM {chunks} c "
            "JOIN rag_documents d ON d.name = c.name WHERE {passing} ORDER BY {order} LIMIT %s"
        ).format(
            chunks=chunks_of(number),
            passing=passing,
            order=sql.SQL("c.embedding <#> %b" if by_index else "(c.embedding <#> %b) + 0"),
        )
        found = _rankings(connection, query, [(vector, *values, vector, k) for vector in vectors])
        if all(len(hits) >= min(k, count) for hits in found):
            break
    return found


def with_words(
    connection: Connection[Any], docset: str, number: int, queries: Sequence[str], k: int, where: Filter | None
) -> list[list[Hit]]:
    """By PostgreSQL's own search of texts: chunks with any of the query's words, which are stemmed.

    Raises BadRequestError.
    """
    passing, values = _condition(number, where)
    if where is not None:
        _passing(connection, docset, number, where)
    query = sql.SQL(
        "SELECT c.name, c.number, c.section, c.text, -ts_rank(c.words, q.asked, 1) AS distance, d.meta FROM "
        "(SELECT replace(plainto_tsquery('english', %s)::text, ' & ', ' | ')::tsquery AS asked) q "
        "JOIN {chunks} c ON c.words @@ q.asked JOIN rag_documents d ON d.name = c.name "
        "WHERE {passing} ORDER BY distance, c.name, c.number LIMIT %s"
    ).format(chunks=chunks_of(number), passing=passing)
    return _rankings(connection, query, [(storable(text), *values, k) for text in queries])


def storable(text: str) -> str:
    """What a PostgreSQL text takes: neither NUL nor half a surrogate pair."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def facts_json(facts: Mapping[str, Value]) -> Jsonb:
    return Jsonb(
        {storable(name): storable(value) if isinstance(value, str) else value for name, value in facts.items()}
    )


def _condition(number: int, where: Filter | None) -> tuple[sql.Composed, list[Jsonb]]:
    """On rag_documents `d`, and its parameters."""
    parts: list[sql.Composable] = [sql.SQL("d.docset = {}").format(sql.Literal(number))]
    values: list[Jsonb] = []
    for name, allowed in () if where is None else where.fields:
        parts.append(sql.SQL("({})").format(sql.SQL(" OR ").join([sql.SQL("d.facts @> %s")] * len(allowed))))
        values += [facts_json({name: value}) for value in allowed]
    return sql.SQL(" AND ").join(parts), values


def _passing(connection: Connection[Any], docset: str, number: int, where: Filter) -> int:
    """How many chunks pass. Where none does, it may be for a field that no document has: BadRequestError."""
    passing, values = _condition(number, where)
    count = sql.SQL("SELECT coalesce(sum(d.chunks), 0) FROM rag_documents d WHERE {}").format(passing)
    ((found,),) = connection.execute(count, values).fetchall()
    if not found:
        fields = "SELECT DISTINCT jsonb_object_keys(facts) FROM rag_documents WHERE docset = %s"
        where.check(docset, [name for (name,) in connection.execute(fields, (number,))])
    return int(found)


def _rankings(connection: Connection[Any], query: sql.Composed, asked: Sequence[tuple[Any, ...]]) -> list[list[Hit]]:
    """The hits of each of those asked, in the order of the query: one round trip for all."""
    with connection.cursor() as cursor:
        cursor.executemany(query, asked, returning=True)
        return [[_hit(*row) for row in results.fetchall()] for results in cursor.results()]


def _hit(name: str, number: int, section: str | None, text: str, distance: float, meta: dict[str, Any]) -> Hit:
    return Hit(chunk=Chunk(name=name, number=number, section=section, text=text), score=-distance, meta=meta)
