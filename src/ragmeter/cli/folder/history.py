"""``ragmeter history``: the runs of a folder over time."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ragmeter.cli.folder.reading import Folder
from ragmeter.cli.folder.shown import beside, index_of, page_beside
from ragmeter.cli.terminal import say
from ragmeter.clients.files import write_atomically
from ragmeter.core.codec import encode
from ragmeter.core.compare.imported import ImportedTrials
from ragmeter.report.html.index.page import index_page
from ragmeter.report.tables.over_time import HistoryRow, history_rows
from ragmeter.report.text.history import history_lines


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "history",
        help="list the runs of a folder over time",
        description="The runs below DIR, newest last. A run is read from its result (.json), and from its raw record "
        "when it has no result, as a run that was killed. Files that cannot be read are named on standard error.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write one page with trends, links and filters")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    folder = Folder(options.folder)
    rows = history_rows((str(path), result) for path, result in folder.runs())
    trials = list(folder.trials())
    if options.html:
        _write_page(options.html, folder, rows, trials)
    if options.json:
        say(json.dumps([encode(row) for row in rows], indent=2))
    elif rows:
        say(*history_lines(rows))
    else:
        say(f"{options.folder}: no runs")
    if trials and not options.json:
        names = ", ".join(str(path) for path, _ in trials)
        say(f"{len(trials)} imported from other tools, for `ragmeter compare`: {names}")
    tell_damaged(folder)
    return 0


def _write_page(
    page: Path, folder: Folder, rows: Sequence[HistoryRow], trials: Sequence[tuple[Path, ImportedTrials]]
) -> None:
    compared = [(found, page_beside(path, page)) for path, found in folder.comparisons()]
    write_atomically(page, index_page(index_of(folder, rows, trials, compared, lambda path: beside(path, page))))


def tell_damaged(folder: Folder) -> None:
    for sentence in folder.damaged.values():
        sys.stderr.write(f"ragmeter: left out: {sentence}\n")
