"""How far the times that a client reports are from the truth, for our transport and for httpx, in one run.

    python tests/performance/client_timing.py [--streams 1 50 200] [--requests 400] [--stall]

A ground-truth server in a process of its own stamps each token just before it writes it. All streams of a round start
at once, on connections that a round before has opened. Client and server each have a core, if there are two.

TTFT error: |client's TTFT - (first write - request read)|; it has in it how late the server read a burst of requests.
ITL error: |gap seen - gap written|. Lag: arrival as the client stamped it minus write. CPU: of the client's process
while it streams, per text event. Exact: share of the events of which the client says that their time is exact.

With --stall the client's event loop is blocked for 50 ms every 250 ms, as by a long computation.
"""

import argparse
import asyncio
import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Literal

import httpx
import uvloop

from ragmeter.clients.decode import decode
from ragmeter.clients.dialects import RagDialect
from ragmeter.clients.http import HttpTransport
from ragmeter.clients.transport import Exchange
from ragmeter.core.records import Phase, RequestSample
from ragmeter.testing import GroundTruthServer, StreamScript, StreamTruth

SCRIPT = StreamScript(ttft_ms=100, itl_ms=20, tokens=64)
TIMEOUT_S = 60
STALL_S, STALL_EVERY_S = 0.05, 0.25
Clock = Literal["capture", "kernel", "user"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One stream as a client dated it."""

    request_id: str
    sent_ns: int
    events_ns: tuple[int, ...]
    exact: tuple[bool, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    seen: list[Seen]
    cpu_s: float
    decode_cpu_s: float | None = None


async def ours(base_url: str, streams: int, rounds: int, *, clock: Clock) -> Measured:
    transport, dialect = HttpTransport([base_url], clock=clock), RagDialect()
    await transport.connect(streams)
    request = dialect.request("why?")

    async def one_round() -> list[Exchange]:
        deadline_ns = time.monotonic_ns() + TIMEOUT_S * 10**9
        return await asyncio.gather(*(transport.exchange(request, deadline_ns=deadline_ns) for _ in range(streams)))

    await one_round()
    began = time.process_time()
    exchanges = [exchange for _ in range(rounds) for exchange in await one_round()]
    streamed = time.process_time()
    samples = [
        decode(exchange, dialect, index=0, phase=Phase.MEASURED, scheduled_ns=0, origin_ns=0) for exchange in exchanges
    ]
    decoded = time.process_time()
    await transport.aclose()
    seen = [
        Seen(
            request_id=sample.request_id or "",
            sent_ns=sample.sent_ns or 0,
            events_ns=sample.events_ns,
            exact=None if sample.inexact_events is None else exact_tokens(sample),
        )
        for sample in samples
    ]
    return Measured(seen=seen, cpu_s=streamed - began, decode_cpu_s=decoded - streamed)


def exact_tokens(sample: RequestSample) -> tuple[bool, ...]:
    """Of each token, whether its arrival is exact."""
    inexact = dict(sample.inexact_events or ())
    return tuple(position not in inexact for position in range(len(sample.events_ns)))


async def with_httpx(base_url: str, streams: int, rounds: int) -> Measured:
    limits = httpx.Limits(max_connections=streams, max_keepalive_connections=streams)
    async with httpx.AsyncClient(base_url=base_url, limits=limits, timeout=TIMEOUT_S) as client:

        async def one_round() -> list[Seen]:
            return await asyncio.gather(*(_httpx_stream(client) for _ in range(streams)))

        await one_round()
        began = time.process_time()
        seen = [stream for _ in range(rounds) for stream in await one_round()]
        return Measured(seen=seen, cpu_s=time.process_time() - began)


async def _httpx_stream(client: httpx.AsyncClient) -> Seen:
    events_ns: list[int] = []
    event, meta = "", "{}"
    sent_ns = time.monotonic_ns()
    async with client.stream("POST", "/query/stream", json={"query": "why?"}) as response:
        async for line in response.aiter_lines():
            if line.startswith("event: "):
                event = line
            elif line.startswith("data: ") and event == "event: token":
                events_ns.append(time.monotonic_ns())
            elif line.startswith("data: ") and event == "event: meta":
                meta = line.removeprefix("data: ")
    return Seen(request_id=json.loads(meta)["request_id"], sent_ns=sent_ns, events_ns=tuple(events_ns))


def errors_us(seen: list[Seen], truths: dict[str, StreamTruth]) -> dict[str, list[float]]:
    """The absolute errors of every stream and gap, in µs. Raises ValueError when an event is missing."""
    found: dict[str, list[float]] = {"TTFT error": [], "ITL error": [], "lag": [], "lag of exact": []}
    for stream in seen:
        truth = truths[stream.request_id]
        pairs = list(zip(stream.events_ns, truth.text_ns, strict=True))
        ttft_ns = stream.events_ns[0] - stream.sent_ns
        found["TTFT error"].append(abs(ttft_ns - (truth.text_ns[0] - truth.read_ns)) / 1e3)
        lags = [(arrived - written) / 1e3 for arrived, written in pairs]
        found["lag"] += lags
        found["lag of exact"] += [lag for lag, exact in zip(lags, stream.exact or (), strict=False) if exact]
        found["ITL error"] += [abs(later - earlier) for earlier, later in pairwise(lags)]
    return found


def percentiles(values: list[float]) -> str:
    """p50/p99 in µs."""
    if len(values) < 2:
        return "not known"
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return f"{cuts[49]:,.0f} / {cuts[98]:,.0f}"


Client = Callable[[str, int, int], Awaitable[Measured]]
CLIENTS: dict[str, Client] = {
    "ragmeter, capture": partial(ours, clock="capture"),
    "ragmeter, kernel": partial(ours, clock="kernel"),
    "ragmeter, user": partial(ours, clock="user"),
    "httpx": with_httpx,
}


def measure(name: str, streams: int, requests: int, *, stall: bool) -> str:
    """One line of the table. The server is a fresh one, so that its truths are of this line alone."""
    rounds = max(1, requests // streams)
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[-1:])  # the server's process inherits it
    with GroundTruthServer(SCRIPT, process=True) as server:
        os.sched_setaffinity(0, cores[:1])
        gc.collect()
        gc.disable()
        try:
            measured = uvloop.run(_run(CLIENTS[name](server.base_url, streams, rounds), stall=stall))
        finally:
            gc.enable()
            os.sched_setaffinity(0, cores)
        found = errors_us(measured.seen, server.truths())
    events = sum(len(stream.events_ns) for stream in measured.seen)
    decoding = "" if measured.decode_cpu_s is None else f" + {measured.decode_cpu_s / events * 1e6:.0f} decoding"
    columns = [percentiles(found[column]) for column in ("TTFT error", "ITL error", "lag", "lag of exact")]
    exact = len(found["lag of exact"])
    columns.append(f"{exact / events:.1%}" if exact else "not known")
    return f"| {name} | {streams} | {events} | {' | '.join(columns)} | {measured.cpu_s / events * 1e6:.0f}{decoding} |"


async def _run(client: Awaitable[Measured], *, stall: bool) -> Measured:
    stalling = asyncio.create_task(_stall_for_ever()) if stall else None
    try:
        return await client
    finally:
        if stalling is not None:
            stalling.cancel()


async def _stall_for_ever() -> None:
    while True:
        await asyncio.sleep(STALL_EVERY_S - STALL_S)
        time.sleep(STALL_S)  # noqa: ASYNC251 - blocks the loop: that is what it is for


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 50, 200], help="streams at once")
    parser.add_argument("--requests", type=int, default=400, help="requests per line of the table, at least one round")
    parser.add_argument("--stall", action="store_true", help="block the client's event loop 50 ms every 250 ms")
    options = parser.parse_args()
    out = sys.stdout.write
    errors = "TTFT error µs p50/p99 | ITL error µs | lag µs | lag of exact µs"
    out(f"| client | streams | events | {errors} | exact | CPU µs per event |\n")
    out("|---|---|---|---|---|---|---|---|---|\n")
    for streams in options.streams:
        for name in CLIENTS:
            out(measure(name, streams, min(options.requests, 20 * streams), stall=options.stall) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
