"""Splits a text into overlapping chunks, each with the heading that it stands under. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*#*$", re.MULTILINE)
_FENCE = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)
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
    passages = []
    start = 0
    while start < len(text):
        end = _end_of_chunk(text, offsets, start, chars)
        chunk = text[start:end].strip()
        if chunk:
            passages.append(Passage(text=chunk, section=_section(headings, start, end)))
        if end >= len(text):
            break
        start = end if end in offsets else _start_of_next(text, start, end, overlap)
    return passages


def find_headings(text: str) -> list[tuple[int, str]]:
    """Offset and title of each Markdown heading outside fenced code."""
    fences = [match.span() for match in _FENCE.finditer(text)]
    return [
        (match.start(), match[1])
        for match in _HEADING.finditer(text)
        if not any(low <= match.start() < high for low, high in fences)
    ]


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
