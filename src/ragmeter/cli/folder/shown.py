"""What lies in a folder, as its index shows it."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from ragmeter.cli.folder.reading import Folder
from ragmeter.core.compare.comparison import Comparison
from ragmeter.core.compare.imported import ImportedTrials
from ragmeter.report.html.index.records import Compared, Imported, Index
from ragmeter.report.tables.over_time import HistoryRow
from ragmeter.report.words.answer import question
from ragmeter.report.words.comparison import sentence_of
from ragmeter.run import store

Links = Mapping[str, str]


def index_of(
    folder: Folder,
    rows: Sequence[HistoryRow],
    trials: Iterable[tuple[Path, ImportedTrials]],
    compared: Iterable[tuple[Comparison, str | None]],
    links: Callable[[Path], Links],
) -> Index:
    """rows: with paths as `Folder.runs` has them. compared: with the address of the page of each. links: of a run, by
    what they are.
    """
    return Index(
        name=folder.path.resolve().name,
        rows=tuple(replace(row, path=folder.within(Path(row.path))) for row in rows),
        links={folder.within(Path(row.path)): links(Path(row.path)) for row in rows},
        imported=tuple(_imported(folder, path, found) for path, found in trials),
        compared=tuple(sorted((_compared(found, at) for found, at in compared), key=_newest, reverse=True)),
        damaged=tuple((folder.within(path), _told(folder, path, why)) for path, why in sorted(folder.damaged.items())),
    )


def beside(path: Path, page: Path) -> Links:
    """The files of a run that lie in its folder: addresses as seen from another page."""
    stem = path.name.removesuffix(store.suffix).removesuffix(".json")
    kinds = {"page": ".html", "result": ".json", "raw record": store.suffix}
    files = {kind: path.with_name(f"{stem}{ending}") for kind, ending in kinds.items()}
    return {kind: address(file, page) for kind, file in files.items() if file.is_file()}


def page_beside(path: Path, page: Path) -> str | None:
    """The page that was written with a document, if it is there."""
    file = path.with_suffix(".html")
    return address(file, page) if file.is_file() else None


def address(path: Path, page: Path) -> str:
    """Relative, with forward slashes: the folder can be moved as a whole."""
    return quote(Path(os.path.relpath(path.resolve(), page.parent.resolve())).as_posix())


def _newest(at: Compared) -> str:
    return at.started_at


def _imported(folder: Folder, path: Path, found: ImportedTrials) -> Imported:
    return Imported(
        path=folder.within(path),
        tool=found.tool,
        provider=found.provider,
        workload=found.workload,
        trials=len(found.trials),
    )


def _compared(found: Comparison, at: str | None) -> Compared:
    return Compared(
        title=question(found),
        started_at=max(side.started_at for side in found.sides),
        claim=next((sentence_of(claim) for claim in found.claims), None),
        address=at,
    )


def _told(folder: Folder, path: Path, why: str) -> str:
    """Without the folder, which is of this machine, and without the name of the file, which stands beside it."""
    return why.removeprefix(f"{path}: ").replace(f"{folder.path}{os.sep}", "")
