"""Runs in an in-memory DuckDB that reaches no file."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from ragmeter.cli.folder.reading import Folder, raw_beside
from ragmeter.cli.saved import load_raw
from ragmeter.core.errors import ConfigError, RagmeterError
from ragmeter.report.rows import request_rows
from ragmeter.report.tables.column import Column, Kind
from ragmeter.report.tables.over_time import history_rows
from ragmeter.report.tables.requests import REQUESTS
from ragmeter.report.tables.runs import FIGURES, RUNS, SLOS, ShownRun, figure_rows, run_row, slo_rows

VIEWS: Final[Mapping[str, tuple[Column, ...]]] = {"runs": RUNS, "figures": FIGURES, "slos": SLOS, "requests": REQUESTS}
_READS: Final = ("SELECT", "EXPLAIN")
_LOCKED: Final = {
    "python_enable_replacements": "false",  # else a name in SQL is a variable of this program
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "enable_external_access": "false",
    "lock_configuration": "true",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    names: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]


class Database:
    """Raises ConfigError where its packages are not installed."""

    def __init__(self) -> None:
        try:
            self._duckdb, self._arrow = import_module("duckdb"), import_module("pyarrow")
        except ImportError as error:
            raise ConfigError(
                f"query: needs the packages duckdb and pyarrow: pip install 'ragmeter[query]' ({error})"
            ) from error

    def check(self, sql: str) -> None:
        """Raises ConfigError unless it is one statement that reads."""
        with self._duckdb.connect(":memory:") as connection:
            try:
                statements = connection.extract_statements(sql)
            except self._duckdb.Error as error:
                raise _refused(error) from error
        kinds = [statement.type.name for statement in statements]
        if len(kinds) != 1 or kinds[0] not in _READS:
            raise ConfigError(f"query: takes one SELECT; got {', '.join(kinds) or 'no statement'}")

    @contextmanager
    def filled(self, folder: Folder, sql: str) -> Iterator["_Filled"]:
        """With the tables of a folder. Requests are read where the statement names them, as that takes a while."""
        with self._duckdb.connect(":memory:") as connection:
            tables = _tables(folder, with_requests=_may_read_requests(sql))
            for name, rows in tables.items():
                connection.from_arrow(self._table(VIEWS[name], rows)).create(name)
            for setting, value in _LOCKED.items():
                connection.execute(f"SET {setting} = {value}")
            yield _Filled(connection, self._duckdb.Error)

    def _table(self, columns: tuple[Column, ...], rows: list[dict[str, Any]]) -> Any:
        arrow = self._arrow
        kinds: dict[Kind, Any] = {
            "text": arrow.string(),
            "integer": arrow.int64(),
            "number": arrow.float64(),
            "boolean": arrow.bool_(),
            "time": arrow.timestamp("us"),
        }
        fields = [arrow.field(column.name, kinds[column.kind]) for column in columns]
        return arrow.Table.from_pylist([_typed(columns, row) for row in rows], schema=arrow.schema(fields))


class _Filled:
    def __init__(self, connection: Any, error: type[Exception]) -> None:
        self._connection, self._error = connection, error

    def answer(self, sql: str) -> Answer:
        try:
            found = self._connection.execute(sql)
            names = tuple(str(column[0]) for column in found.description)
            return Answer(names=names, rows=found.fetchall())
        except self._error as error:
            raise _refused(error) from error


def _refused(error: Exception) -> ConfigError:
    return ConfigError(f"query: {' '.join(str(error).split())}")


def _may_read_requests(sql: str) -> bool:
    """Whether the statement could: it names the table, or says no table at all, as ``SHOW TABLES`` does."""
    words = set(re.findall(r"\w+", sql.lower()))
    return "requests" in words or not words & set(VIEWS)


def _typed(columns: tuple[Column, ...], row: dict[str, Any]) -> dict[str, Any]:
    """Metadata says what a provider file or a service says: a count may be a text."""
    return {column.name: _as(column.kind, row[column.name]) for column in columns}


def _as(kind: Kind, value: Any) -> Any:
    if value is None:
        return None
    if kind == "text":
        return str(value)
    if kind in ("integer", "number"):
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None
    return value


def _tables(folder: Folder, *, with_requests: bool) -> dict[str, list[dict[str, Any]]]:
    results = {str(path): result for path, result in folder.runs()}
    shown = [ShownRun(row=row, result=results[row.path]) for row in history_rows(results.items())]
    runs = [replace(run, row=replace(run.row, path=folder.within(Path(run.row.path)))) for run in shown]
    return {
        "runs": [run_row(run) for run in runs],
        "figures": [row for run in runs for row in figure_rows(run)],
        "slos": [row for run in runs for row in slo_rows(run)],
        "requests": list(_requests(folder, [Path(run.row.path) for run in shown])) if with_requests else [],
    }


def _requests(folder: Folder, runs: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """Of the runs whose raw record is there."""
    for path in runs:
        raw = raw_beside(path)
        if not raw.is_file():
            continue
        try:
            saved = load_raw(raw)
        except RagmeterError as error:
            folder.leave_out(raw, error)
            continue
        for row in request_rows(saved.plan, saved.samples):
            yield {"path": folder.within(path), **row}
