"""The files of the runs of a comparison, as links from where its page lies."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from ragmeter.core.compare.comparison import Comparison

_RAW = ".raw.jsonl"
_BESIDE = {"result": ".json", "page": ".html"}


def linked_files(found: Comparison, page: Path) -> Mapping[str, Mapping[str, str]]:
    """By the label of the side: ``raw record``, ``result`` and ``page`` with addresses, of files that are there."""
    return {side.label: _links(Path(side.raw_samples_path), page.parent) for side in found.sides}


def _links(raw: Path, folder: Path) -> dict[str, str]:
    stem = raw.name.removesuffix(_RAW)
    beside = {name: raw.with_name(f"{stem}{ending}") for name, ending in _BESIDE.items() if raw.name.endswith(_RAW)}
    return {name: _address(path, folder) for name, path in {"raw record": raw, **beside}.items() if path.is_file()}


def _address(path: Path, folder: Path) -> str:
    """Relative, with forward slashes: the folder can be moved as a whole."""
    return quote(Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix())
