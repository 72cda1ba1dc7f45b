"""One client of the benchmark in a process of its own: opens streams together, dates their tokens, says what it saw.

    python timed_clients.py NAME URL STREAMS ROUNDS [--spread S] [--stall] [--process N --processes N]

The streams of a round start at once, or evenly over --spread seconds, on connections that a round before has opened.
With --stall the event loop is blocked for 50 ms every 250 ms, as by a long computation. With --processes this is one of
several, each with local ports of its own. Writes one JSON document.
"""

import argparse
import asyncio
import gc
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

TIMEOUT_S = 60
STALL_S, STALL_EVERY_S = 0.05, 0.25
PATH = "/v1/chat/completions"
BODY = {"model": "ground-truth", "stream": True, "messages": [{"role": "user", "content": "why?"}]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One stream as a client dated it. inexact: positions of the events that it says are not exact."""

    request_id: str
    sent_ns: int
    events_ns: tuple[int, ...]
    inexact: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """cpu_s: of the whole process while it streams. decode_s: of what a client does with an answer afterwards."""

    seen: list[Seen]
    cpu_s: float
    decode_s: float = 0.0
    rss_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a client is asked to do; see above."""

    base_url: str
    streams: int
    rounds: int
    spread_s: float = 0.0
    process: int = 0
    processes: int = 1

    async def round(self, stream: Callable[[], Awaitable[T]]) -> list[T]:
        async def late(number: int) -> T:
            await asyncio.sleep(self.spread_s * number / self.streams)
            return await stream()

        return await asyncio.gather(*(late(number) for number in range(self.streams)))


async def ours(task: Task, *, clock: str) -> Measured:
    from ragmeter.clients.answers.decode import decode
    from ragmeter.clients.answers.dialects import OpenAiDialect
    from ragmeter.clients.connection.local_ports import share_of_ports
    from ragmeter.clients.connection.transport import Exchange
    from ragmeter.clients.http.client import HttpTransport
    from ragmeter.core.requests.records import Phase

    ports = share_of_ports(task.process, task.processes)
    transport, dialect = HttpTransport([task.base_url], clock=clock, local_ports=ports), OpenAiDialect(model="truth")
    await transport.connect(task.streams)
    request = dialect.request("why?")

    async def stream() -> Exchange:
        return await transport.exchange(request, deadline_ns=time.monotonic_ns() + TIMEOUT_S * 10**9)

    await task.round(stream)
    began = time.process_time()
    exchanges = [exchange for _ in range(task.rounds) for exchange in await task.round(stream)]
    streamed = time.process_time()
    samples = [decode(e, dialect, index=0, phase=Phase.MEASURED, scheduled_ns=0, origin_ns=0) for e in exchanges]
    decoded = time.process_time()
    await transport.aclose()
    seen = [
        Seen(
            request_id=sample.request_id or "",
            sent_ns=sample.sent_ns or 0,
            events_ns=tuple(sample.events_ns),
            inexact=None if sample.inexact_events is None else tuple(at for at, _ in sample.inexact_events),
        )
        for sample in samples
    ]
    return Measured(seen=seen, cpu_s=streamed - began, decode_s=decoded - streamed, rss_mb=rss_mb())


async def with_httpx(task: Task) -> Measured:
    import httpx

    limits = httpx.Limits(max_connections=task.streams, max_keepalive_connections=task.streams)
    async with httpx.AsyncClient(base_url=task.base_url, limits=limits, timeout=TIMEOUT_S) as client:

        async def stream() -> Seen:
            sent_ns = time.monotonic_ns()
            async with client.stream("POST", PATH, json=BODY) as response:
                return seen_of(sent_ns, [(time.monotonic_ns(), line) async for line in response.aiter_lines()])

        return await rounds_of(stream, task)


async def with_aiohttp(task: Task) -> Measured:
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    connector = aiohttp.TCPConnector(limit=task.streams)
    async with aiohttp.ClientSession(task.base_url, connector=connector, timeout=timeout) as client:

        async def stream() -> Seen:
            sent_ns = time.monotonic_ns()
            async with client.post(PATH, json=BODY) as response:
                return seen_of(sent_ns, [(time.monotonic_ns(), line.decode()) async for line in response.content])

        return await rounds_of(stream, task)


def seen_of(sent_ns: int, lines: list[tuple[int, str]]) -> Seen:
    """Of the lines, those with a token: neither the usage nor the end."""
    tokens = [(at_ns, line) for at_ns, line in lines if '"content"' in line]
    request_id = json.loads(tokens[0][1].removeprefix("data: "))["id"]
    return Seen(request_id=request_id, sent_ns=sent_ns, events_ns=tuple(at_ns for at_ns, _ in tokens))


async def rounds_of(stream: Callable[[], Awaitable[Seen]], task: Task) -> Measured:
    await task.round(stream)
    began = time.process_time()
    seen = [each for _ in range(task.rounds) for each in await task.round(stream)]
    return Measured(seen=seen, cpu_s=time.process_time() - began, rss_mb=rss_mb())


def rss_mb() -> float:
    """The most so far. Not ru_maxrss: it begins with what the parent had."""
    high = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(high.split()[1]) / 1024


CLIENTS: dict[str, Callable[[Task], Awaitable[Measured]]] = {
    "ragmeter, capture": partial(ours, clock="capture"),
    "ragmeter, kernel": partial(ours, clock="kernel"),
    "ragmeter, user": partial(ours, clock="user"),
    "aiohttp": with_aiohttp,
    "httpx": with_httpx,
}


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
    import uvloop

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("client", choices=list(CLIENTS))
    parser.add_argument("base_url")
    parser.add_argument("streams", type=int)
    parser.add_argument("rounds", type=int)
    parser.add_argument("--spread", dest="spread_s", type=float, default=0.0)
    parser.add_argument("--process", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--stall", action="store_true")
    options = vars(parser.parse_args())
    client, stall = CLIENTS[options.pop("client")], options.pop("stall")
    gc.disable()
    json.dump(asdict(uvloop.run(_run(client(Task(**options)), stall=stall))), sys.stdout)


if __name__ == "__main__":
    main()
