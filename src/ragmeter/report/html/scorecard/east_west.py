"""An east-west probe on the page: squares of nodes, coloured by value, and what else was found."""

from collections.abc import Sequence

from ragmeter.core.netprobe.document import Latency, Netprobe, Pair
from ragmeter.report.html.layout import callout, code, folded, pairs, section, table
from ragmeter.report.html.scale import Scale, spanning
from ragmeter.report.words.format import UNKNOWN, count, moment, number
from ragmeter.report.words.markup import Html, element
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

STEPS = 5
"""Colours of a heat map; the number stands in every cell, so none of them has to be told from another."""


def east_west(result: Netprobe, ident: str) -> Html:
    """The article of one probe."""
    when = ", ".join(filter(None, (moment(result.timestamp), occasion(result))))
    lead = f"{when}: {extent(result)}. Pairs were measured one after the other."
    return element(
        "article",
        element("h2", f"East-west @ {result.provider}"),
        element("p", lead, class_="lead"),
        callout("Suspect measurement", result.suspect, kind="invalid"),
        callout("Not measured", result.errors, kind="warning"),
        *(_heat_map(matrix) for matrix in matrices(result)),
        _rest(result),
        _every_pair(result),
        id=ident,
        class_="run",
    )


def _heat_map(matrix: Matrix) -> Html | None:
    """A row a node. None without figures."""
    values = [cell.value for cell in matrix.cells.values() if cell.value is not None]
    if not values:
        return None
    short, scale = letters(matrix.nodes), spanning(values)
    head = ("Node", *(short[node] for node in matrix.nodes))
    rows = [
        (f"{short[node]}  {node}", *(_heat_cell(cell, scale, matrix.lower_is_better) for cell in cells))
        for node, cells in matrix.rows()
    ]
    same = any(cell.same_node for cell in matrix.cells.values())
    note = "Same node: no network between nodes is in it. " if same else ""
    return section(
        matrix.title,
        table(matrix.title, head, rows, kind="heat", hide_caption=True),
        lead=f"{note}The stronger the colour, the slower.",
    )


def _heat_cell(cell: Cell, scale: Scale, lower_is_better: bool) -> Html:
    note = "same node" if cell.same_node else cell.note
    small = None if note is None else element("small", note)
    if cell.value is None:
        return element("span", cell.words, small, class_="cell none")
    share = scale.share(cell.value)
    slow = share if lower_is_better else 1 - share
    return element("span", cell.words, small, class_=f"cell heat{min(int(slow * STEPS), STEPS - 1)}")


def _rest(result: Netprobe) -> Html:
    names = (result.client_node, result.server_node)
    reference = [pair for pair in result.pairs if (pair.client_node, pair.server_node) == names]
    paths = [(path, words) for pair in reference for path, words in path_words(pair)]
    title = f"Paths of {reference[0].name}" if reference else "Paths"
    return section(title, pairs([*paths, *other_words(result)]))


def _every_pair(result: Netprobe) -> Html:
    head = ("Pair", "Path", "Min", "Mean", "p50", "p90", "p99", "Max", "n", "Clock")
    tests = ("Pair", "Direction", "Streams", "Mbit/s", "Sent again")
    return folded(
        "All figures of the probe",
        table("Round trips in ms", head, _latency_rows(result.pairs), numbers_from=2),
        table("TCP", tests, _tcp_rows(result.pairs), numbers_from=2),
    )


def _latency_rows(found: Sequence[Pair]) -> list[tuple[str, ...]]:
    return [
        (
            pair.name,
            code(path),
            *(UNKNOWN if value is None else number(value) for value in _statistics(at)),
            count(at.samples),
            at.clock,
        )
        for pair in found
        for path, at in (*pair.paths.items(), ("connect", pair.connect), ("dns", pair.dns))
        if at is not None
    ]


def _statistics(at: Latency) -> tuple[float | None, ...]:
    return at.min_ms, at.avg_ms, at.p50_ms, at.p90_ms, at.p99_ms, at.max_ms


def _tcp_rows(found: Sequence[Pair]) -> list[tuple[str, ...]]:
    return [
        (
            pair.name,
            test.direction.replace("_", " "),
            str(test.streams),
            number(test.mbps),
            count(test.retransmits),
        )
        for pair in found
        for test in pair.tcp
    ]
