"""How long a service on the core of a load process waits while answers are read.

    python -m experiments.decoding_wait [--streams 200] [--tokens 256]

Streams of OpenAI chunks end together, and a load process with real-time priority reads them. A probe on the same core
wants to run every half millisecond: its longest wait is what a service there would see. With rests and without them.
Needs root or CAP_SYS_NICE: the probe has real-time priority, too, below the load process, so that nothing else of a
busy machine is in its waits.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event

from ragmeter.clients.answers.decode import decode
from ragmeter.clients.answers.dialects import OpenAiDialect
from ragmeter.clients.connection.pauses import Pauses
from ragmeter.clients.connection.transport import Exchange
from ragmeter.core.requests.records import Phase
from ragmeter.run.load.backlog import Backlog

PERIOD_S = 0.0005
PROBE_PRIORITY, LOAD_PRIORITY = 1, 2


def answer(tokens: int) -> Exchange:
    """A whole stream, one chunk a read."""
    deltas = [{"index": 0, "delta": {"content": "word "}, "finish_reason": None}] * tokens
    choices = [*deltas, {"index": 0, "delta": {}, "finish_reason": "stop"}]
    documents = [{"id": "c", "object": "chat.completion.chunk", "choices": [each]} for each in choices]
    told = [f"data: {json.dumps(document)}\n\n" for document in documents]
    chunks = tuple((n * 1_000_000, text.encode()) for n, text in enumerate([*told, "data: [DONE]\n\n"], start=1))
    head = (("content-type", "text/event-stream"), ("transfer-encoding", "chunked"))
    ended_ns = len(chunks) * 1_000_000
    return Exchange(sent_ns=0, status=200, headers=head, chunks=chunks, ended_ns=ended_ns, deadline_ns=2 * ended_ns)


def read_all(answers: Sequence[Exchange], *, rests: bool) -> None:
    """As a load process reads them in a closed loop whose requests are not over: see `ragmeter.run.load.loader`."""
    dialect, left, over = OpenAiDialect(model="any"), len(answers), asyncio.Event()

    def work(exchange: Exchange) -> None:
        nonlocal left
        decode(exchange, dialect, index=0, phase=Phase.MEASURED, scheduled_ns=0, origin_ns=0)
        left -= 1
        if left == 0:
            over.set()

    async def main() -> None:
        backlog = Backlog(work, Pauses(), rests=rests)
        reading = asyncio.create_task(backlog.run())
        for each in answers:
            backlog.add(each)
        await over.wait()
        backlog.close()
        await reading

    asyncio.run(main())


def longest_wait_ms(streams: int, tokens: int, *, rests: bool) -> float:
    """Of the probe, while the answers are read. Raises OSError without the permission for real-time priority."""
    context = multiprocessing.get_context("fork")
    over, (here, there) = context.Event(), context.Pipe()
    core = min(os.sched_getaffinity(0))
    probe = context.Process(target=_probe, args=(core, over, there))
    probe.start()
    here.recv()
    load = context.Process(target=_load, args=(core, [answer(tokens)] * streams, rests))
    load.start()
    load.join()
    over.set()
    longest_s = float(here.recv())
    probe.join()
    if load.exitcode or probe.exitcode:
        raise OSError("no permission for real-time priority")
    return longest_s * 1e3


def _load(core: int, answers: Sequence[Exchange], rests: bool) -> None:
    os.sched_setaffinity(0, {core})
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(LOAD_PRIORITY))
    read_all(answers, rests=rests)


def _probe(core: int, over: Event, told: Connection) -> None:
    os.sched_setaffinity(0, {core})
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(PROBE_PRIORITY))
    told.send(None)
    longest_s, last_s = 0.0, time.monotonic()
    while not over.is_set():
        time.sleep(PERIOD_S)
        now_s = time.monotonic()
        longest_s, last_s = max(longest_s, now_s - last_s - PERIOD_S), now_s
    told.send(longest_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--tokens", type=int, default=256)
    asked = parser.parse_args()
    for rests in (False, True):
        waits = [longest_wait_ms(asked.streams, asked.tokens, rests=rests) for _ in range(3)]
        shown = ", ".join(f"{wait:.1f}" for wait in waits)
        print(f"{'with' if rests else 'without'} rests: longest wait {shown} ms", flush=True)


if __name__ == "__main__":
    main()
