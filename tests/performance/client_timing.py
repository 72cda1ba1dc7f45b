"""How far the times that a client reports are from the truth, for our clocks and for other clients, in one run.

    python -m tests.performance.client_timing [--streams 1 50 200 500 1000] [--repeats 3] [--write docs]

One server stamps each token just before it writes it (truth_server.c). Server and client have a core each, with
real-time priority where this user may have it. A cell is repeated, and the median of each figure over the repeats is
shown; a repeat in which the server was the bottleneck (p99 of its lateness over 5 ms) is thrown away.

TTFT error: |client's TTFT - (first write - arrival of the request in the server's kernel)|. ITL error: |gap seen - gap
written|. CPU: of the client's process while it streams, per token event. Floor: a C program that waits, reads and
stamps (syscall_floor.c). With --write DIR a page with the tables and a plot is written there.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.performance.peer_tools import aiperf
from tests.performance.stream_truth import HERE, Script, Truth, built, lateness_us, truth_server
from tests.performance.timed_clients import CLIENTS
from tests.performance.timing_plot import plot

SCRIPT = Script()
SERVER_LATE_US = 5000.0
EVENTS = 25_000
"""How many token events a repeat has at least, where the streams allow it in few rounds."""
CELL_TIMEOUT_S = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Figures of one client at one number of streams. Errors in µs; exact: share of the events said to be so."""

    client: str
    streams: int
    stall: bool
    ttft_p50_us: float
    ttft_p99_us: float
    itl_p50_us: float
    itl_p99_us: float
    exact: float | None
    cpu_us: float | None
    rss_mb: float


def pinned(core: int) -> list[str]:
    """What puts a command on a core and, for root, ahead of what else runs there."""
    cores = sorted(os.sched_getaffinity(0))
    priority = ["chrt", "-f", "10"] if os.geteuid() == 0 else []
    return [*priority, "taskset", "-c", str(cores[core % len(cores)])]


def rounds_for(streams: int) -> int:
    return max(1, min(6, EVENTS // (streams * SCRIPT.tokens)))


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
        rss_mb=measured["rss_mb"],
    )


def percentile(values: Sequence[float], percent: int) -> float:
    return float(statistics.quantiles(values, n=100, method="inclusive")[percent - 1])


def median_of(cells: list[Cell]) -> Cell:
    def middle(name: str) -> float:
        return float(statistics.median(getattr(cell, name) for cell in cells))

    figures = ("ttft_p50_us", "ttft_p99_us", "itl_p50_us", "itl_p99_us", "cpu_us", "rss_mb")
    first = cells[0]
    exact = None if first.exact is None else middle("exact")
    head = {"client": first.client, "streams": first.streams, "stall": first.stall, "exact": exact}
    return Cell(**head, **{name: middle(name) for name in figures})  # type: ignore[arg-type]


def tool_cell(program: Path, streams: int) -> Cell | None:
    """aiperf's own report beside the script; None when it did not end."""
    reported = aiperf(program, SCRIPT, streams, prefix=pinned(-1))
    if reported is None:
        return None
    ttft, itl = ([abs(error) for error in errors] for errors in (reported.ttft_us, reported.itl_us))
    return Cell(
        client="aiperf",
        streams=streams,
        stall=False,
        ttft_p50_us=percentile(ttft, 50),
        ttft_p99_us=percentile(ttft, 99),
        itl_p50_us=percentile(itl, 50),
        itl_p99_us=percentile(itl, 99),
        exact=None,
        cpu_us=None,
        rss_mb=reported.rss_mb,
    )


def floor_us(streams: int) -> float:
    """CPU time per read of a client that makes one system call for each token."""
    with truth_server(SCRIPT, prefix=pinned(-1)) as server:
        command = [*pinned(0), str(built("syscall_floor")), str(server.port), str(streams), str(rounds_for(streams))]
        cpu_ns, reads = map(int, subprocess.run(command, check=True, capture_output=True, timeout=60).stdout.split())
    return cpu_ns / reads / 1e3


def row(cell: Cell) -> str:
    exact = "not known" if cell.exact is None else f"{cell.exact:.1%}"
    cpu = "" if cell.cpu_us is None else f"{cell.cpu_us:.1f}"
    return (
        f"| {cell.client} | {cell.streams} | {cell.ttft_p50_us:,.0f} / {cell.ttft_p99_us:,.0f} "
        f"| {cell.itl_p50_us:,.1f} / {cell.itl_p99_us:,.0f} | {exact} | {cpu} | {cell.rss_mb:.0f} |"
    )


PAGE = """# How far the times of clients are from the truth

Written by `tox -e perf` (`tests/performance/client_timing.py`); read ratios, not digits. {machine}; other work shared
the machine. Server and client ran with real-time priority on a core each. TTFT {ttft_ms:g} ms, {tokens} tokens
{itl_ms:g} ms apart, all streams of a round started at once. Repeats of a cell: {repeats}, of which the median is
shown; a cell in which the server could not keep up is left out.

TTFT error is |TTFT seen - (first write - arrival of the request in the server's kernel)|, ITL error |gap seen - gap
written|. CPU is that of the client's process while it streams. Floor is a C program that waits, reads and stamps, and
parses nothing: the cost of one system call for each token. aiperf is a whole tool that ran as its users run it, on all
cores: its errors are those of its report, its RSS is of its largest process, and most of its CPU time is its start.

![p99 of the ITL error over streams](client-timing.svg)

## Not disturbed

{idle}

## Event loop of the client blocked 50 ms every 250 ms

{stalled}
"""
HEAD = (
    "| client | streams | TTFT error µs p50 / p99 | ITL error µs p50 / p99 | exact | CPU µs per event | RSS MB |\n"
    "|---|---|---|---|---|---|---|"
)


def by_streams(cells: Sequence[Cell]) -> list[Cell]:
    return sorted(cells, key=lambda cell: cell.streams)


def table(cells: Sequence[Cell], floors: dict[int, float]) -> str:
    lines = [HEAD, *(row(cell) for cell in cells)]
    lines += [f"| floor, C | {n} | | | | {us:.1f} | |" for n, us in floors.items()]
    return "\n".join(lines)


def write_page(folder: Path, cells: Sequence[Cell], floors: dict[int, float], repeats: int) -> None:
    idle, stalled = ([cell for cell in cells if cell.stall is stall] for stall in (False, True))
    text = PAGE.format(
        machine=machine(),
        repeats=repeats,
        ttft_ms=SCRIPT.ttft_ms,
        itl_ms=SCRIPT.itl_ms,
        tokens=SCRIPT.tokens,
        idle=table(by_streams(idle), floors),
        stalled=table(stalled, {}),
    )
    (folder / "client-timing.md").write_text(text, encoding="utf-8")
    (folder / "client-timing.svg").write_text(plot(cells), encoding="utf-8")


def machine() -> str:
    model = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    cores = len(os.sched_getaffinity(0))
    return (
        f"{model.partition(': ')[2]}, {cores} cores, Linux {platform.release()}, Python {platform.python_version()}; "
        f"load average {load}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 50, 200, 500, 1000], help="streams at once")
    parser.add_argument("--clients", nargs="+", default=list(CLIENTS), choices=list(CLIENTS), help="default: all")
    parser.add_argument("--repeats", type=int, default=3, help="repeats of a cell (default: 3)")
    parser.add_argument("--aiperf", type=Path, metavar="PROGRAM", help="aiperf of a virtual environment of its own")
    parser.add_argument("--write", type=Path, metavar="DIR", help="write client-timing.md and .svg there")
    options = parser.parse_args()
    out = sys.stdout.write
    out(f"{machine()}\n\n{HEAD}\n")
    cells: list[Cell] = []
    for stall in (False, True):
        for streams in options.streams:
            for client in options.clients:
                if repeats := repeated(client, streams, options.repeats, stall=stall):
                    cells.append(median_of(repeats))
                    out(row(cells[-1]) + (" stalled\n" if stall else "\n"))
                else:
                    out(f"| {client} | {streams} | the server or the client could not keep up |\n")
                sys.stdout.flush()
    for streams in options.streams if options.aiperf else ():
        if tool := tool_cell(options.aiperf, streams):
            cells.append(tool)
        out((row(tool) if tool else f"| aiperf | {streams} | it did not end") + "\n")
    floors = {streams: floor_us(streams) for streams in options.streams}
    if options.write:
        write_page(options.write, cells, floors, options.repeats)
    out("\n".join(f"floor, C, {n} streams: {us:.1f} µs CPU per event" for n, us in floors.items()) + "\n")


if __name__ == "__main__":
    main()
