"""Text that fits a terminal: words wrap, cells stand in columns that never touch, outcomes have their colour."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Final

from ragmeter.core.verdicts.records import Outcome
from ragmeter.report.words.markup import clean

_COLOURS: Final = {
    Outcome.PASS: "1;32",
    Outcome.FAIL: "1;31",
    Outcome.INCONCLUSIVE: "1;33",
    Outcome.NO_DATA: "1;36",
    Outcome.INVALID: "1;35",
    Outcome.NOT_JUDGED: "1;90",
}
INDENT: Final = "  "
NAMES_WIDTH: Final = 11
CELL_WIDTH: Final = 31
_NO_BREAK: Final = "\N{NO-BREAK SPACE}"
_UNIT: Final = re.compile(r"(?<=\d) (?=(?:%|ms|s|min|h|MB|GB|USD|tokens/s|requests/s|req/s)(?![\w/]))")
"""The space between a number and its unit, where no line ends."""


def verdict_lines(verdicts: Iterable[tuple[Outcome, str]], *, width: int, colour: bool) -> list[str]:
    """Each outcome in its colour with its sentence."""
    page = Page(width=max(width, 40), colour=colour)
    return [line for outcome, words in verdicts for line in page.outcome(outcome, words)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Text that fits: words wrap, and colour is added when the width is settled."""

    width: int
    colour: bool

    def paint(self, words: str, code: str) -> str:
        return f"\x1b[{code}m{words}\x1b[0m" if self.colour else words

    def paragraph(self, words: str, *, first: str = INDENT) -> list[str]:
        joined = _UNIT.sub(_NO_BREAK, clean(words))
        lines = wrap(joined, self.width, initial_indent=first, subsequent_indent=" " * len(first))
        return [line.replace(_NO_BREAK, " ") for line in lines]

    def entry(self, name: str, words: str) -> list[str]:
        """A name with text that hangs beside it."""
        return self.paragraph(words, first=f"{INDENT}{name.ljust(NAMES_WIDTH)}")

    def outcome(self, outcome: Outcome, words: str, *, indent: str = "") -> list[str]:
        """The outcome's word in its colour, then the text, hanging below itself."""
        word = outcome.value.replace("_", " ")
        lines = self.paragraph(words, first=f"{indent}{word}  ") or [f"{indent}{word}"]
        return [lines[0].replace(word, self.paint(word, _COLOURS[outcome]), 1), *lines[1:]]

    def cells(self, name: str, cells: Sequence[str]) -> Iterator[str]:
        """A name and as many aligned cells a line as fit; a long cell widens all columns, so that none touch."""
        wide = max(CELL_WIDTH, *(len(cell) + 2 for cell in cells)) if cells else CELL_WIDTH
        columns = max((self.width - NAMES_WIDTH - len(INDENT) + 2) // wide, 1)
        for start in range(0, len(cells), columns):
            title = name if start == 0 else ""
            row = "".join(cell.ljust(wide) for cell in cells[start : start + columns])
            yield f"{INDENT}{title.ljust(NAMES_WIDTH)}{row}".rstrip()[: self.width]

    def columns(self, cells: Sequence[tuple[str, str]]) -> Iterator[str]:
        """Names with their words, in as many columns as fit: each as wide as its widest, with two spaces between."""
        for across in (3, 2, 1):
            lines = [cells[start : start + across] for start in range(0, len(cells), across)]
            named = [max(len(line[at][0]) for line in lines if at < len(line)) for at in range(min(across, len(cells)))]
            said = [max(len(line[at][1]) for line in lines if at < len(line)) for at in range(len(named))]
            if across == 1 or sum(named) + sum(said) + 4 * across <= self.width:
                for line in lines:
                    parts = (
                        f"{name.ljust(named[at])}  {words.ljust(said[at])}" for at, (name, words) in enumerate(line)
                    )
                    yield f"{INDENT}{'  '.join(parts)}".rstrip()
                return
