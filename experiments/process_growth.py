"""What a second load process adds, while the server that answers shares the cores with both.

    python -m experiments.process_growth [--streams 200 400 600 800] [--write docs/reference]

A closed loop of so many streams against a ground-truth server (truth_server.c), sent by one load process and by two.
CPU: of all load processes together, from the first request to the last sample: connecting, sending, reading and
decoding. A cell holds when no load process used more than 85 % of a core and the server wrote on time (p99 of its
lateness at most 5 ms). With --write DIR a page with the table is written there.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from experiments.client_timing import SERVER_LATE_US
from experiments.schedule_lateness import may_run_ahead
from experiments.stream_truth import Script, lateness_us, percentile, truth_server
from experiments.timing_page import machine
from ragmeter.clients.http.clocks import offered_clocks
from ragmeter.core.campaign.events import Event, PhaseStarted
from ragmeter.core.client.harness import CPU_LIMIT
from ragmeter.core.requests.records import RequestSample
from ragmeter.core.schedule.phases import phases
from ragmeter.run.processes.workers import Workers
from ragmeter.run.session.measure import Conditions, measure
from tests.run.cases import provider, workload

SCRIPT = Script(ttft_ms=50, itl_ms=10, tokens=64)
ROUNDS = 4
PROCESSES = (1, 2)
CLOCKS = offered_clocks()[:2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """busiest_ratio: CPU of the busiest load process per second of the phase."""

    clock: str
    processes: int
    streams: int
    events_per_s: float
    cpu_us: float
    busiest_ratio: float
    server_late_us: float

    @property
    def holds(self) -> bool:
        return self.busiest_ratio <= CPU_LIMIT and self.server_late_us <= SERVER_LATE_US


def cpu_s() -> float:
    """Of the load processes of this process, so far."""
    family = psutil.Process().children(recursive=True)
    times = [child.cpu_times() for child in family if "ragmeter.run.processes.worker" in child.cmdline()[1:3]]
    return sum(each.user + each.system for each in times)


def measured(clock: str, processes: int, streams: int) -> Cell:
    planned = workload(
        target="openai",
        model_id="ground-truth",
        concurrency=streams,
        requests=ROUNDS * streams,
        warmup_requests=streams,
        timeout_s=60.0,
    )
    before_s: list[float] = []

    def watch(event: Event) -> None:
        if isinstance(event, PhaseStarted):
            before_s.append(cpu_s())

    def keep(_sample: RequestSample) -> None: ...

    with (
        truth_server(SCRIPT, prefix=["chrt", "-f", "10"] if may_run_ahead() else []) as server,
        Workers(processes) as workers,
    ):
        conditions = Conditions(
            provider=provider(server.base_url),
            origin_ns=time.monotonic_ns(),
            keep=keep,
            watch=lambda: None,
            emit=watch,
            clock=clock,
            workers=workers,
        )
        samples, ending = measure(planned, phases(planned), conditions)
        used_s = cpu_s() - before_s[-1]
    own = [sample for sample in samples if sample.phase == "measured" and sample.ok]
    events = sum(len(sample.events_ns) for sample in own)
    span_s = (max(sample.ended_ns for sample in own) - min(sample.scheduled_ns for sample in own)) / 1e9
    return Cell(
        clock=clock,
        processes=processes,
        streams=streams,
        events_per_s=events / span_s,
        cpu_us=used_s / events * 1e6,
        busiest_ratio=ending.client_cpu_ratio or 0.0,
        server_late_us=percentile(lateness_us(server.truths, SCRIPT), 99),
    )


def cells(streams: Sequence[int]) -> Iterator[Cell]:
    for clock in CLOCKS:
        for count in streams:
            for processes in PROCESSES:
                yield measured(clock, processes, count)


HEAD = (
    "| clock | streams | load processes | events/s | CPU µs per event | busiest process | server late p99 | holds |\n"
    "|---|---|---|---|---|---|---|---|"
)


def row(at: Cell) -> str:
    return (
        f"| {at.clock} | {at.streams} | {at.processes} | {at.events_per_s:,.0f} | {at.cpu_us:.1f} "
        f"| {at.busiest_ratio:.0%} | {at.server_late_us / 1e3:.2f} ms | {'yes' if at.holds else 'no'} |"
    )


def summary(found: Sequence[Cell]) -> str:
    """For each clock: the highest rate that held with one process and with two; and, over the streams at which both
    held, what the busiest of two used and what an event cost, beside one: medians of ratios.
    """
    lines = []
    for clock in CLOCKS:
        one, two = (
            {at.streams: at for at in found if (at.clock, at.processes) == (clock, n) and at.holds} for n in PROCESSES
        )
        most = [max((at.events_per_s for at in each.values()), default=0.0) for each in (one, two)]
        line = (
            f"- {clock}: the highest rate that held was {most[0]:,.0f} events/s with one process, "
            f"{most[1]:,.0f} with two"
        )
        if both := [(one[streams], two[streams]) for streams in one.keys() & two.keys()]:
            share = statistics.median(b.busiest_ratio / a.busiest_ratio for a, b in both)
            cost = statistics.median(b.cpu_us / a.cpu_us for a, b in both)
            line += (
                f"; at the same load the busiest of two used {share:.0%} of the CPU of one, and an event cost "
                f"{cost:.2f} times as much"
            )
        lines.append(f"{line}.")
    return "\n".join(lines)


PAGE = """# What a second load process adds

Written by `tox -e growth` (`experiments/process_growth.py`); read ratios, not digits. {machine};
other work shared the machine.

{tokens} tokens {itl_ms:g} ms apart in each of so many streams at once. CPU is that of all load processes together:
connecting, sending, reading and decoding. A cell holds when no load process used more than {limit:.0%} of a core and
the server wrote on time. Server, load processes and the process that takes the samples share {cores} cores: what a
second load process adds here is what the server leaves, and not what a core of its own would add. Growth over more
cores was not measured. A cell that does not hold because the server was late says nothing of the load processes.

{summary}

{table}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, nargs="+", default=[200, 400, 600, 800], help="streams at once")
    parser.add_argument("--write", type=Path, metavar="DIR", help="write process-growth.md there")
    options = parser.parse_args()
    found = []
    sys.stdout.write(f"{HEAD}\n")
    for cell in cells(options.streams):
        found.append(cell)
        sys.stdout.write(f"{row(cell)}\n")
        sys.stdout.flush()
    page = PAGE.format(
        machine=machine(),
        tokens=SCRIPT.tokens,
        itl_ms=SCRIPT.itl_ms,
        limit=CPU_LIMIT,
        cores=len(os.sched_getaffinity(0)),
        summary=summary(found),
        table="\n".join([HEAD, *map(row, found)]),
    )
    sys.stdout.write(f"\n{summary(found)}\n")
    if options.write:
        (options.write / "process-growth.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
