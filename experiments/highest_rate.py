"""How many tokens a second a client dates on one core before its times lag behind the writes."""

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from experiments.stream_truth import (
    HERE,
    Script,
    Truth,
    built,
    lateness_us,
    percentile,
    pinned,
    truth_server,
)

RATES = (2_500, 5_000, 10_000, 20_000, 35_000, 50_000, 65_000, 80_000, 100_000)
STREAMS = 500
SECONDS = 1.5
SPREAD_S = 0.2
TIMEOUT_S = 25.0
TRIES = 4
LIMITS_US = (1_000.0, 5_000.0)
FLOOR = "floor, C"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One rate. lag_us: p99 of what a client dated after the write; of the floor, what it read after the arrival.

    cpu: CPU time of the client for a second of streaming.
    """

    rate: int
    lag_us: float
    cpu: float
    server_late_us: float

    @property
    def cpu_us(self) -> float:
        """CPU time per event, with that of connecting, sending and ending."""
        return self.cpu / self.rate * 1e6


def script_for(rate: int) -> Script:
    itl_ms = STREAMS / rate * 1e3
    return Script(ttft_ms=100, itl_ms=itl_ms, tokens=int(SECONDS * 1e3 / itl_ms))


def highest_rates(client: str, rates: tuple[int, ...] = RATES) -> list[Probe | None]:
    """For each of `LIMITS_US` the highest rate whose lag stayed below it in one of the tries; None if none did."""
    passed: list[Probe | None] = [None for _ in LIMITS_US]
    for rate in rates:
        best = min(_tries(client, rate), key=lambda probe: probe.lag_us, default=None)
        for place, limit_us in enumerate(LIMITS_US):
            if best is not None and best.lag_us < limit_us:
                passed[place] = best
        if best is not None and best.lag_us >= max(LIMITS_US):
            break
    return passed


def _tries(client: str, rate: int) -> Iterator[Probe]:
    """Until one is good enough, but `TRIES` at most. One in which the server was late says nothing of the client, one
    that did not end is as late as can be.
    """
    probe = _floor if client == FLOOR else _probe
    for _ in range(TRIES):
        found = probe(client, rate)
        if found.server_late_us < min(LIMITS_US):
            yield found
            if found.lag_us < min(LIMITS_US) or math.isinf(found.lag_us):
                return


def _probe(client: str, rate: int) -> Probe:
    command = [sys.executable, str(HERE / "timed_clients.py"), client]
    script = script_for(rate)
    with truth_server(script, prefix=pinned(-1)) as server:
        command = [*pinned(0), *command, server.base_url, str(STREAMS), "1", "--spread", str(SPREAD_S)]
        if (told := _output(command)) is None:
            return _endless(rate)
    measured = json.loads(told)
    return Probe(
        rate=rate,
        lag_us=percentile(_lags_us(measured, server.truths), 99),
        cpu=measured["cpu_s"] / SECONDS,
        server_late_us=percentile(lateness_us(server.truths, script), 99),
    )


def _floor(_: str, rate: int) -> Probe:
    script = script_for(rate)
    with truth_server(script, prefix=pinned(-1)) as server:
        numbers = (server.port, STREAMS, 1, int(SPREAD_S * 1e6))
        if (told := _output([*pinned(0), str(built("syscall_floor")), *map(str, numbers)])) is None:
            return _endless(rate)
    cpu_ns, _reads, lag_ns = map(int, told.split())
    late_us = percentile(lateness_us(server.truths, script), 99)
    return Probe(rate=rate, lag_us=lag_ns / 1e3, cpu=cpu_ns / 1e9 / SECONDS, server_late_us=late_us)


def _endless(rate: int) -> Probe:
    return Probe(rate=rate, lag_us=math.inf, cpu=1.0, server_late_us=0.0)


def _output(command: list[str]) -> bytes | None:
    """None when it did not end in time, or not well."""
    try:
        return subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT_S).stdout
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return None


def _lags_us(measured: Any, truths: dict[str, Truth]) -> list[float]:
    return [
        (at - written) / 1e3
        for seen in measured["seen"]
        for at, written in zip(seen["events_ns"], truths[seen["request_id"]].written_ns, strict=True)
    ]


HEAD = (
    "| client | events/s, lag p99 < 1 ms | lag p99 µs | events/s, lag p99 < 5 ms | lag p99 µs | CPU of a core there "
    "| µs per event |\n|---|---|---|---|---|---|---|"
)


def row(client: str, passed: list[Probe | None]) -> str:
    cells = [f"{each.rate:,} | {each.lag_us:,.0f}" if each else "none | " for each in passed]
    cost = f"{passed[-1].cpu:.0%} | {passed[-1].cpu_us:.1f}" if passed[-1] else " | "
    return f"| {client} | {' | '.join(cells)} | {cost} |"
