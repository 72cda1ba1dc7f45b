"""What hostile clients do to the backend: python -m experiments.backend_attacks [--size 1000000]

Starts the real backend, with tighter limits on CPU time, text and waiting than its defaults, and does to it what
`tests/backend/hostile_files.py` lists and what tests of its edges do, at full size. While each attack runs, /healthz is
asked a hundred times a second by a process of its own. Writes a table of Markdown: kind of attack, tries, what held,
the slowest answers of /healthz, and the memory of the service with the processes that read for it. Some minutes.

It holds where every answer came with a documented status and body, and /healthz never failed; exit status 1 where
something did not. On a machine that does nothing else its 99th percentile is at most 100 ms. What a busy machine adds
is in the first row, of a service that nobody attacks, and the last column divides by it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.backend.fake_llm import FakeLlm
from tests.backend.hostile_files import DOCX, FORM_TYPE, FORMS, HTML, JSON, PDF, TEXT, Make
from tests.backend.probing import Probe, p99
from tests.backend.raw_client import HEAD, OPEN_BODY, WHOLE, RawClient
from tests.backend.running import Backend, memory_of

UNDISTURBED_S = 10.0
IDLE_CONNECTIONS = 5000
BUSY_CONNECTIONS = 1100


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    kind: str
    tries: int
    held: int
    p99_ms: float
    slowest_ms: float
    memory_bytes: int
    longest_s: float

    def line(self, undisturbed: Row) -> str:
        return (
            f"| {self.kind} | {self.tries} | {self.held} | {self.longest_s:.1f} s | {self.p99_ms:.0f} ms | "
            f"{self.slowest_ms:.0f} ms | {self.memory_bytes / 2**20:.0f} MiB | {self.p99_ms / undisturbed.p99_ms:.1f} |"
        )


TABLE_HEAD = (
    "| attack | tries | held | longest answer | /healthz p99 | slowest | most memory | p99 by that of no attack |",
    "|---|---|---|---|---|---|---|---|",
)


def attacked(kind: str, backend: Backend, tries: Mapping[str, Callable[[], bool]]) -> Row:
    """Each of `tries` does its harm and says whether the service answered as it should."""
    held, longest_s, memory = 0, 0.0, 0
    times_ms: list[float] = []
    for attack in tries.values():
        began = time.monotonic()
        with Probe(backend.url) as probe:
            is_answered = attack()
        held += is_answered and not probe.failed
        times_ms += probe.times_ms
        longest_s = max(longest_s, time.monotonic() - began)
        memory = max(memory, memory_of(backend))
    return Row(
        kind=kind,
        tries=len(tries),
        held=held,
        p99_ms=p99(times_ms),
        slowest_ms=max(times_ms),
        memory_bytes=memory,
        longest_s=longest_s,
    )


def is_answer(response: httpx.Response) -> bool:
    if response.is_success:
        return True
    return response.status_code < 500 and {"message", "type", "request_id"} <= set(response.json())


def undisturbed() -> bool:
    time.sleep(UNDISTURBED_S)
    return True


def files(backend: Backend, kinds: Mapping[str, Make], size: int) -> dict[str, Callable[[], bool]]:
    def ingest(name: str, make: Make) -> bool:
        return is_answer(backend.http.post("/ingest", files={"files": (name, make(size))}))

    return {name: lambda name=name, make=make: ingest(name, make) for name, make in kinds.items()}  # type: ignore[misc]


def bodies(backend: Backend, kinds: Mapping[str, Make], size: int, kind: str) -> dict[str, Callable[[], bool]]:
    def ingest(make: Make) -> bool:
        return is_answer(backend.http.post("/ingest", content=make(size), headers={"content-type": kind}))

    return {name: lambda make=make: ingest(make) for name, make in kinds.items()}  # type: ignore[misc]


def connections(backend: Backend) -> dict[str, Callable[[], bool]]:
    def others_are_served() -> bool:
        with RawClient(backend.url, "127.0.0.9") as client:
            client.send(WHOLE)
            return client.answer().status == 200

    def held_open(number: int, first: bytes) -> bool:
        with ExitStack() as stack:
            for _ in range(number):
                stack.enter_context(RawClient(backend.url)).send(first)
            return others_are_served()

    def endless(start: bytes, more: bytes) -> bool:
        with RawClient(backend.url) as client:
            client.send(start)
            sent = 0
            while sent < 2**30 and client.send(more):
                sent += len(more)
        return sent < 2**27 and others_are_served()

    return {
        "idle": lambda: held_open(IDLE_CONNECTIONS, b""),
        "half a request": lambda: held_open(BUSY_CONNECTIONS, HEAD),
        "half a body": lambda: held_open(BUSY_CONNECTIONS, OPEN_BODY),
        "kept open": lambda: held_open(BUSY_CONNECTIONS, WHOLE),
        "an endless field": lambda: endless(HEAD + b"x: ", b"a" * 2**20),
        "endless fields": lambda: endless(HEAD, b"x: a\r\n" * 2**17),
        "endless lines": lambda: endless(b"", b"\r\n" * 2**19),
        "an endless URL": lambda: endless(b"GET /", b"a" * 2**20),
        "an endless chunk extension": lambda: endless(OPEN_BODY + b"1;", b"a" * 2**20),
        "endless trailers": lambda: endless(OPEN_BODY + b"0\r\n", b"x: a\r\n" * 2**17),
        "requests without reading": lambda: endless(b"", WHOLE * 2**14),
    }


def rows(size: int) -> Iterator[Row]:
    fake = FakeLlm()
    with tempfile.TemporaryDirectory(prefix="ragmeter-attacks-") as folder:
        backend = Backend(
            data_dir=Path(folder), llm_url=fake.url, RAG_READER_CPU_SECONDS="5", RAG_MAX_TEXT_BYTES="4000000",
            RAG_CHUNK_CHARS="100000", RAG_HEADER_TIMEOUT_SECONDS="5", RAG_STALL_TIMEOUT_SECONDS="5",
        )  # fmt: skip
        backend.http.timeout = httpx.Timeout(600)
        try:
            yield attacked("none", backend, {"none": undisturbed})
            for name, kinds in (("HTML", HTML), ("PDF", PDF), ("DOCX", DOCX), ("text", TEXT)):
                yield attacked(f"{name} files", backend, files(backend, kinds, size))
            yield attacked("JSON bodies of 60 MB", backend, bodies(backend, JSON, 60_000_000, "application/json"))
            yield attacked("forms of 60 MB", backend, bodies(backend, FORMS, 60_000_000, FORM_TYPE))
            yield attacked("connections", backend, connections(backend))
        finally:
            backend.close()
            fake.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="what hostile clients do to the backend")
    parser.add_argument("--size", type=int, default=1_000_000, help="bytes of a hostile file (default %(default)s)")
    options = parser.parse_args()
    print("\n".join(TABLE_HEAD))
    done: list[Row] = []
    for row in rows(options.size):
        done.append(row)
        print(row.line(done[0]), flush=True)
    sys.exit(any(row.held < row.tries for row in done))


if __name__ == "__main__":
    main()
