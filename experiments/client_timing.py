"""How far the times that a client reports are from the truth, for our clocks and for other clients, in one run.

    python -m experiments.client_timing [--streams 1 50 200 500 1000] [--repeats 3] [--tools DIR] [--write docs]

One server stamps each token just before it writes it (truth_server.c). Server and client have a core each, with
real-time priority where this user may have it. A cell is repeated, and the median of each figure over the repeats is
shown; a repeat in which the server was the bottleneck (p99 of its lateness over 5 ms) is thrown away.

TTFT error: |client's TTFT - (first write - arrival of the request in the server's kernel)|. ITL error: |gap seen - gap
written|. CPU: of the client's process while it streams, per token event. Floor: a C program that waits, reads and
stamps (syscall_floor.c), measured before and after the clients of a row of cells. With --tools whole load tools run,
too, in virtual environments of their own, made in DIR. With --write DIR a page with tables and a plot is written there.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from experiments.highest_rate import FLOOR, Probe, highest_rates
from experiments.million_events import Million, a_million
from experiments.peer_tools import TOOLS, Reported
from experiments.several_processes import cpu_by_processes
from experiments.stream_truth import (
    HERE,
    Script,
    Truth,
    built,
    lateness_us,
    median,
    percentile,
    pinned,
    truth_server,
)
from experiments.timed_clients import CLIENTS
from experiments.timing_page import HEAD, Figures, machine, row, tool_row, write_page

SCRIPT = Script()
SERVER_LATE_US = 5000.0
EVENTS = 25_000
"""How many token events a repeat has at least, where the streams allow it in few rounds."""
CELL_TIMEOUT_S = 90.0
TOOL_STREAMS = (50, 200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Figures of one client at one number of streams. Errors in µs; exact: share of the events said to be so.

    cpu_us, decode_us: CPU time per event while it streams, and for reading the answers afterwards where that is apart.
    """

    client: str
    streams: int
    stall: bool
    ttft_p50_us: float
    ttft_p99_us: float
    itl_p50_us: float
    itl_p99_us: float
    exact: float | None
    cpu_us: float
    decode_us: float
    rss_mb: float


def rounds_for(streams: int) -> int:
    return max(1, min(4, EVENTS // (streams * SCRIPT.tokens)))


def repeated(client: str, streams: int, repeats: int, *, stall: bool) -> list[Cell]:
    """So many repeats; each that does not count is tried once more."""
    tries = (once(client, streams, stall=stall) or once(client, streams, stall=stall) for _ in range(repeats))
    return [cell for cell in tries if cell is not None]


def once(client: str, streams: int, *, stall: bool) -> Cell | None:
    """One repeat; None when the server was too late for it to count, or the client did not end."""
    command = [sys.executable, str(HERE / "timed_clients.py"), client]
    with truth_server(SCRIPT, prefix=pinned(-1)) as server:
        try:
            ran = subprocess.run(
                [*pinned(0), *command, server.base_url, str(streams), str(rounds_for(streams)), *["--stall"] * stall],
                check=True,
                capture_output=True,
                timeout=CELL_TIMEOUT_S,
            )
        except subprocess.TimeoutExpired:
            return None
    if percentile(lateness_us(server.truths, SCRIPT), 99) > SERVER_LATE_US:
        return None
    return cell_of(client, streams, json.loads(ran.stdout), server.truths, stall=stall)


def cell_of(client: str, streams: int, measured: Any, truths: dict[str, Truth], *, stall: bool) -> Cell:
    ttft: list[float] = []
    itl: list[float] = []
    for seen in measured["seen"]:
        truth, events = truths[seen["request_id"]], seen["events_ns"]
        ttft.append(abs(events[0] - seen["sent_ns"] - (truth.written_ns[0] - truth.arrived_ns)) / 1e3)
        lags = [(at - written) / 1e3 for at, written in zip(events, truth.written_ns, strict=True)]
        itl += [abs(later - earlier) for earlier, later in pairwise(lags)]
    events = len(measured["seen"]) * SCRIPT.tokens
    inexact = [seen["inexact"] for seen in measured["seen"]]
    return Cell(
        client=client,
        streams=streams,
        stall=stall,
        ttft_p50_us=percentile(ttft, 50),
        ttft_p99_us=percentile(ttft, 99),
        itl_p50_us=percentile(itl, 50),
        itl_p99_us=percentile(itl, 99),
        exact=None if None in inexact else 1 - sum(map(len, inexact)) / events,
        cpu_us=measured["cpu_s"] / events * 1e6,
        decode_us=measured["decode_s"] / events * 1e6,
        rss_mb=measured["rss_mb"],
    )


def median_of(cells: list[Cell]) -> Cell:
    def middle(name: str) -> float:
        return median([getattr(cell, name) for cell in cells])

    figures = ("ttft_p50_us", "ttft_p99_us", "itl_p50_us", "itl_p99_us", "cpu_us", "decode_us", "rss_mb")
    first = cells[0]
    exact = None if first.exact is None else middle("exact")
    head = {"client": first.client, "streams": first.streams, "stall": first.stall, "exact": exact}
    return Cell(**head, **{name: middle(name) for name in figures})  # type: ignore[arg-type]


def floor_us(streams: int) -> float:
    """CPU time per read of a client that makes one system call for each token."""
    with truth_server(SCRIPT, prefix=pinned(-1)) as server:
        numbers = (server.port, streams, rounds_for(streams), 0)
        command = [*pinned(0), str(built("syscall_floor")), *map(str, numbers)]
        cpu_ns, reads, _ = map(int, subprocess.run(command, check=True, capture_output=True, timeout=60).stdout.split())
    return cpu_ns / reads / 1e3


def measure(
    clients: list[str], streams: list[int], stalled: list[int], repeats: int
) -> tuple[list[Cell], dict[int, float]]:
    """All cells, and the floor by the number of streams."""
    cells: list[Cell] = []
    floors: dict[int, list[float]] = {count: [] for count in streams}
    say(f"{machine()}\n\n{HEAD}")
    for count, stall in [*((count, False) for count in streams), *((count, True) for count in stalled)]:
        floors.setdefault(count, []).append(floor_us(count))
        for client in clients:
            if found := repeated(client, count, repeats, stall=stall):
                cells.append(median_of(found))
                say(row(cells[-1], {count: median(floors[count])}) + " stalled" * stall)
            else:
                say(f"| {client} | {count} | the server or the client could not keep up |")
        floors[count].append(floor_us(count))
        say(f"| {FLOOR} | {count} | {' '.join(f'{us:.1f}' for us in floors[count])} |")
    return cells, {count: median(each) for count, each in floors.items()}


def tools(folder: Path) -> dict[tuple[str, int], Reported | str]:
    """What each tool reported at each number of streams, or why it did not."""
    found: dict[tuple[str, int], Reported | str] = {}
    for tool in TOOLS:
        for streams in TOOL_STREAMS:
            found[tool.name, streams] = tool.run(folder, SCRIPT, streams, prefix=pinned(-1))
            say(tool_row(tool.name, streams, found[tool.name, streams]))
    return found


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 50, 200, 500, 1000], help="streams at once")
    parser.add_argument("--stalled", type=int, nargs="*", default=[50, 200, 1000], help="of them with a stalled loop")
    parser.add_argument("--clients", nargs="+", default=list(CLIENTS), choices=list(CLIENTS), help="default: all")
    parser.add_argument("--repeats", type=int, default=1, help="repeats of a cell (default: 1)")
    parser.add_argument("--tools", type=Path, metavar="DIR", help="run whole tools, too; their environments are here")
    parser.add_argument("--write", type=Path, metavar="DIR", help="write client-timing.md and .svg there")
    options = parser.parse_args()
    cells, floors = measure(options.clients, options.streams, options.stalled, options.repeats)
    rates: dict[str, list[Probe | None]] = {}
    for client in [*options.clients, FLOOR]:
        rates[client] = highest_rates(client)
        say(f"{client}: {rates[client]}")
    million: Million = a_million()
    processes = cpu_by_processes()
    figures = Figures(
        cells=cells,
        floors=floors,
        rates=rates,
        million=million,
        processes=processes,
        tools=tools(options.tools) if options.tools else {},
        repeats=options.repeats,
        script=SCRIPT,
    )
    if options.write:
        write_page(options.write, figures)


if __name__ == "__main__":
    main()
