"""The documentation as a test sees it: pages, their fenced blocks, tables, headings and links."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
TEXTS = sorted([*PAGES, *ROOT.glob("*.md"), *ROOT.glob("*/README.md")])
"""Everything with examples and links: the pages, and the files beside the code."""

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block; ``line``: where it begins."""

    path: Path
    line: int
    language: str
    text: str

    @property
    def id(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}"


def blocks(language: str) -> list[Block]:
    """Every block of that language."""
    return [block for path in TEXTS for block in blocks_of(path) if block.language == language]


def blocks_of(path: Path) -> Iterator[Block]:
    """Every block of a page, in its order; one in a list is moved to the left."""
    text = path.read_text(encoding="utf-8")
    for match in _FENCE.finditer(text):
        yield Block(path, text.count("\n", 0, match.start()) + 1, match[2], textwrap.dedent(match[3]))


def prose(path: Path) -> str:
    """The page without its fenced blocks."""
    return _FENCE.sub("", path.read_text(encoding="utf-8"))


def commands() -> list[tuple[str, str]]:
    """(where, command) of every line that a reader is told to type; a line that ends with a backslash goes on."""
    return [
        (block.id, line.removeprefix("$ "))
        for block in blocks("console")
        for line in block.text.replace("\\\n", " ").splitlines()
        if line.startswith("$ ")
    ]


def rows(path: Path) -> list[list[str]]:
    """The cells of every table row of a page, without backticks around a whole cell."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return [_cells(line) for line in lines]


def tables(path: Path) -> list[list[list[str]]]:
    """The tables of a page, each with its heads as the first row and without the line below them."""
    found = re.findall(r"(?:^\|.*\n?)+", prose(path), re.MULTILINE)
    return [[_cells(line) for line in text.splitlines() if not line.startswith("|-")] for text in found]


def _cells(line: str) -> list[str]:
    return [_cell(cell) for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def _cell(text: str) -> str:
    text = text.strip().replace("\\|", "|")
    return text[1:-1] if re.fullmatch(r"`[^`]+`", text) else text


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and GitLab make them."""
    titles = re.findall(r"^#{1,6} (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(path: Path) -> list[str]:
    """The targets of Markdown links and images."""
    return re.findall(r"\]\(([^)\s]+)\)", prose(path))
