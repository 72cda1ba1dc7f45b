"""``ragmeter query``: SQL over the runs of a folder."""

import argparse
import csv
import io
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from ragmeter.cli.folder.database import VIEWS, Answer, Database
from ragmeter.cli.folder.history import tell_damaged
from ragmeter.cli.folder.reading import Folder
from ragmeter.cli.terminal import say
from ragmeter.report.rows import spreadsheet_cell
from ragmeter.report.text.history import columns
from ragmeter.report.words.format import UNKNOWN
from ragmeter.report.words.markup import clean


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "query",
        help="ask the runs of a folder in SQL",
        description=f"Run one SELECT of DuckDB over the runs below DIR: the tables are {', '.join(VIEWS)}. It reads no "
        "other file and writes none. Needs the extra ragmeter[query].",
    )
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("sql", metavar="SQL", help="such as 'SELECT provider, avg(ttft_p50_ms) FROM runs GROUP BY ALL'")
    parser.add_argument("--format", choices=sorted(_FORMATS), default="table", help="default: %(default)s")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    database = Database()
    database.check(options.sql)
    folder = Folder(options.folder)
    with database.filled(folder, options.sql) as filled:
        answer = filled.answer(options.sql)
    say(*_FORMATS[options.format](answer))
    tell_damaged(folder)
    return 0


def _table(answer: Answer) -> Sequence[str]:
    rows = [tuple(clean(_shown(value)).replace("\n", " ") for value in row) for row in answer.rows]
    return columns([answer.names, *rows])


def _shown(value: Any) -> str:
    """Of floats six significant digits: a person reads it, and a program takes another format."""
    if value is None:
        return UNKNOWN
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _csv(answer: Answer) -> Sequence[str]:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(answer.names)
    writer.writerows([spreadsheet_cell(value) for value in row] for row in answer.rows)
    return stream.getvalue().removesuffix("\n").split("\n")


def _json(answer: Answer) -> Sequence[str]:
    rows = [dict(zip(answer.names, row, strict=True)) for row in answer.rows]
    return [json.dumps(rows, indent=2, default=_plain)]


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


_FORMATS: Final[dict[str, Callable[[Answer], Sequence[str]]]] = {"table": _table, "csv": _csv, "json": _json}
