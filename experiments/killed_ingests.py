"""kill -9 in the middle of an ingest, again and again: python -m experiments.killed_ingests [--kills 200]

Starts the real backend on one folder, has it ingest documents, and kills it at a moment drawn between the beginning of
the request and a little after its end. Each start after it must find an index that is whole: all documents that were
answered for, and of those under way all or none. Prints a table of Markdown with the counts; exit status 1 when an
index was not whole. Half an hour on two cores.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.backend.fake_llm import FakeLlm
from tests.backend.running import Backend

WORDS = "An index that is written while the power goes is whole, the old one or the new one. "
DOCUMENTS = 3
BEYOND = 1.3
"""Of the time that an ingest takes: the latest moment of a kill."""


def batch(number: int) -> dict[str, str]:
    return {f"{number}-{part}.md": f"Batch {number}, part {part}. " + WORDS * 12 for part in range(DOCUMENTS)}


def names(backend: Backend) -> set[str]:
    return {entry["name"] for entry in backend.http.get("/documents").json()["documents"]}


def killed(folder: Path, kills: int, seed: int) -> Counter[str]:
    """How often what was found after a kill: `old`, `new`, or `broken` with the reason."""
    drawn, found = random.Random(seed), Counter[str]()
    fake = FakeLlm()
    backend = Backend(data_dir=folder, llm_url=fake.url)
    try:
        began = time.monotonic()
        backend.ingest(batch(0))
        takes_s, before = time.monotonic() - began, set(batch(0))
        for number in range(1, kills + 1):
            wanted = before | set(batch(number))
            with ThreadPoolExecutor(1) as client:
                ingesting = client.submit(backend.ingest, batch(number))
                time.sleep(drawn.uniform(0, BEYOND * takes_s))
                backend.kill()
            answered = ingesting.exception() is None
            if not answered and not isinstance(ingesting.exception(), httpx.TransportError):
                found[f"broken: {ingesting.exception()}"] += 1
            try:
                backend = Backend(data_dir=folder, llm_url=fake.url)
            except RuntimeError as error:
                found[f"broken: {error}"] += 1
                return found
            there = names(backend)
            if there == wanted:
                found["new"] += 1
            elif there == before and not answered:
                found["old"] += 1
            else:
                found[f"broken: {sorted(there ^ wanted)}"] += 1
            before = there
        if before:
            assert backend.stream("Which index is whole?", k=3)[0][1]["documents"]
    finally:
        backend.close()
        fake.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="kill -9 in the middle of an ingest, again and again")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ragmeter-kills-") as folder:
        found = killed(Path(folder), options.kills, options.seed)
    print("| found after kill -9 | times |\n|---|---|")
    for what, times in sorted(found.items()):
        print(f"| {what} | {times} |")
    sys.exit(any(what.startswith("broken") for what in found))


if __name__ == "__main__":
    main()
