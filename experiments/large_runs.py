"""What runs of many requests cost once they are measured: time, memory and the size of the page.

    python -m experiments.large_runs RUN.raw.jsonl [--requests 20000 100000] [--keep DIR]

RUN is the raw record of a short run, such as `pytest bench --provider=local` leaves in `reports`. Records of so many
requests are made of it: its requests over and over, their times drawn again, sent in a closed loop. The commands that
read records are each run on them in a process of its own. CPU time counts, not the clock, so that other work on the
machine matters little. The floor is a process that reads the bytes of the file and decodes its JSON, and does no more.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

TRIALS, SLOTS = 5, 16
FLOOR: Final = """\
import sys
from pydantic_core import from_json
for path in sys.argv[1:]:
    with open(path, "rb") as lines:
        for line in lines:
            from_json(line)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """cpu_s: of the process and its children. peak_mb: most resident memory. page_mb: of what it wrote."""

    cpu_s: float
    peak_mb: float
    page_mb: float | None = None


def drawn(source: Path, requests: int, seed: int) -> Iterator[str]:
    """The lines of a record of so many measured requests, in `TRIALS` trials."""
    draw = random.Random(seed)
    lines = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    plan = next(line for line in lines if "plan" in line)
    plan["plan"]["workload"] |= {"trials": TRIALS, "requests": requests // TRIALS}
    plan["plan"]["run_id"] = f"{plan['plan']['run_id']}-{seed}"
    samples = [line["sample"] for line in lines if "sample" in line]
    warmup = [sample for sample in samples if sample["phase"] == "warmup"]
    measured = [sample for sample in samples if sample["phase"] == "measured" and sample["error"] != "interrupted"]
    yield _line(plan)
    yield from (_line({"sample": sample}) for sample in warmup)
    start_ns = max(sample["ended_ns"] for sample in samples)
    for trial in range(TRIALS):
        free = [start_ns] * SLOTS
        for number in range(requests // TRIALS):
            slot = free.index(min(free))
            index = len(warmup) + trial * (requests // TRIALS) + number
            sample = again(draw.choice(measured), draw.lognormvariate(0.0, 0.2), free[slot])
            yield _line(
                {"sample": sample | {"index": index, "trial": trial, "request_id": f"{draw.getrandbits(64):x}"}}
            )
            free[slot] = sample["ended_ns"]
        start_ns = max(free)
    ending = {"status": "complete", "client_cpu_ratio": 0.1, "real_time": True}
    yield _line({"ending": ending})


def again(sample: dict[str, Any], factor: float, at_ns: int) -> dict[str, Any]:
    """The same request at another time, everything in it longer by a factor."""

    def moved(moment_ns: int | None) -> int | None:
        return None if moment_ns is None else at_ns + round((moment_ns - sample["scheduled_ns"]) * factor)

    moments = ("scheduled_ns", "sent_ns", "first_source_ns", "first_reasoning_ns", "ended_ns")
    return sample | {
        **{name: moved(sample[name]) for name in moments},
        "events_ns": [moved(moment) for moment in sample["events_ns"]],
        "timings": {
            name: round(ms * factor, 3) if isinstance(ms, float) else ms for name, ms in sample["timings"].items()
        },
    }


def _line(document: dict[str, Any]) -> str:
    return json.dumps(document) + "\n"


def cost_of(command: Sequence[str], written: Path | None = None) -> Cost:
    """Of a process that has to succeed."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit status {process.returncode}")
    page_mb = None if written is None else written.stat().st_size / 1e6
    return Cost(cpu_s=used.ru_utime + used.ru_stime, peak_mb=used.ru_maxrss / 1024, page_mb=page_mb)


def costs(folder: Path, records: Sequence[Path]) -> Iterator[tuple[str, Cost, Cost]]:
    """What was done, what it cost, and the floor: of one record, and of two."""
    one, *_ = records
    page = folder / "page.html"
    ragmeter = [sys.executable, "-c", "from ragmeter.cli import main; import sys; sys.exit(main())"]
    floors = {count: cost_of([sys.executable, "-c", FLOOR, *map(str, records[:count])]) for count in (1, 2)}
    yield "floor", floors[1], floors[1]
    yield "render", cost_of([*ragmeter, "render", str(one), f"--html={page}"], page), floors[1]
    yield "judge", cost_of([*ragmeter, "judge", str(one), "--slo=p95(ttft_ms) <= 1e9"]), floors[1]
    table = folder / "requests.csv"
    yield "export", cost_of([*ragmeter, "export", str(one), f"--csv={table}"]), floors[1]
    yield "compare", cost_of([*ragmeter, "compare", *map(str, records), f"--html={page}"], page), floors[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--requests", type=int, nargs="+", default=[20_000, 100_000])
    parser.add_argument("--keep", type=Path, help="folder for the records; default: a temporary one")
    options = parser.parse_args()
    print("| requests | what | CPU s | times the floor | peak MB | above the floor, MB | page MB |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        for requests in options.requests:
            records = [folder / f"{requests}-{seed}.raw.jsonl" for seed in (1, 2)]
            for seed, record in enumerate(records, start=1):
                with record.open("w", encoding="utf-8") as stream:
                    stream.writelines(drawn(options.run, requests, seed))
            for what, at, floor in costs(Path(temporary), records):
                more = f"{at.cpu_s / floor.cpu_s:.1f} | {at.peak_mb:.0f} | {at.peak_mb - floor.peak_mb:.0f}"
                page = "" if at.page_mb is None else f"{at.page_mb:.2f}"
                print(f"| {requests:,} | {what} | {at.cpu_s:.1f} | {more} | {page} |", flush=True)


if __name__ == "__main__":
    main()
