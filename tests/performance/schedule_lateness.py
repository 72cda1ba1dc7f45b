"""How late an open loop starts its requests, for each way to wait for a moment, in one run.

    python tests/performance/schedule_lateness.py [--rate 500] [--seconds 10]

Poisson starts against a ground-truth server in a process of its own; client and server each have a core, if there are
two. Late: first byte of the request handed over minus the scheduled moment. The floor waits for the same moments and
sends nothing: late is then when the wait returned. CPU: of the client's process, per second.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any
from unittest.mock import patch

import numpy as np

from ragmeter.core.harness import lag_ms
from ragmeter.core.provider import Provider
from ragmeter.core.records import RequestSample
from ragmeter.core.run import PhasePlan
from ragmeter.core.workload import Workload
from ragmeter.run.alarm import Alarm, LoopAlarm, TimerAlarm
from ragmeter.run.load import Start, drive
from ragmeter.run.loader import Loader, fast_loop
from ragmeter.run.phases import trial
from ragmeter.run.single import Silent
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.run.cases import provider, workload

SCRIPT = StreamScript(ttft_ms=30, itl_ms=5, tokens=4)


class Lags(Silent):
    """Collects how late each request was, in ms."""

    def __init__(self) -> None:
        self.lags: list[float] = []

    def ended(self, sample: RequestSample) -> None:
        self.lags.append(lag_ms(sample))


async def requests(planned: Workload, service: Provider, phase: PhasePlan) -> list[float]:
    heard = Lags()
    loader = Loader(planned, service, origin_ns=time.monotonic_ns(), listener=heard)
    await loader.connect(200)
    try:
        await loader.prepare(phase).run(time.monotonic_ns() + 100_000_000)
    finally:
        await loader.aclose()
    return heard.lags


async def nothing(phase: PhasePlan) -> list[float]:
    lags: list[float] = []

    async def send(start: Start) -> None:
        lags.append((time.monotonic_ns() - start.scheduled_ns) / 1e6)

    await drive(phase, send, time.monotonic_ns() + 100_000_000)
    return lags


def row(name: str, made: Callable[[], Alarm], work: Callable[[], Coroutine[Any, Any, list[float]]]) -> None:
    cpu_s, wall_s = time.process_time(), time.monotonic()
    with patch("ragmeter.run.load.alarm", made), asyncio.Runner(loop_factory=fast_loop) as runner:
        lags = np.array(runner.run(work()))
    cpu = (time.process_time() - cpu_s) / (time.monotonic() - wall_s)
    p50, p99 = np.quantile(lags, [0.5, 0.99]) * 1e3
    sys.stdout.write(
        f"| {name:<28} | {p50:8.0f} | {p99:8.0f} | {lags.max() * 1e3:8.0f} | {cpu:6.0%} | {len(lags):6} |\n"
    )
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=500.0)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    planned = workload(
        shape="poisson", rate_per_s=options.rate, requests=int(options.rate * options.seconds), concurrency=None
    )
    (phase,) = trial(planned, 0)
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[0]})
    with GroundTruthServer(SCRIPT, process=True) as server:
        os.sched_setaffinity(0, {cores[-1]})
        sys.stdout.write(f"{options.rate:g} starts/s, load average {os.getloadavg()[0]:.1f}\n\n")
        sys.stdout.write("| way to wait                  | p50 µs   | p99 µs   | max µs   | CPU    | n      |\n")
        sys.stdout.write("|---|---|---|---|---|---|\n")
        for name, made in (("timerfd", TimerAlarm), ("timer of the event loop", LoopAlarm)):
            row(f"{name}, nothing sent (floor)", made, lambda: nothing(phase))
            row(name, made, lambda: requests(planned, provider(server.base_url), phase))


if __name__ == "__main__":
    main()
