"""An east-west probe on a terminal."""

from collections.abc import Iterator
from textwrap import wrap
from typing import Final

from ragmeter.core.netprobe.document import Netprobe, Pair
from ragmeter.report.words.markup import clean
from ragmeter.report.words.netprobe_matrix import (
    Cell,
    Matrix,
    extent,
    letters,
    matrices,
    occasion,
    other_words,
    path_words,
)

_CELL: Final = 18
_INDENT: Final = "  "


def netprobe_lines(result: Netprobe, *, width: int, colour: bool) -> list[str]:
    """Matrices, the paths of the reference pair, and what is missing or suspect; no line exceeds ``width``."""
    width = max(width, 40)
    cut = ", interrupted" if result.status == "interrupted" else ""
    lines = [f"east-west @ {result.provider}: {extent(result)}{cut}"]
    if result.load != "none":
        lines += wrap(clean(occasion(result)), width, initial_indent=_INDENT, subsequent_indent=_INDENT)
    for matrix in matrices(result):
        lines += ["", *_square(matrix, width)]
    if result.client_node is not None:
        pair = _reference(result)
        lines += ["", f"{_INDENT}{pair.name}{' (same node)' if pair.same_node else ''}"]
        lines += [f"{_INDENT}  {path:15} {words}" for path, words in path_words(pair)]
    lines += ["", *(f"{_INDENT}{name:17} {words}" for name, words in other_words(result))]
    for word, code, sentences in (("INVALID", "1;35", result.suspect), ("NO DATA", "1;36", result.errors)):
        painted = f"\x1b[{code}m{word}\x1b[0m" if colour else word
        lines += [line.replace(word, painted, 1) for at in sentences for line in _sentence(word, at, width)]
    return [line if "\x1b" in line else line[:width].rstrip() for line in lines]


def _reference(result: Netprobe) -> Pair:
    names = (result.client_node, result.server_node)
    return next(pair for pair in result.pairs if (pair.client_node, pair.server_node) == names)


def _sentence(word: str, said: str, width: int) -> list[str]:
    said = said.removeprefix("NO DATA ")
    return wrap(clean(f"{word}  {said}"), width, initial_indent=_INDENT, subsequent_indent=_INDENT + " " * 9)


def _square(matrix: Matrix, width: int) -> Iterator[str]:
    """One row a node; a list of its cells where a row does not fit."""
    yield f"{_INDENT}{matrix.title}"
    short, names = letters(matrix.nodes), max((len(node) for node in matrix.nodes), default=0)
    if len(_INDENT) + 4 + names + _CELL * len(matrix.nodes) > width:
        yield from _listed(matrix)
        return
    yield " " * (len(_INDENT) + 4 + names) + "".join(f"{short[node]:>{_CELL}}" for node in matrix.nodes)
    for node, cells in matrix.rows():
        yield f"{_INDENT}{short[node]:3} {node:{names}}" + "".join(f"{_words(cell):>{_CELL}}" for cell in cells)
    if any(cell.same_node for cell in matrix.cells.values()):
        yield f"{_INDENT}* same node: no network between nodes is in it"


def _listed(matrix: Matrix) -> Iterator[str]:
    for (row, column), cell in matrix.cells.items():
        yield f"{_INDENT}{_words(cell):<{_CELL}} {row} → {column}"


def _words(cell: Cell) -> str:
    return f"{cell.words}{'*' if cell.same_node else ''}"
