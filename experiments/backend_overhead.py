"""What one backend process adds: to TTFT and to each token, in ms, and in CPU time for each token.

    python experiments/backend_overhead.py --streams 200 --seconds 10

Three processes on one machine: a scripted LLM (a fake: it sends the time as text), the real backend, and this client.
Every token's text is the CLOCK_MONOTONIC time at which the LLM wrote it, the first also says when the request came in.
So the part of the client's latency that was not spent in the LLM is known for each token, without a model of anything:

    added TTFT  = (request reached the LLM - client sent it) + (client got the first token - the LLM wrote it)
    added delay = client got the token - the LLM wrote it

The same client, directly on the LLM in the same run, gives the floor: what this client and this machine take alone.
Embedding is left out (`k` 0) unless --k is given; then queue, embedding and search as the backend reports them are
subtracted from the added TTFT.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httptools
import uvloop

from tests.tethered import tethered

REPOSITORY = Path(__file__).resolve().parents[1]
START_TIMEOUT_S = 30.0
STREAM_TIMEOUT_S = 60.0
SSE_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


class StubLlm(asyncio.Protocol):
    """A fake OpenAI-compatible LLM: first token after `ttft_ms`, then one every `itl_ms`, each its own write."""

    def __init__(self, *, ttft_s: float, itl_s: float) -> None:
        self._ttft_s, self._itl_s = ttft_s, itl_s
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self._arrived_ns = time.monotonic_ns()
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        body, self._body = self._body, b""
        if not body:
            models = json.dumps({"object": "list", "data": [{"id": "stub", "owned_by": "stub"}]}).encode()
            head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(models)}\r\n\r\n"
            self._transport.write(head.encode() + models)
            return
        self._left = self._tokens = int(json.loads(body)["max_tokens"])
        role = {"role": "assistant", "content": ""}
        self._transport.write(SSE_HEAD + self._chunk([{"index": 0, "delta": role, "finish_reason": None}]))
        self._due_s = self._loop.time() + self._ttft_s
        self._timer = self._loop.call_at(self._due_s, self._token)

    def _token(self) -> None:
        first = f"{self._arrived_ns} " if self._left == self._tokens else ""
        self._left -= 1
        delta = {"content": f"{first}{time.monotonic_ns()} "}
        self._transport.write(self._chunk([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}]))
        self._due_s += self._itl_s
        self._timer = self._loop.call_at(self._due_s, self._token if self._left else self._end)

    def _end(self) -> None:
        usage = {"prompt_tokens": 7, "completion_tokens": self._tokens, "total_tokens": 7 + self._tokens}
        stop = self._chunk([{"index": 0, "delta": {"content": ""}, "finish_reason": "length"}])
        done = self._framed(b"data: [DONE]\n\n") + b"0\r\n\r\n"
        self._transport.write(stop + self._chunk([], usage=usage) + done)

    def _chunk(self, choices: list[dict[str, Any]], **more: Any) -> bytes:
        chunk = {"id": "chatcmpl-0123456789abcdef0123456789abcdef", "object": "chat.completion.chunk"}
        event = json.dumps({**chunk, "created": 1700000000, "model": "stub", "choices": choices, **more})
        return self._framed(b"data: " + event.encode() + b"\n\n")

    def _framed(self, data: bytes) -> bytes:
        return f"{len(data):x}\r\n".encode() + data + b"\r\n"


async def serve_stub(ttft_s: float, itl_s: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: StubLlm(ttft_s=ttft_s, itl_s=itl_s), "127.0.0.1", 0, backlog=2048)
    sys.stdout.write(json.dumps({"event": "listening", "port": server.sockets[0].getsockname()[1]}) + "\n")
    sys.stdout.flush()
    await server.serve_forever()


@dataclass(slots=True)
class Stream:
    """One request as the client saw it."""

    sent_ns: int
    reads: list[tuple[int, bytes]] = field(default_factory=list)


class Client(asyncio.Protocol):
    """Stamps each read and keeps its bytes; everything is parsed after the run."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._finished: asyncio.Future[None] | None = None

    async def ask(self, request: bytes) -> Stream:
        self._finished = asyncio.get_running_loop().create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._stream = Stream(time.monotonic_ns())
        self._transport.write(request)
        await asyncio.wait_for(self._finished, STREAM_TIMEOUT_S)
        return self._stream

    def close(self) -> None:
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._now_ns = time.monotonic_ns()
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._finished is not None and not self._finished.done():
            self._finished.set_exception(ConnectionError(f"closed in the middle of a stream: {exc}"))

    def on_body(self, body: bytes) -> None:
        self._stream.reads.append((self._now_ns, body))

    def on_message_complete(self) -> None:
        if self._finished is not None and not self._finished.done():
            self._finished.set_result(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    port: int
    path: str
    body: dict[str, Any]
    streams: int
    seconds: float
    lockstep: bool
    stream_s: float

    def request(self) -> bytes:
        body = json.dumps(self.body).encode()
        head = f"POST {self.path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


async def run_load(load: Load) -> tuple[list[Stream], int]:
    """The streams after the ramp, and how many tokens there were in all.

    Closed loop: each worker asks again when its stream has ended. Workers start spread over one stream's length.
    """
    loop = asyncio.get_running_loop()
    request = load.request()
    rng = random.Random(1)
    began_s = loop.time()
    until_s = began_s + load.stream_s + load.seconds

    async def work(delay_s: float) -> list[Stream]:
        await asyncio.sleep(delay_s)
        _, client = await loop.create_connection(Client, "127.0.0.1", load.port)
        streams: list[Stream] = []
        while loop.time() < until_s:
            streams.append(await client.ask(request))
        client.close()
        return streams

    delays_s = [0.0 if load.lockstep else rng.uniform(0, load.stream_s) for _ in range(load.streams)]
    finished = await asyncio.gather(*(work(delay_s) for delay_s in delays_s))
    first_ns = int((began_s + load.stream_s) * 1e9)  # the ramp is left out
    streams = [stream for streams in finished for stream in streams]
    return [stream for stream in streams if stream.sent_ns >= first_ns], len(streams) * load.body["max_tokens"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overhead:
    ttft_ms: list[float]
    token_ms: list[float]


def measure(streams: list[Stream]) -> Overhead:
    ttft_ms, token_ms = [], []
    for stream in streams:
        texts, stages_ms = parse(stream)
        arrived_ns, written_ns = (int(part) for part in texts[0][1].split())
        outside_ns = (arrived_ns - stream.sent_ns) + (texts[0][0] - written_ns)
        ttft_ms.append(outside_ns / 1e6 - stages_ms)
        token_ms += [(got_ns - int(text)) / 1e6 for got_ns, text in texts[1:]]
    return Overhead(ttft_ms=ttft_ms, token_ms=token_ms)


def parse(stream: Stream) -> tuple[list[tuple[int, str]], float]:
    """(time, text) of each token, and what the backend says it spent before it asked the LLM. Both protocols."""
    texts: list[tuple[int, str]] = []
    stages_ms, rest = 0.0, b""
    for got_ns, body in stream.reads:
        *events, rest = (rest + body).split(b"\n\n")
        for event in events:
            payload = event.partition(b"data: ")[2]
            if payload == b"[DONE]":
                continue
            content = json.loads(payload)
            if event.startswith(b"event: error"):
                raise RuntimeError(f"the backend failed a stream: {content}")
            if event.startswith(b"event: done"):
                stages_ms = sum(content["timings"][stage] for stage in ("queue_ms", "embedding_ms", "retrieval_ms"))
            text = content.get("text") or "".join(
                choice["delta"].get("content") or "" for choice in content.get("choices", [])
            )
            if text:
                texts.append((got_ns, text))
    return texts, stages_ms


def quantile(values: list[float], q: float) -> float:
    """Nearest rank."""
    return sorted(values)[max(0, -int(-q * len(values) // 1) - 1)]


def cpu_s(pid: int) -> float:
    """User and system time of all threads of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def child(arguments: list[str], environ: dict[str, str], logs: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """A process that writes {"event": "listening", ...} to `logs`; it is ended, come what may."""
    with logs.open("wb") as output:
        process = subprocess.Popen(
            tethered([sys.executable, *arguments]), cwd=REPOSITORY, env={**os.environ, **environ}, stdout=output
        )
    try:
        yield process.pid, wait_for_start(process, logs)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_start(process: subprocess.Popen[bytes], logs: Path) -> dict[str, Any]:
    until_s = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < until_s and process.poll() is None:
        for line in logs.read_text(encoding="utf-8").splitlines():
            if '"listening"' in line:
                said: dict[str, Any] = json.loads(line)
                return said
        time.sleep(0.05)
    raise RuntimeError(f"it did not start: {process.args!r}: {logs.read_text(encoding='utf-8')}")


def waited_for_cpu_s(pid: int) -> float:
    """Time that the main thread was ready to run and had no CPU: what the machine, not the process, is to blame for."""
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="utf-8").split()[1]) / 1e9


def isolate(pid: int, cpus: set[int], *, realtime: bool) -> None:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), cpus)
        if realtime:
            os.sched_setscheduler(int(thread.name), os.SCHED_FIFO, os.sched_param(10))


def report(name: str, overhead: Overhead) -> None:
    for what, values in (("TTFT", overhead.ttft_ms), ("each token", overhead.token_ms)):
        quantiles = "  ".join(f"p{q * 100:g} {quantile(values, q):.3f}" for q in (0.5, 0.9, 0.99, 0.999))
        print(f"{name}: added to {what}, ms: {quantiles}  max {max(values):.3f}  (n {len(values)})")


def measure_load(name: str, load: Load, pids: dict[str, int]) -> None:
    before_s = {process: (cpu_s(pid), waited_for_cpu_s(pid)) for process, pid in pids.items()}
    started_s = time.monotonic()
    streams, all_tokens = uvloop.run(run_load(load))
    wall_s = time.monotonic() - started_s
    after_s = {process: (cpu_s(pid), waited_for_cpu_s(pid)) for process, pid in pids.items()}
    report(name, measure(streams))
    for process, (before_cpu_s, before_wait_s) in before_s.items():
        busy_s = after_s[process][0] - before_cpu_s
        waited_s = after_s[process][1] - before_wait_s
        per_token = f", {busy_s / all_tokens * 1e6:.1f} µs of CPU for each token" if process == "backend" else ""
        print(f"  {process}: busy {busy_s / wall_s:.0%}, without a CPU {waited_s / wall_s:.1%} of the time{per_token}")
    print(f"  {all_tokens / wall_s:.0f} tokens/s")


def run(arguments: argparse.Namespace) -> None:
    stub = [__file__, "--stub", "--ttft-ms", str(arguments.ttft_ms), "--itl-ms", str(arguments.itl_ms)]
    with tempfile.TemporaryDirectory() as folder, child(stub, {}, Path(folder) / "stub.log") as (stub_pid, stub_says):
        environ = {
            "VLLM_BASE_URL": f"http://127.0.0.1:{stub_says['port']}",
            "VLLM_MODEL": "stub",
            "RAG_DATA_DIR": folder,
            "RAG_MAX_INFLIGHT": str(arguments.streams + 8),
        }
        backend = ["-m", "backend", "--port", "0"]
        with child(backend, environ, Path(folder) / "backend.log") as (backend_pid, backend_says):
            pids = {"LLM": stub_pid, "client": os.getpid()}
            place({**pids, "backend": backend_pid}, realtime=arguments.realtime)
            measure_both(arguments, stub_says["port"], int(backend_says["url"].rpartition(":")[2]), pids, backend_pid)


def place(pids: dict[str, int], *, realtime: bool) -> None:
    """The backend has the last CPU for itself, as far as these three are concerned."""
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) == 1:
        print("one CPU: the three processes share it, so the figures say little about the backend")
        return
    for process, pid in pids.items():
        isolate(pid, {cpus[-1]} if process == "backend" else set(cpus[:-1]), realtime=realtime)


def measure_both(
    arguments: argparse.Namespace, stub_port: int, backend_port: int, pids: dict[str, int], backend_pid: int
) -> None:
    chat = {"model": "stub", "stream": True, "max_tokens": arguments.tokens, "messages": []}
    query = {"query": "What is a token?", "k": arguments.k, "max_tokens": arguments.tokens}
    load = Load(
        port=stub_port,
        path="/v1/chat/completions",
        body=chat,
        streams=arguments.streams,
        seconds=arguments.seconds,
        lockstep=arguments.lockstep,
        stream_s=(arguments.ttft_ms + arguments.itl_ms * arguments.tokens) / 1e3,
    )
    if arguments.k:
        uvloop.run(ingest(backend_port))
    measure_load("the LLM directly (floor)", load, pids)
    through = replace(load, port=backend_port, path="/query/stream", body=query)
    measure_load("through the backend", through, {**pids, "backend": backend_pid})


async def ingest(port: int) -> None:
    text = "\n\n".join(f"## Part {part}\n\n" + f"A token is part {part} of a text. " * 20 for part in range(20))
    body = {"documents": [{"content": text, "meta": {"name": "tokens.md"}}]}
    load = Load(port=port, path="/ingest", body=body, streams=1, seconds=0, lockstep=True, stream_s=0)
    _, client = await asyncio.get_running_loop().create_connection(Client, "127.0.0.1", port)
    answer = await client.ask(load.request())
    if b'"ingested":1' not in b"".join(part for _, part in answer.reads):
        raise RuntimeError(f"ingest failed: {answer.reads}")
    client.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10, help="measured, after a ramp of one stream's length")
    parser.add_argument("--tokens", type=int, default=64, help="per stream")
    parser.add_argument("--ttft-ms", type=float, default=100)
    parser.add_argument("--itl-ms", type=float, default=20)
    parser.add_argument("--k", type=int, default=0, help="chunks to retrieve; 0 leaves embedding and search out")
    parser.add_argument("--lockstep", action="store_true", help="start all workers at once")
    parser.add_argument("--realtime", action="store_true", help="SCHED_FIFO for the three; needs root")
    parser.add_argument("--stub", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.stub:
        uvloop.run(serve_stub(arguments.ttft_ms / 1e3, arguments.itl_ms / 1e3))
    else:
        run(arguments)


if __name__ == "__main__":
    main()
