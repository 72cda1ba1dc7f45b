"""One client of the benchmark in a process of its own: opens streams together, dates their tokens, says what it saw.

    python timed_clients.py NAME URL STREAMS ROUNDS [--stall]

All streams of a round start at once, on connections that a round before has opened. With --stall the event loop is
blocked for 50 ms every 250 ms, as by a long computation. Writes one JSON document.
"""

import asyncio
import gc
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from functools import partial

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
    """cpu_s: of the whole process while it streams; what a client decodes later is not in it."""

    seen: list[Seen]
    cpu_s: float
    rss_mb: float


async def ours(base_url: str, streams: int, rounds: int, *, clock: str) -> Measured:
    from ragmeter.clients.decode import decode
    from ragmeter.clients.dialects import OpenAiDialect
    from ragmeter.clients.http import HttpTransport
    from ragmeter.clients.transport import Exchange
    from ragmeter.core.records import Phase

    transport, dialect = HttpTransport([base_url], clock=clock), OpenAiDialect(model="ground-truth")
    await transport.connect(streams)
    request = dialect.request("why?")

    async def one_round() -> list[Exchange]:
        deadline_ns = time.monotonic_ns() + TIMEOUT_S * 10**9
        return await asyncio.gather(*(transport.exchange(request, deadline_ns=deadline_ns) for _ in range(streams)))

    await one_round()
    began = time.process_time()
    exchanges = [exchange for _ in range(rounds) for exchange in await one_round()]
    cpu_s = time.process_time() - began
    samples = [decode(e, dialect, index=0, phase=Phase.MEASURED, scheduled_ns=0, origin_ns=0) for e in exchanges]
    await transport.aclose()
    seen = [
        Seen(
            request_id=sample.request_id or "",
            sent_ns=sample.sent_ns or 0,
            events_ns=sample.events_ns,
            inexact=None if sample.inexact_events is None else tuple(at for at, _ in sample.inexact_events),
        )
        for sample in samples
    ]
    return Measured(seen=seen, cpu_s=cpu_s, rss_mb=rss_mb())


async def with_httpx(base_url: str, streams: int, rounds: int) -> Measured:
    import httpx

    limits = httpx.Limits(max_connections=streams, max_keepalive_connections=streams)
    async with httpx.AsyncClient(base_url=base_url, limits=limits, timeout=TIMEOUT_S) as client:

        async def stream() -> Seen:
            sent_ns = time.monotonic_ns()
            async with client.stream("POST", PATH, json=BODY) as response:
                return seen_of(sent_ns, [(time.monotonic_ns(), line) async for line in response.aiter_lines()])

        return await rounds_of(stream, streams, rounds)


async def with_aiohttp(base_url: str, streams: int, rounds: int) -> Measured:
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    connector = aiohttp.TCPConnector(limit=streams)
    async with aiohttp.ClientSession(base_url, connector=connector, timeout=timeout) as client:

        async def stream() -> Seen:
            sent_ns = time.monotonic_ns()
            async with client.post(PATH, json=BODY) as response:
                return seen_of(sent_ns, [(time.monotonic_ns(), line.decode()) async for line in response.content])

        return await rounds_of(stream, streams, rounds)


def seen_of(sent_ns: int, lines: list[tuple[int, str]]) -> Seen:
    """Of the lines, those with a token: neither the usage nor the end."""
    tokens = [(at_ns, line) for at_ns, line in lines if '"content"' in line]
    request_id = json.loads(tokens[0][1].removeprefix("data: "))["id"]
    return Seen(request_id=request_id, sent_ns=sent_ns, events_ns=tuple(at_ns for at_ns, _ in tokens))


async def rounds_of(stream: Callable[[], Awaitable[Seen]], streams: int, rounds: int) -> Measured:
    async def one_round() -> list[Seen]:
        return await asyncio.gather(*(stream() for _ in range(streams)))

    await one_round()
    began = time.process_time()
    seen = [each for _ in range(rounds) for each in await one_round()]
    return Measured(seen=seen, cpu_s=time.process_time() - began, rss_mb=rss_mb())


def rss_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


CLIENTS: dict[str, Callable[[str, int, int], Awaitable[Measured]]] = {
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


def main(name: str, base_url: str, streams: int, rounds: int, *, stall: bool) -> None:
    import uvloop

    gc.disable()
    measured = uvloop.run(_run(CLIENTS[name](base_url, streams, rounds), stall=stall))
    json.dump(asdict(measured), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), stall=sys.argv[5:] == ["--stall"])
