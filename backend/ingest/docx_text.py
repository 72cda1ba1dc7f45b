"""The visible text of a DOCX, once: also of content controls, tracked insertions, nested tables, text boxes and notes.

python-docx opens the package; it walks neither of these, and looks a style up anew for each paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_UNSEEN = {
    f"{_MC}Fallback",  # what stands in `Choice`, again
    *(f"{_W}{name}" for name in ("del", "moveFrom", "pPr", "rPr", "tblPr", "tblGrid", "trPr", "tcPr", "sectPr")),
}
_AS_TEXT = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_ASIDE = ("header", "footer", "footnotes", "endnotes")
_HEADING = re.compile(r"heading ([1-6])", re.IGNORECASE)


def docx_text(document: Any) -> str:
    """Blocks apart by an empty line. document: of python-docx. Headers, footers and notes follow the body."""
    levels = _levels(document)
    found = list(_blocks(document.element.body, levels))
    seen = set(found)
    for relation in document.part.rels.values():
        if not relation.is_external and relation.reltype.rpartition("/")[2] in _ASIDE:
            for block in _blocks(_root(relation.target_part), levels):
                if block not in seen:  # a header stands on every page, and in every section
                    seen.add(block)
                    found.append(block)
    return "\n\n".join(block for block in found if block.strip())


def _root(part: Any) -> Any:
    from docx.oxml import parse_xml

    return part.element if hasattr(part, "element") else parse_xml(part.blob)


def _levels(document: Any) -> dict[str, int]:
    """The level of each heading style, by its id."""
    found = {}
    for style in document.styles.element.iter(f"{_W}style"):
        name = style.find(f"{_W}name")
        level = _HEADING.fullmatch(name.get(f"{_W}val") or "") if name is not None else None
        if level:
            found[style.get(f"{_W}styleId")] = int(level[1])
    return found


def _blocks(parent: Any, levels: dict[str, int]) -> Iterator[str]:
    for child in parent:
        if child.tag in _UNSEEN or not isinstance(child.tag, str):
            continue
        if child.tag == f"{_W}p":
            yield _paragraph(child, levels)
        elif child.tag == f"{_W}tbl":
            yield "\n".join(_row(row, levels) for row in _within(child, f"{_W}tr"))
        else:  # a content control, a tracked insertion, a note
            yield from _blocks(child, levels)


def _paragraph(paragraph: Any, levels: dict[str, int]) -> str:
    text = "".join(_pieces(paragraph))
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    level = levels.get(style.get(f"{_W}val")) if style is not None else None
    return f"{'#' * level} {text}" if level else text


def _row(row: Any, levels: dict[str, int]) -> str:
    cells = (" ".join(" ".join(_blocks(cell, levels)).split()) for cell in _within(row, f"{_W}tc"))
    return " | ".join(cells)


def _within(parent: Any, tag: str) -> Iterator[Any]:
    """Rows of a table or cells of a row, also those in content controls, and none of a nested table."""
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag not in _UNSEEN and isinstance(child.tag, str):
            yield from _within(child, tag)


def _pieces(node: Any) -> Iterator[str]:
    for child in node:
        if child.tag in _UNSEEN or not isinstance(child.tag, str):
            continue
        if child.tag == f"{_W}t":
            yield child.text or ""
        elif child.tag in _AS_TEXT:
            yield _AS_TEXT[child.tag]
        else:
            if child.tag == f"{_W}p":  # in a text box
                yield "\n"
            yield from _pieces(child)
