"""Splits a text into overlapping chunks, each with the heading that it stands under. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

# Each reads a line once: a pattern that spans lines, or that tries every end of a title, takes hours on hostile text.
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+)$", re.MULTILINE)
_FENCE = re.compile(r"^(```|~~~)(.*)$", re.MULTILINE)
_MAX_TITLE_CHARS = 200
# Where a chunk may end, best first: paragraph, line, sentence, word.
_BREAKS = ("\n\n", "\n", ". ", " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    text: str
    section: str | None


def split(text: str, *, chars: int, overlap: int) -> list[Passage]:
    """Chunks of at most `chars` characters; neighbours share about `overlap`, from the start of a word.

    A chunk that is a third full ends before a heading, and the next one starts there. Its section is the last Markdown
    heading at or before its start; without one, the first inside it.
    """
    headings = find_headings(text)
    offsets = [offset for offset, _ in headings]
    starts = set(offsets)
    passages = []
    start = 0
    while start < len(text):
        end = _end_of_chunk(text, offsets, start, chars)
        chunk = text[start:end].strip()
        if chunk:
            passages.append(Passage(text=chunk, section=_section(headings, start, end)))
        if end >= len(text):
            break
        start = end if end in starts else _start_of_next(text, start, end, overlap)
    return passages


def find_headings(text: str) -> list[tuple[int, str]]:
    """Offset and title of each Markdown heading outside fenced code."""
    fences = _find_fences(text)
    starts = [start for start, _ in fences]
    return [
        (match.start(), _title(match[1]))
        for match in _HEADING.finditer(text)
        if not (before := bisect_right(starts, match.start())) or fences[before - 1][1] <= match.start()
    ]


def _title(line: str) -> str:
    """Without the number signs that may close it, and of a length that every passage below it can carry."""
    return (line.rstrip("#").rstrip(" \t") or line[0])[:_MAX_TITLE_CHARS]


def _find_fences(text: str) -> list[tuple[int, int]]:
    """Start and end of each block of fenced code. A line that opens one which nothing closes is text."""
    lines = [(match.start(), match.end(), match[1], not match[2].strip(" \t")) for match in _FENCE.finditer(text)]
    closing = {mark: [line for line in lines if line[2] == mark and line[3]] for mark in ("```", "~~~")}
    fences: list[tuple[int, int]] = []
    for start, end, mark, _ in lines:
        if fences and start < fences[-1][1]:
            continue
        after = bisect_right(closing[mark], end, key=lambda line: line[0])
        if after < len(closing[mark]):
            fences.append((start, closing[mark][after][1]))
    return fences


def _end_of_chunk(text: str, headings: list[int], start: int, chars: int) -> int:
    limit = start + chars
    before = bisect_right(headings, limit)
    if before and headings[before - 1] >= start + max(1, chars // 3):
        return headings[before - 1]
    if limit >= len(text):
        return len(text)
    earliest = start + chars * 2 // 3
    for mark in _BREAKS:
        found = text.rfind(mark, earliest, limit)
        if found >= 0:
            return found + len(mark)
    return limit


def _start_of_next(text: str, start: int, end: int, overlap: int) -> int:
    wanted = max(end - overlap, start + 1)
    space = text.find(" ", wanted, end)
    return space + 1 if overlap and 0 <= space < end - 1 else wanted


def _section(headings: list[tuple[int, str]], start: int, end: int) -> str | None:
    after = bisect_right(headings, start, key=lambda heading: heading[0])
    if after:
        return headings[after - 1][1]
    if headings and headings[0][0] < end:
        return headings[0][1]
    return None
