"""The docset of the embedded service: ragmeter's own documentation, and the index of it that ships with it."""

import json
import shutil
from pathlib import Path

from ragmeter.clients.files import data_dir

NAME = "default"
FOR_CONTRIBUTORS = "decisions/"
"""Folder of pages that answer no question of a user; embedding them would cost every start."""


def pages() -> dict[str, str]:
    """The text of each page by its name, in the order in which they are ingested."""
    root = data_dir("docs")
    names = {path.relative_to(root).as_posix(): path for path in sorted(root.rglob("*.md"))}
    return {
        name: path.read_text(encoding="utf-8") for name, path in names.items() if not name.startswith(FOR_CONTRIBUTORS)
    }


def shipped_index() -> Path:
    """The folder of the docset as the backend's store has it; `python -m tools.write_docset_index` writes it."""
    return data_dir("fixtures") / "docsets" / NAME / "index"


def place_index(store: Path) -> None:
    """Copy the shipped index to where a backend with the data folder ``store`` loads it when it starts.

    Embedding every passage takes 18 s of CPU time, the copy none. What is searched is the same: the backend refuses an
    index that another embedder, chunking or index type made, and embeds each page whose text has changed since. An
    index with a page that is no longer there would still find it, and is not copied.
    """
    if indexed_pages() <= pages().keys():
        shutil.copytree(shipped_index(), store / "docsets" / NAME)


def indexed_pages() -> set[str]:
    """Names of the pages in the shipped index."""
    index = shipped_index()
    generation = (index / "CURRENT").read_text(encoding="utf-8").strip()
    described = json.loads((index / generation / "docset.json").read_text(encoding="utf-8"))
    return {document["name"] for document in described["documents"]}
