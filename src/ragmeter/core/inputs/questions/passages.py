"""A passage of a docset, as the backend cuts it, and the blocks of its text that questions are made of."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ragmeter.core.inputs.questions.words import plain, title

_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[ \t]*(.*)$")
_HEADING = re.compile(r"^[ \t]*#{1,6}[ \t]+(.+?)[ \t]*#*$")
_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d+[.)])[ \t]+(.*)$")
_RULE = re.compile(r"^\s*\|?[\s:|-]*-{3,}[\s:|-]*\|?\s*$")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_SENTENCE_END = re.compile(r"[.!?][\"')\]]*(\s+)(?=[\"'(\[]?[A-Z0-9`])")
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|no|fig|dr|mr|mrs|st)|\b[A-Z])\.$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """id: as the backend names it, which is the label of a question. section: the heading that it stands under."""

    id: str
    document: str
    section: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a table. header: names of its columns; empty where the table begins in an earlier passage."""

    header: tuple[str, ...]
    cells: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Blocks:
    """What a passage consists of, without markup and without code. sentences: whole ones, of prose and of items.
    header: of its last table, else as it was given.
    """

    headings: list[str] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    header: tuple[str, ...] = ()


def blocks_of(passage: Passage, *, whole: bool, header: tuple[str, ...] = ()) -> Blocks:
    """whole: the text begins where a block begins. Otherwise its first sentence or row may be the end of one.

    header: of the last table before it in its document, which may go on in it.
    """
    found = Blocks(header=header)
    paragraphs = [list(lines) for lines in _paragraphs(_without_code(_COMMENT.sub("", passage.text)))]
    for number, lines in enumerate(paragraphs):
        _read(lines, found, cut=not whole and number == 0, goes_on=not whole and number <= 1)
    return found


def _read(lines: Sequence[str], found: Blocks, *, cut: bool, goes_on: bool) -> None:
    """cut: they may be the end of a block. goes_on: a table may have its header in an earlier passage: before it stands
    the end of a row at most.
    """
    if heading := _HEADING.match(lines[0]):
        found.headings.append(title(heading[1]))
    elif lines[0].lstrip().startswith("|"):
        _read_table(lines[1:] if cut else lines, found, goes_on=goes_on)
    else:
        item = _ITEM.match(lines[0])
        text = " ".join(line.strip() for line in (item[1], *lines[1:])) if item else " ".join(map(str.strip, lines))
        sentences = [plain(sentence) for sentence in split_sentences(text)]
        if item and not cut and sentences:
            found.items.append(sentences[0])
        found.sentences += [each for each in sentences[cut:] if each.endswith((".", "!", "?"))]


def split_sentences(text: str) -> list[str]:
    """The sentences of one paragraph; a dot after an abbreviation or an initial ends none."""
    sentences: list[str] = []
    start = 0
    for end in _SENTENCE_END.finditer(text):
        if not _ABBREVIATION.search(text, start, end.start(1)):
            sentences.append(text[start : end.start(1)].strip())
            start = end.end(1)
    return [sentence for sentence in (*sentences, text[start:].strip()) if sentence]


def _paragraphs(lines: Sequence[str]) -> Iterator[list[str]]:
    """Headings, items, tables and prose, a list of lines each."""
    current: list[str] = []
    for line in lines:
        begins = bool(_HEADING.match(line) or _ITEM.match(line))
        changes = bool(current) and line.lstrip().startswith("|") != current[0].lstrip().startswith("|")
        if current and (not line.strip() or begins or changes or _HEADING.match(current[0])):
            yield current
            current = []
        if line.strip():
            current.append(line)
    if current:
        yield current


def _without_code(text: str) -> list[str]:
    """The lines outside fenced code. A passage may begin or end within it: the first fence then closes it, which has
    no language, or the last one opens it.
    """
    lines = text.split("\n")
    fences = [number for number, line in enumerate(lines) if _FENCE.match(line)]
    inside = len(fences) % 2 == 1 and not _language(lines[fences[0]])
    kept: list[str] = []
    for line in lines:
        if _FENCE.match(line):
            inside = not inside
            kept.append("")
        elif not inside:
            kept.append(line)
    return kept


def _language(line: str) -> str:
    fence = _FENCE.match(line)
    return fence[1].strip() if fence else ""


def _read_table(lines: Sequence[str], found: Blocks, *, goes_on: bool) -> None:
    """goes_on: it began in an earlier passage, and has the columns that it had there."""
    rules = [number for number, line in enumerate(lines) if _RULE.match(line)]
    if rules and rules[0] > 0:
        found.header = _cells(lines[rules[0] - 1])
    elif not goes_on:
        found.header = ()
    rows = [_cells(line) for line in (lines[rules[0] + 1 :] if rules else lines)]
    found.rows += [
        Row(header=found.header if len(found.header) == len(cells) else (), cells=cells)
        for cells in rows
        if len(cells) > 1
    ]


def _cells(line: str) -> tuple[str, ...]:
    inner = line.strip().removeprefix("|").removesuffix("|").replace("\\|", "\0")
    return tuple(plain(cell).replace("\0", "|") for cell in inner.split("|"))
