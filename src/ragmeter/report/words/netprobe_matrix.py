"""An east-west probe as squares of nodes by nodes: what the terminal and the page both show."""

from collections.abc import Callable, Iterator, Sized
from dataclasses import dataclass
from string import ascii_uppercase

from ragmeter.core.netprobe.document import Netprobe, Pair, Throughput
from ragmeter.report.words.format import UNKNOWN, count, number, span


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """value: what is compared; None where nothing was measured. words: what is written. note: what stands beside it."""

    value: float | None
    words: str
    note: str | None = None
    same_node: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """cells: by (row, column), each a node. lower_is_better: which end of the values is the good one."""

    title: str
    nodes: tuple[str, ...]
    cells: dict[tuple[str, str], Cell]
    lower_is_better: bool

    def rows(self) -> Iterator[tuple[str, list[Cell]]]:
        for row in self.nodes:
            yield row, [self.cells.get((row, column), _NOTHING) for column in self.nodes]


_NOTHING = Cell(value=None, words=UNKNOWN)


def matrices(result: Netprobe) -> tuple[Matrix, ...]:
    """Round trips, and the bandwidth of one stream; of every node with every node. One without a figure is left out."""
    found = (
        _matrix(result, "Round trip between pods in ms: p50 / p99", _round_trips, lower_is_better=True),
        _matrix(result, "TCP payload in Gbit/s, one stream, from row to column", _bandwidth, lower_is_better=False),
    )
    return tuple(matrix for matrix in found if any(cell.value is not None for cell in matrix.cells.values()))


def extent(result: Netprobe) -> str:
    """``3 nodes, 4 pairs in 76.5 s``"""
    counted = (f"{count(len(of))} {name}{'' if len(of) == 1 else 's'}" for of, name in _counted(result))
    return f"{', '.join(counted)} in {span(result.duration_seconds)}"


def _counted(result: Netprobe) -> tuple[tuple[Sized, str], ...]:
    return (result.nodes, "node"), (result.pairs, "pair")


def occasion(result: Netprobe) -> str:
    """When it was made: ``beside the load of A``; empty without a load."""
    words = {"before": "before the load of ", "after": "after the load of ", "during": "beside the load of "}
    return "" if result.load == "none" else words[result.load] + ", ".join(result.runs)


Cells = Iterator[tuple[tuple[str, str], Cell]]


def _matrix(result: Netprobe, title: str, cells: Callable[[Pair], Cells], *, lower_is_better: bool) -> Matrix:
    found = {place: cell for pair in result.pairs for place, cell in cells(pair)}
    return Matrix(title=title, nodes=result.nodes, cells=found, lower_is_better=lower_is_better)


def _round_trips(pair: Pair) -> Cells:
    """A round trip goes both ways, so it stands in both places."""
    at = pair.latency
    cell = (
        _missing(pair)
        if at is None
        else Cell(
            value=at.p50_ms,
            words=f"{number(at.p50_ms)} / {UNKNOWN if at.p99_ms is None else number(at.p99_ms)}",
            same_node=pair.same_node,
        )
    )
    yield (pair.client_node, pair.server_node), cell
    yield (pair.server_node, pair.client_node), cell


def _bandwidth(pair: Pair) -> Cells:
    yield (pair.client_node, pair.server_node), _speed(pair, one_stream(pair, "client_to_server"))
    if not pair.same_node:
        yield (pair.server_node, pair.client_node), _speed(pair, one_stream(pair, "server_to_client"))


def one_stream(pair: Pair, direction: str) -> Throughput | None:
    """The test with one stream in this direction."""
    return next((test for test in pair.tcp if (test.direction, test.streams) == (direction, 1)), None)


def _speed(pair: Pair, test: Throughput | None) -> Cell:
    if test is None:
        return _missing(pair)
    again = None if test.retransmits is None else f"{test.retransmits} sent again"
    return Cell(value=test.gbps, words=number(test.gbps), note=again, same_node=pair.same_node)


def _missing(pair: Pair) -> Cell:
    return Cell(value=None, words=UNKNOWN, note=next(iter(pair.errors.values()), None), same_node=pair.same_node)


def letters(nodes: tuple[str, ...]) -> dict[str, str]:
    """A short name for each node: A … Z, AA …."""
    names = [*ascii_uppercase, *(first + second for first in ascii_uppercase for second in ascii_uppercase)]
    return dict(zip(nodes, names, strict=False))


def path_words(pair: Pair) -> list[tuple[str, str]]:
    """Each path of a pair with its p50 and p99, and what the Service adds."""
    direct = pair.paths.get("pod_to_pod")
    found: list[tuple[str, str]] = []
    for path, at in pair.paths.items():
        words = f"p50 {number(at.p50_ms)} ms, p99 {UNKNOWN if at.p99_ms is None else number(at.p99_ms) + ' ms'}"
        if path == "pod_to_service" and direct is not None:
            added_ms = at.p50_ms - direct.p50_ms
            words += f"; the Service adds {number(added_ms)} ms" if added_ms > 0 else "; the Service adds nothing"
        found.append((path, words))
    return found


def other_words(result: Netprobe) -> Iterator[tuple[str, str]]:
    """What else the pairs say, as the range over all of them."""
    udp = [pair.udp_jitter for pair in result.pairs if pair.udp_jitter]
    if udp:
        yield (
            "UDP",
            (
                f"{number(udp[0].target_mbps)} Mbit/s: jitter {_range([at.jitter_ms for at in udp])} ms, "
                f"loss {_range([at.loss_percent for at in udp])} %"
            ),
        )
    connect = [pair.connect.p50_ms for pair in result.pairs if pair.connect]
    if connect:
        yield "TCP connect", f"p50 {_range(connect)} ms"
    lookups = [pair.dns.p50_ms for pair in result.pairs if pair.dns]
    if lookups:
        yield "DNS lookup", f"p50 {_range(lookups)} ms"
    sizes = sorted({(pair.mtu_bytes, pair.segment_bytes) for pair in result.pairs if pair.mtu_bytes})
    if sizes:
        yield "MTU, MSS", "; ".join(f"{mtu} bytes, {segment} bytes" for mtu, segment in sizes)


def _range(values: list[float]) -> str:
    low, high = number(min(values)), number(max(values))
    return low if low == high else f"{low} to {high}"
