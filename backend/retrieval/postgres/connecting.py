"""Connections to PostgreSQL, and what goes wrong with them as one sentence without a secret."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import psycopg
from pgvector.psycopg import register_vector
from psycopg import Connection, errors
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool, PoolTimeout

from ...errors import ConfigurationError, StoreError, StoreFullError
from ..records import Recipe

T = TypeVar("T")

_RECONNECT = (psycopg.OperationalError, psycopg.InterfaceError)
_MAX_SAID_CHARS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the database is. `shown` has no user and no password."""

    parameters: dict[str, Any] = field(repr=False)
    shown: str


def read_place(url: str, password: str | None, timeout_s: float) -> Place:
    """Raises ConfigurationError, without libpq's message: it repeats what it could not read, which may be a secret."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.Error:
        raise ConfigurationError(
            "RAG_POSTGRES_URL: it is not postgresql://USER@HOST:PORT/DATABASE?sslmode=verify-full or the like"
        ) from None
    if password is not None:
        given["password"] = password
    named = f"{given.get('host', 'localhost')}:{given.get('port', 5432)}/{given.get('dbname', given.get('user', ''))}"
    patience = {
        "connect_timeout": max(2, round(timeout_s)),  # libpq takes no less
        "tcp_user_timeout": round(timeout_s * 1000),
        "keepalives_idle": 30,
        "application_name": "ragmeter",
    }
    return Place(parameters={**patience, **given}, shown=named)


class Database:
    """A pool of connections. Those that a failover has broken are replaced; what only reads is then tried once more."""

    def __init__(self, place: Place, recipe: Recipe, *, connections: int, timeout_s: float) -> None:
        self._place = place
        self._recipe = recipe
        self._timeout_s = timeout_s
        self._pool: ConnectionPool[Connection[Any]] = ConnectionPool(
            kwargs=place.parameters,
            min_size=1,
            max_size=connections,
            timeout=timeout_s,
            reconnect_timeout=timeout_s,
            configure=self._configure,
            open=False,
        )

    @property
    def shown(self) -> str:
        return self._place.shown

    def open(self, prepare: Callable[[Connection[Any]], None]) -> None:
        """Runs `prepare` on a connection of its own, in a transaction. Raises ConfigurationError."""
        try:
            with self.told("the store"), psycopg.connect(**self._place.parameters) as connection:
                prepare(connection)
        except StoreError as error:
            raise ConfigurationError(str(error)) from error
        self._pool.open()

    def close(self) -> None:
        self._pool.close(timeout=self._timeout_s)

    def read(self, stage: str, work: Callable[[Connection[Any]], T]) -> T:
        """Raises StoreError that names the stage."""
        with self.told(stage):
            try:
                return self._run(work)
            except _RECONNECT as error:
                if isinstance(error, errors.QueryCanceled | PoolTimeout):  # both have waited
                    raise
                self._pool.check()
                return self._run(work)

    def write(self, stage: str, work: Callable[[Connection[Any]], T]) -> T:
        """Never tried twice: nobody knows whether a commit whose answer is missing was one. Raises StoreError."""
        with self.told(stage):
            return self._run(work)

    def _run(self, work: Callable[[Connection[Any]], T]) -> T:
        with self._pool.connection() as connection:
            try:
                return work(connection)
            except errors.ReadOnlySqlTransaction:
                connection.close()  # to a server that is a standby now: the pool takes another
                raise

    @contextmanager
    def told(self, stage: str) -> Iterator[None]:
        where = f"{stage}: pgvector at {self._place.shown}"
        try:
            yield
        except (errors.DiskFull, errors.OutOfMemory) as error:
            raise StoreFullError(f"{where} is full: {_said(error)}: nothing was changed") from error
        except errors.InsufficientPrivilege as error:
            raise StoreError(f"{where} does not permit it: {_said(error)}") from error
        except errors.QueryCanceled as error:
            raise StoreError(f"{where} took longer than {self._timeout_s:g} s (RAG_STORE_TIMEOUT_SECONDS)") from error
        except _RECONNECT as error:
            raise StoreError(f"{where} does not answer: {_said(error)}") from error
        except psycopg.Error as error:
            raise StoreError(f"{where} refused it: {_said(error)}") from error

    def _configure(self, connection: Connection[Any]) -> None:
        register_vector(connection)
        wanted = {"statement_timeout": f"{round(self._timeout_s * 1000)}ms", **self._search_settings()}
        for name, value in wanted.items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        connection.commit()

    def _search_settings(self) -> dict[str, str]:
        """Of the index. With the iterative scan a search finds k passages where dead rows stand between them."""
        parameters = self._recipe.index_parameters
        match self._recipe.index_type:
            case "hnsw":
                return {"hnsw.ef_search": str(parameters["efSearch"]), "hnsw.iterative_scan": "strict_order"}
            case "ivf":
                return {"ivfflat.probes": str(parameters["nprobe"]), "ivfflat.iterative_scan": "relaxed_order"}
        return {}


def _said(error: BaseException) -> str:
    """On one line: libpq writes one for each host."""
    return " ".join(str(error).split())[:_MAX_SAID_CHARS] or type(error).__name__
