"""The tables, and how those of an older version become those of this one."""

from __future__ import annotations

from typing import Any

from psycopg import Connection, errors

from ...errors import ConfigurationError

LEAST_PGVECTOR = (0, 8)
"""Has the iterative scan: https://github.com/pgvector/pgvector#iterative-index-scans"""

_LOCK = 7_245_113_062
"""Of advisory locks: replicas that start together migrate one after the other."""

_MIGRATIONS = (
    """
    CREATE TABLE rag_docsets (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name text NOT NULL UNIQUE,
        generation bigint NOT NULL DEFAULT 0,
        recipe json NOT NULL,
        hash text NOT NULL DEFAULT '',
        documents integer NOT NULL DEFAULT 0,
        chunks integer NOT NULL DEFAULT 0,
        lists integer NOT NULL DEFAULT 0
    );
    CREATE TABLE rag_documents (
        docset bigint NOT NULL REFERENCES rag_docsets,
        name text NOT NULL,
        id text NOT NULL,
        sha256 text NOT NULL,
        chars bigint NOT NULL,
        chunks integer NOT NULL,
        meta json NOT NULL,
        ingested_at text NOT NULL,
        PRIMARY KEY (docset, name)
    )
    """,
    """
    DO $$ DECLARE number bigint; BEGIN
        FOR number IN SELECT id FROM rag_docsets WHERE generation > 0 LOOP
            EXECUTE format(
                'ALTER TABLE %1$I ADD COLUMN words tsvector '
                'GENERATED ALWAYS AS (to_tsvector(''english'', text)) STORED; '
                'CREATE INDEX %2$I ON %1$I USING gin (words)',
                'rag_chunks_' || number, 'rag_chunks_' || number || '_words'
            );
        END LOOP;
    END $$
    """,
    r"""
    ALTER TABLE rag_documents ADD COLUMN facts jsonb NOT NULL DEFAULT '{}';
    CREATE INDEX rag_documents_facts ON rag_documents USING gin (facts jsonb_path_ops);
    DO $$ DECLARE each record; given jsonb; BEGIN
        FOR each IN SELECT docset, name, meta FROM rag_documents LOOP
            BEGIN
                given := each.meta::text::jsonb;
            EXCEPTION WHEN OTHERS THEN  -- a character that jsonb does not take: until it is ingested again
                given := '{}';
            END;
            UPDATE rag_documents SET facts =
                jsonb_build_object('kind', coalesce(lower(substring(name FROM '[^/]\.([^./]+)$')), 'text'))
                || jsonb_strip_nulls(given) || jsonb_build_object('name', name)
            WHERE docset = each.docset AND name = each.name;
        END LOOP;
    END $$
    """,
)
"""One entry for each version; a docset's chunks have a table of their own, made with it."""


def prepare(connection: Connection[Any], shown: str) -> str:
    """Extension and tables, made where they are missing; returns what the server is. Raises ConfigurationError."""
    _ensure_extension(connection, shown)
    version = _pgvector_version(connection)
    if tuple(int(part) for part in version.split(".")[:2]) < LEAST_PGVECTOR:
        raise ConfigurationError(f"RAG_POSTGRES_URL: {shown} has pgvector {version}, which is older than 0.8")
    _migrate(connection, shown)
    return f"PostgreSQL {_first(connection, 'SHOW server_version').split()[0]}, pgvector {version}"


def _ensure_extension(connection: Connection[Any], shown: str) -> None:
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    if _pgvector_version(connection):
        return
    try:
        connection.execute("CREATE EXTENSION vector")
    except errors.InsufficientPrivilege as error:
        raise ConfigurationError(
            f"RAG_POSTGRES_URL: {shown} has no extension vector, and this user may not make it: "
            "have an administrator run CREATE EXTENSION vector"
        ) from error
    except (errors.FeatureNotSupported, errors.UndefinedFile) as error:
        raise ConfigurationError(f"RAG_POSTGRES_URL: the server of {shown} has no pgvector: install it") from error


def _pgvector_version(connection: Connection[Any]) -> str:
    return _first(connection, "SELECT max(extversion) FROM pg_extension WHERE extname = 'vector'") or ""


def _migrate(connection: Connection[Any], shown: str) -> None:
    exists = _first(connection, "SELECT to_regclass('rag_schema')")
    version = _first(connection, "SELECT max(version) FROM rag_schema") if exists else 0
    if version > len(_MIGRATIONS):
        raise ConfigurationError(
            f"RAG_POSTGRES_URL: {shown} has tables of version {version}; this service knows {len(_MIGRATIONS)}: "
            "run the newer one"
        )
    if not exists:
        connection.execute("CREATE TABLE rag_schema (version integer NOT NULL)")
    for number, statements in enumerate(_MIGRATIONS[version:], start=version + 1):
        connection.execute(statements)
        connection.execute("INSERT INTO rag_schema VALUES (%s)", (number,))


def _first(connection: Connection[Any], query: str) -> Any:
    row = connection.execute(query).fetchone()
    return None if row is None else row[0]
