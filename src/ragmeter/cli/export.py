"""``ragmeter export``: requests as rows."""

import argparse
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from ragmeter.cli.saved import load_raw
from ragmeter.cli.terminal import say
from ragmeter.clients.files import write_atomically
from ragmeter.core.errors import ConfigError, StorageError
from ragmeter.report.rows import Row, csv_text, jsonl_text, request_rows


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "export",
        help="write the requests of saved runs as rows",
        description="One row for each request of the RUNs, with every per-request metric.",
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="a .raw.jsonl file of a run")
    parser.add_argument("--csv", type=Path, metavar="FILE")
    parser.add_argument("--jsonl", type=Path, metavar="FILE")
    parser.add_argument("--parquet", type=Path, metavar="FILE", help="needs the package pyarrow")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    if not (options.csv or options.jsonl or options.parquet):
        raise ConfigError("export: nothing to write; give --csv FILE, --jsonl FILE or --parquet FILE")
    saved = [load_raw(path) for path in options.runs]
    rows = [row for run in saved for row in request_rows(run.plan, run.samples)]
    if options.csv:
        write_atomically(options.csv, csv_text(rows))
    if options.jsonl:
        write_atomically(options.jsonl, jsonl_text(rows))
    if options.parquet:
        _write_parquet(options.parquet, rows)
    say(f"{len(rows)} requests of {len(saved)} run{'s' if len(saved) > 1 else ''}")
    return 0


def _write_parquet(path: Path, rows: Sequence[Row]) -> None:
    try:
        arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise ConfigError(f"--parquet: needs the package pyarrow, which is not installed: {error}") from error
    try:
        parquet.write_table(arrow.Table.from_pylist([dict(row) for row in rows]), path)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}") from error
