"""How late an open loop starts its requests: the timer alone, and the whole path of a run, in one run.

    python -m experiments.schedule_lateness [--rate 500] [--seconds 5] [--repeats 3] [--write docs/reference]

Late: first byte of the request handed over minus the scheduled moment. The floor waits for the same moments and sends
nothing: late is then when it would have sent. The whole path is that of a run: a load process, its connections, a
server that answers (truth_server.c), and this process, which takes the samples. Nothing is pinned to a core. A cell is
repeated, the cells in turn, and the median of each figure over the repeats is shown. With --write DIR a page with the
table is written there.
"""

import argparse
import asyncio
import contextlib
import ctypes
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from experiments.stream_truth import Script, truth_server
from experiments.timing_page import machine
from ragmeter.clients.http.clocks import offered_clocks
from ragmeter.core.client.harness import lag_ms
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.requests.records import RequestSample
from ragmeter.core.schedule.phases import trial
from ragmeter.core.schedule.plan import PhasePlan
from ragmeter.run.load.loader import fast_loop
from ragmeter.run.load.open_loop import Start, drive
from ragmeter.run.load.priority import take_priority
from ragmeter.run.processes.workers import Workers
from ragmeter.run.session.measure import Conditions, measure
from tests.run.cases import provider, workload
from tests.tethered import tethered

SCRIPT = Script(ttft_ms=50, itl_ms=10, tokens=16)
PR_CAPBSET_DROP, CAP_SYS_NICE = 24, 23
BUSY = "while True: pass"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """Of the starts of one repeat, in µs. cpu_ratio: of the process that starts them."""

    p50_us: float
    p99_us: float
    max_us: float
    cpu_ratio: float
    starts: int


Cell = Callable[[], Lateness]


def lateness(lags_us: Sequence[float], cpu_ratio: float) -> Lateness:
    centiles = statistics.quantiles(lags_us, n=100, method="inclusive")
    return Lateness(
        p50_us=centiles[49], p99_us=centiles[98], max_us=max(lags_us), cpu_ratio=cpu_ratio, starts=len(lags_us)
    )


def timer_alone(phase: PhasePlan) -> Lateness:
    lags_us: list[float] = []

    async def send(start: Start) -> None:
        lags_us.append((time.monotonic_ns() - start.scheduled_ns) / 1e3)

    cpu_s, wall_s = time.process_time(), time.monotonic()
    with asyncio.Runner(loop_factory=fast_loop) as runner:
        runner.run(drive(phase, send, time.monotonic_ns() + 100_000_000))
    return lateness(lags_us, (time.process_time() - cpu_s) / (time.monotonic() - wall_s))


def timer_ahead(phase: PhasePlan) -> Lateness:
    """The same with the priority of a load process."""
    take_priority()
    try:
        return timer_alone(phase)
    finally:
        step_back()


def step_back() -> None:
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def may_run_ahead() -> bool:
    try:
        return take_priority()
    finally:
        step_back()


def whole_path(planned: Workload, clock: str, base_url: str, workers: Workers) -> Lateness:
    def keep(_sample: RequestSample) -> None: ...

    conditions = Conditions(
        provider=provider(base_url),
        origin_ns=time.monotonic_ns(),
        keep=keep,
        watch=lambda: None,
        clock=clock,
        workers=workers,
    )
    samples, ending = measure(planned, trial(planned, 0), conditions)
    failed = [sample for sample in samples if not sample.ok]
    if failed or ending.client_cpu_ratio is None:
        raise RuntimeError(f"{len(failed)} of {len(samples)} requests failed: {failed[:1]}")
    return lateness([lag_ms(sample) * 1e3 for sample in samples], ending.client_cpu_ratio)


@contextlib.contextmanager
def busy_cores() -> Iterator[None]:
    """A process of normal priority on each core that does nothing but compute."""
    burning = [subprocess.Popen(tethered([sys.executable, "-c", BUSY])) for _ in os.sched_getaffinity(0)]
    try:
        yield
    finally:
        for each in burning:
            each.kill()
            each.wait()


def forbid_priority() -> None:
    """Programs that this process starts from now on may not raise their priority, as those of most users may not."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_CAPBSET_DROP, CAP_SYS_NICE, 0, 0, 0) < 0:
        raise OSError(ctypes.get_errno(), "prctl")


def median_of(repeats: Sequence[Lateness]) -> Lateness:
    def middle(name: str) -> float:
        return float(statistics.median(getattr(each, name) for each in repeats))

    names = ("p50_us", "p99_us", "max_us", "cpu_ratio")
    return Lateness(**{name: middle(name) for name in names}, starts=sum(each.starts for each in repeats))


def repeated(cells: dict[str, Cell], repeats: int) -> dict[str, Lateness]:
    """Each cell so many times, the cells in turn."""
    found: dict[str, list[Lateness]] = {name: [] for name in cells}
    for _ in range(repeats):
        for name, cell in cells.items():
            found[name].append(cell())
    return {name: median_of(each) for name, each in found.items()}


CLOCKS = offered_clocks()[:2]
FLOOR = "timer alone"
AROUND: tuple[Callable[[], contextlib.AbstractContextManager[None]], ...] = (contextlib.nullcontext, busy_cores)
NAMES = [FLOOR, *(f"whole path, {clock} clock" for clock in CLOCKS)]
HEAD = "| what | p50 µs | p99 µs | max µs | p99 / floor | client CPU | starts |\n|---|---|---|---|---|---|---|"


def table(found: dict[str, Lateness], floor: Lateness) -> str:
    rows = (
        f"| {name} | {at.p50_us:,.0f} | {at.p99_us:,.0f} | {at.max_us:,.0f} | {at.p99_us / floor.p99_us:.1f} "
        f"| {at.cpu_ratio:.0%} | {at.starts:,} |"
        for name, at in found.items()
    )
    return "\n".join([HEAD, *rows])


PAGE = """# How late a schedule starts its requests

Written by `tox -e lateness` (`experiments/schedule_lateness.py`); read ratios, not digits. {machine}.

{rate:g} Poisson starts a second for {seconds:g} s; repeats of each cell, in turn: {repeats}. The median is shown.
Late is the first byte of a request minus the moment that the schedule wants it at. The timer alone waits for the same
moments and sends nothing: that is the floor. The whole path is that of a run: a load process, its connections, a server
that answers with {tokens} tokens {itl_ms:g} ms apart, and a process that takes the samples, on {cores} cores.
The server has real-time priority, too. Nothing is pinned to a core.

A load process takes real-time priority where it may: as root, or with the capability CAP_SYS_NICE. The rows of normal
priority are those of a user who has neither.

## Beside nothing else of the benchmark

{quiet}

## Beside a busy process on each core

{busy}
"""


def cells(planned: Workload, base_url: str, workers: Workers, timer: Callable[[PhasePlan], Lateness]) -> Iterator[Cell]:
    """In the order of `NAMES`."""
    (phase,) = trial(planned, 0)
    yield partial(timer, phase)
    for clock in CLOCKS:
        yield partial(whole_path, planned, clock, base_url, workers)


def measured(planned: Workload, repeats: int) -> list[dict[str, Lateness]]:
    """Without and with busy processes, those of normal priority last: what is forbidden stays so."""
    found: list[dict[str, Lateness]] = [{}, {}]
    with truth_server(SCRIPT, prefix=["chrt", "-f", "10"] if may_run_ahead() else []) as server:
        for priority, timer in (("", timer_ahead), (", normal priority", timer_alone)):
            with Workers() as workers:
                work = list(cells(planned, server.base_url, workers, timer))
                named = {f"{name}{priority}": cell for name, cell in zip(NAMES, work, strict=True)}
                for place, around in enumerate(AROUND):
                    with around():
                        found[place] |= repeated(named, repeats)
            forbid_priority()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=500.0, help="starts per second (default: 500)")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of a repeat (default: 5)")
    parser.add_argument("--repeats", type=int, default=3, help="repeats of a cell (default: 3)")
    parser.add_argument("--write", type=Path, metavar="DIR", help="write schedule-lateness.md there")
    options = parser.parse_args()
    planned = workload(
        target="openai",
        model_id="ground-truth",
        shape="poisson",
        rate_per_s=options.rate,
        requests=math.ceil(options.rate * options.seconds),
        concurrency=None,
    )
    quiet, busy = measured(planned, options.repeats)
    page = PAGE.format(
        machine=machine(),
        rate=options.rate,
        seconds=options.seconds,
        repeats=options.repeats,
        tokens=SCRIPT.tokens,
        itl_ms=SCRIPT.itl_ms,
        cores=len(os.sched_getaffinity(0)),
        quiet=table(quiet, quiet[FLOOR]),
        busy=table(busy, busy[FLOOR]),
    )
    sys.stdout.write(page)
    if options.write:
        (options.write / "schedule-lateness.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
