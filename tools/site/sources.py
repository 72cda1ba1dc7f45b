"""The sources of the site: docs/ as it is, and the pages that lie beside the code, with their links turned."""

import posixpath
import re
import shutil
from pathlib import Path

from tools.site.navigation import toctrees

ROOT = Path(__file__).resolve().parents[2]
BESIDE_THE_CODE = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "project/architecture.md",
    "CHANGELOG.md": "project/changes.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
}
"""File of the checkout -> page of the site."""

DECISIONS = "\n```{toctree}\n:hidden:\n:glob:\n\n[0-9]*\n```\n"
_LINK = re.compile(r"(!?)\[([^\[\]]*)\]\(([^()\s]+)\)")


def gather(folder: Path) -> None:
    """Write the sources into ``folder``, which must not exist yet."""
    shutil.copytree(ROOT / "docs", folder)
    for name, page in BESIDE_THE_CODE.items():
        path = folder / page
        path.parent.mkdir(exist_ok=True)
        path.write_text(as_page((ROOT / name).read_text(encoding="utf-8"), page), encoding="utf-8")
    _append(folder / "index.md", toctrees())
    _append(folder / "decisions" / "README.md", DECISIONS)


def as_page(text: str, page: str) -> str:
    """The text of a file in the checkout's root as the page of that name: its links lead to pages of the site, and what
    the site does not have, such as LICENSE, is named without a link.
    """

    def turned(match: re.Match[str]) -> str:
        mark, label, target = match.groups()
        path, hash_, anchor = target.partition("#")
        if "://" in target or not path:
            return match[0]
        found = BESIDE_THE_CODE.get(path) or (path.removeprefix("docs/") if path.startswith("docs/") else None)
        if found is None:
            return label
        return f"{mark}[{label}]({posixpath.relpath(found, posixpath.dirname(page) or '.')}{hash_}{anchor})"

    return _LINK.sub(turned, text)


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)
