"""``ragmeter site``: all runs of a folder as a static site."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ragmeter.cli.folder.history import tell_damaged
from ragmeter.cli.folder.reading import Folder
from ragmeter.cli.folder.shown import index_of
from ragmeter.cli.terminal import say
from ragmeter.clients.files import write_atomically
from ragmeter.core.compare.comparison import Comparison
from ragmeter.core.errors import ConfigError, StorageError
from ragmeter.core.result.result import RunResult
from ragmeter.report.html.comparison_page import comparison_page
from ragmeter.report.html.index.page import index_page
from ragmeter.report.html.scorecard_page import page_html
from ragmeter.report.tables.over_time import history_rows
from ragmeter.run.plan.linked_probes import linked_probes

INDEX: Final = "index.html"
MARK: Final = ".ragmeter-site"
"""Lies in a folder that this command made: nothing of any other folder is replaced."""
_RUNS, _COMPARISONS = "runs", "comparisons"
_NAME_CHARS: Final = 80


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "site",
        help="make a static site of all runs of a folder",
        description="Write an index of the runs below DIR with trends and filters, and a page for each run and each "
        "comparison. The site loads nothing from elsewhere, has relative links alone, and can be opened from a disk or "
        "published on GitHub or GitLab Pages.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT",
        help="a folder that is not there, is empty, or holds a site of this command, which is replaced",
    )
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    folder, site = Folder(options.folder), _Site(options.output)
    pages: dict[Path, str] = {}
    rows = history_rows((str(path), result) for path, result in _written(folder, site, pages))
    # A comparison names its runs by their ids; the newest page wins where a file was copied.
    of_run = {row.run_id: pages[Path(row.path)] for row in rows}
    compared = [(found, _compared(folder, site, path, found, of_run)) for path, found in folder.comparisons()]
    trials = list(folder.trials())
    index = index_of(folder, rows, trials, compared, lambda path: {"page": pages[path]})
    site.write(INDEX, index_page(index))
    site.finish()
    others = f", {len(compared)} {'comparison' if len(compared) == 1 else 'comparisons'}" if compared else ""
    say(f"{options.output / INDEX}: {len(rows)} {'run' if len(rows) == 1 else 'runs'}{others}")
    tell_damaged(folder)
    return 0


def _written(folder: Folder, site: "_Site", pages: dict[Path, str]) -> Iterator[tuple[Path, RunResult]]:
    """Each run, when its page is written."""
    for path, result in folder.runs():
        pages[path] = site.page(_RUNS, f"{result.started_at[:10]}-{result.run_id}", page_html([result], index=_UP))
        yield path, result


_UP: Final = f"../{INDEX}"


def _compared(folder: Folder, site: "_Site", path: Path, found: Comparison, pages: dict[str, str]) -> str:
    files = {side.label: {"page": f"../{pages[side.run_id]}"} for side in found.sides if side.run_id in pages}
    name = str(path.relative_to(folder.path)).removesuffix(".json").removesuffix(".comparison")
    return site.page(_COMPARISONS, name, comparison_page(found, linked_probes(found), files, index=_UP))


class _Site:
    """The folder of a site: what was written into it, and what is left of the one before."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: set[str] = {MARK}
        try:
            if folder.exists() and any(folder.iterdir()) and not (folder / MARK).is_file():
                raise ConfigError(f"{folder}: is not empty and no site of this command, whose files it would replace")
            links = [each for each in (folder / _RUNS, folder / _COMPARISONS) if each.is_symlink()]
        except OSError as error:
            raise StorageError(f"{folder}: {error.strerror or error}") from error
        if links:
            raise ConfigError(f"{links[0]}: is a link; a site writes nothing outside its folder")
        write_atomically(folder / MARK, "")

    def page(self, kind: str, name: str, text: str) -> str:
        """Write a page under a name of its own. Returns its address from the index."""
        plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_NAME_CHARS] or "page"
        at, number = f"{kind}/{plain}.html", 1
        while at in self._names:
            number += 1
            at = f"{kind}/{plain}-{number}.html"
        self.write(at, text)
        return at

    def write(self, at: str, text: str) -> None:
        self._names.add(at)
        write_atomically(self._folder / at, text)

    def finish(self) -> None:
        """Remove the pages of the site before that are not in this one."""
        for kind in (_RUNS, _COMPARISONS):
            for path in (self._folder / kind).glob("*.html"):
                if f"{kind}/{path.name}" not in self._names:
                    path.unlink()
