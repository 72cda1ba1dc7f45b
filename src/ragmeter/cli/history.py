"""``ragmeter history``: the runs of a folder over time."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from ragmeter.cli.saved import load
from ragmeter.cli.terminal import say
from ragmeter.core.codec import encode
from ragmeter.core.errors import ConfigError, RagmeterError
from ragmeter.core.result.result import RunResult
from ragmeter.report.text.history import history_lines, history_rows
from ragmeter.run import store

HEAD_CHARS = 200


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "history",
        help="list the runs of a folder over time",
        description="The runs below DIR, newest last. A run is read from its result (.json), and from its raw record "
        "when it has no result, as a run that was killed. Files that cannot be read are named on standard error.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    if not options.folder.is_dir():
        raise ConfigError(f"{options.folder}: is not a folder")
    rows = history_rows(list(_saved(options.folder)))
    if options.json:
        say(json.dumps([encode(row) for row in rows], indent=2))
    elif rows:
        say(*history_lines(rows))
    else:
        say(f"{options.folder}: no runs")
    return 0


def _saved(folder: Path) -> Iterator[tuple[str, RunResult]]:
    for path in _files(folder):
        try:
            yield str(path), load(path)
        except RagmeterError as error:
            sys.stderr.write(f"ragmeter: left out: {error}\n")


def _files(folder: Path) -> Iterator[Path]:
    for raw in sorted(folder.rglob(f"*{store.suffix}")):
        if not raw.with_name(f"{raw.name.removesuffix(store.suffix)}.json").is_file():
            yield raw
    yield from (path for path in sorted(folder.rglob("*.json")) if _may_be_result(path))


def _may_be_result(path: Path) -> bool:
    """By the first of its keys. A file that cannot be read may be one, and its reader says why it is left out."""
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            return '"benchmark-output.v1"' in stream.read(HEAD_CHARS)
    except OSError:
        return True
