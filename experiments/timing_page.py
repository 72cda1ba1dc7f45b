"""The page that the benchmark of clients writes: what was asked and reached, and all its figures as tables."""

import os
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from experiments.highest_rate import FLOOR, RATES, Probe
from experiments.highest_rate import HEAD as RATES_HEAD
from experiments.highest_rate import row as rate_row
from experiments.million_events import Million
from experiments.peer_tools import Reported
from experiments.stream_truth import Script, percentile
from experiments.timing_plot import Point, plot

CAPTURE, KERNEL = "ragmeter, capture", "ragmeter, kernel"
HEAD = (
    "| client | streams | TTFT error µs p50 / p99 | ITL error µs p50 / p99 | exact | CPU µs per event | to the floor "
    "| decoding µs | RSS MB |\n|---|---|---|---|---|---|---|---|---|"
)


class Measured(Point, Protocol):
    """What the page shows of a cell; see `client_timing.Cell`."""

    @property
    def ttft_p50_us(self) -> float: ...
    @property
    def ttft_p99_us(self) -> float: ...
    @property
    def itl_p50_us(self) -> float: ...
    @property
    def exact(self) -> float | None: ...
    @property
    def cpu_us(self) -> float: ...
    @property
    def decode_us(self) -> float: ...
    @property
    def rss_mb(self) -> float: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All that one run of the benchmark found. floors: CPU per event by the number of streams."""

    cells: Sequence[Measured]
    floors: Mapping[int, float]
    rates: Mapping[str, list[Probe | None]]
    million: Million
    processes: Mapping[int, tuple[float, float]]
    tools: Mapping[tuple[str, int], Reported | str]
    repeats: int
    script: Script


def row(cell: Measured, floors: Mapping[int, float]) -> str:
    exact = "not known" if cell.exact is None else f"{cell.exact:.1%}"
    decoding = f"{cell.decode_us:.1f}" if cell.decode_us else "in it"
    return (
        f"| {cell.client} | {cell.streams} | {cell.ttft_p50_us:,.0f} / {cell.ttft_p99_us:,.0f} "
        f"| {cell.itl_p50_us:,.1f} / {cell.itl_p99_us:,.0f} | {exact} | {cell.cpu_us:.1f} "
        f"| {cell.cpu_us / floors[cell.streams]:.1f} | {decoding} | {cell.rss_mb:.0f} |"
    )


def cells_table(figures: Figures, *, stall: bool) -> str:
    cells = sorted((cell for cell in figures.cells if cell.stall is stall), key=lambda cell: cell.streams)
    floors = [] if stall else [f"| {FLOOR} | {n} | | | | {us:.1f} | 1 | | |" for n, us in figures.floors.items()]
    return "\n".join([HEAD, *(row(cell, figures.floors) for cell in cells), *floors])


def targets_table(figures: Figures) -> str:
    """The worst cell from 50 streams on for each figure that was asked for."""

    def worst(
        name: str, asked: str, figure: Callable[[Measured], float], clients: Iterable[str], *, stall: bool, unit: str
    ) -> str:
        cells = [c for c in figures.cells if c.client in clients and c.stall is stall and c.streams >= 50]
        if not cells:
            return f"| {name} | {asked} | not measured | |"
        at = max(cells, key=figure)
        best = min(figure(cell) for cell in cells)
        return f"| {name} | {asked} | {best:,.1f} to {figure(at):,.1f} {unit} | {at.streams} streams, {at.client} |"

    both, million, fastest = (CAPTURE, KERNEL), figures.million, figures.rates.get(CAPTURE, [None])[0]
    rate = f"{fastest.rate:,} events/s, {fastest.lag_us:,.0f} µs" if fastest else "not measured"
    cost = f"{fastest.cpu_us:.1f} µs" if fastest else "not measured"
    lines = [
        worst("TTFT error p99", "≤ 100 µs", lambda c: c.ttft_p99_us, both, stall=False, unit="µs"),
        worst("ITL error p99", "≤ 50 µs", lambda c: c.itl_p99_us, both, stall=False, unit="µs"),
        worst("ITL error p99, stalled", "≤ 100 µs", lambda c: c.itl_p99_us, (CAPTURE,), stall=True, unit="µs"),
        worst("CPU per event, capture", "≤ 8 µs", lambda c: c.cpu_us, (CAPTURE,), stall=False, unit="µs"),
        worst("the same, to the floor", "", ratio(figures), (CAPTURE,), stall=False, unit="times"),
        worst("CPU per event, kernel", "≤ 20 µs", lambda c: c.cpu_us, (KERNEL,), stall=False, unit="µs"),
        f"| CPU per event at the rate below, capture | ≤ 8 µs | {cost} | capture |",
        f"| Rate with a p99 of the lag below 1 ms, one core | ≥ 50,000 events/s | {rate} | capture |",
        f"| Memory of a million events | < 200 MB | {million.rss_mb:.0f} MB | a load process |",
    ]
    return "\n".join(["| figure | asked | reached: best to worst | the worst at |", "|---|---|---|---|", *lines])


def ratio(figures: Figures) -> Callable[[Measured], float]:
    return lambda cell: cell.cpu_us / figures.floors[cell.streams]


def tools_table(tools: Mapping[tuple[str, int], Reported | str]) -> str:
    if not tools:
        return "They were not run."
    return "\n".join(
        [
            "| tool | streams | TTFT error µs p50 / p99 | ITL error µs p50 / p99 | RSS MB |",
            "|---|---|---|---|---|",
            *(tool_row(name, streams, found) for (name, streams), found in tools.items()),
        ]
    )


def tool_row(name: str, streams: int, found: Reported | str) -> str:
    if isinstance(found, str):
        return f"| {name} | {streams} | {found} | | |"
    errors = [[abs(each) for each in each_us] for each_us in (found.ttft_us, found.itl_us)]
    cells = [f"{percentile(each, 50):,.0f} / {percentile(each, 99):,.0f}" for each in errors]
    return f"| {name} | {streams} | {' | '.join(cells)} | {found.rss_mb:.0f} |"


def processes_table(processes: Mapping[int, tuple[float, float]]) -> str:
    lines = [f"| {count} | {own:.1f} | {shared:.1f} |" for count, (own, shared) in processes.items()]
    return "\n".join(["| load processes | ports of their own, µs | any port, µs |", "|---|---|---|", *lines])


PAGE = """# How far the times of clients are from the truth

Written by `tox -e perf` (`experiments/client_timing.py`); read ratios, not digits. {machine}.
Server and client ran with real-time priority on a core each. TTFT {ttft_ms:g} ms, {tokens} tokens
{itl_ms:g} ms apart, all streams of a round started at once. Repeats of a cell: {repeats}, of which the median is
shown; a cell in which the server could not keep up is left out.

TTFT error is |TTFT seen - (first write - arrival of the request in the server's kernel)|, ITL error |gap seen - gap
written|. CPU is that of the client's process while it streams; decoding is what ragmeter does with an answer when it
has ended. Floor is a C program that waits, reads and stamps, and parses nothing: the cost of one system call for each
token, measured before and after the clients it is compared with.

## What was asked for

{targets}

## Not disturbed

{idle}

![p99 of the ITL error over streams](client-timing.svg)

## Event loop of the client blocked 50 ms every 250 ms

{stalled}

## Highest rate on one core

500 streams, faster and faster until the p99 of the lag (time that the client gives a token, less that of its write)
exceeds 5 ms, up to {most:,} a second. A try in which the server was late is made again. The floor's lag is from the
arrival of a token to its read.

{rates}

## A million events through a load process

{million.events:,} events in {million.wall_s:.1f} s ({million.rate:,.0f} a second), read, decoded and passed on:
{million.cpu_us:.1f} µs of CPU per event, {million.cpu:.0%} of the core. The process had {million.before_mb:.0f} MB
before and {million.rss_mb:.0f} MB at most. {million.inexact:,} events are not exact, {million.failed} requests failed.

## Several load processes

CPU per event of all together, 400 streams assigned to them, on one core. Each has a capture ring; without local ports
of its own it would look at the packets of all.

{processes}

## Whole tools

As their users run them, on all cores, with a closed loop. Their errors are those of their reports beside the script;
guidellm keeps of each request the mean gap alone. RSS is of the largest process.

{tools}
"""


def write_page(folder: Path, figures: Figures) -> None:
    text = PAGE.format(
        machine=machine(),
        most=max(RATES),
        repeats=figures.repeats,
        ttft_ms=figures.script.ttft_ms,
        itl_ms=figures.script.itl_ms,
        tokens=figures.script.tokens,
        targets=targets_table(figures),
        idle=cells_table(figures, stall=False),
        stalled=cells_table(figures, stall=True),
        rates="\n".join([RATES_HEAD, *(rate_row(client, passed) for client, passed in figures.rates.items())]),
        million=figures.million,
        processes=processes_table(figures.processes),
        tools=tools_table(figures.tools),
    )
    (folder / "client-timing.md").write_text(text, encoding="utf-8")
    (folder / "client-timing.svg").write_text(plot(figures.cells), encoding="utf-8")


def machine() -> str:
    model = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    cores = len(os.sched_getaffinity(0))
    return (
        f"{model.partition(': ')[2]}, {cores} cores, Linux {platform.release()}, Python {platform.python_version()}; "
        f"load average {load}"
    )
