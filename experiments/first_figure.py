"""How long a newcomer waits for the first answer and for the whole of `smoke`, and what memory that takes.

    python experiments/first_figure.py [--runs 3]

Each run is the command of the README, `pytest bench --provider=local`, from its start to its end: wall time until each
stage is over, CPU time of all its processes, and the peak of their memory: the sum of PSS, which counts a page that
several share once, and of RSS, which counts it in each. A ratio below 1 is within the target. Other work on the machine
makes wall times longer and CPU time hardly; the load average before the start tells of it.
Standard library only, so that the Python of any installation can run it.
"""

from __future__ import annotations

import argparse
import os
import re
import selectors
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from tests.tethered import tethered  # noqa: E402 - which a program in this folder finds from here on

POLL_S = 0.2
LIMIT_S = 900.0

STAGES = {
    "tests collected": r"collected \d+ items",
    "LLM listens": r"local: LLM ",
    "backend ready": r"local: backend ready",
    "docset ingested": r"local: \d+ documents ingested",
    "first question answered": r"PASSED",
    "client calibrated": r"plan of smoke",
    "warm-up over": r"predicted from the warm-up",
    "load over": r"measured (\d+)/\1,",
}
"""What the output says when a stage is over, in their order."""

TARGETS = {"first question answered": 12.0, "end": 90.0}
MEMORY_TARGET_MB = 1000.0


@dataclass(slots=True, kw_only=True)
class Run:
    """One run of the command; seconds since its start by stage."""

    stages: dict[str, float] = field(default_factory=dict)
    cpu_s: float = 0.0
    pss_mb: float = 0.0
    rss_mb: float = 0.0
    status: int = 0


def run(command: list[str]) -> Run:
    """Run the command to its end. Raises TimeoutError when it takes 15 minutes."""
    made = Run()
    began = time.monotonic()
    with subprocess.Popen(
        tethered(command), cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        try:
            _follow(process, made, began)
        except BaseException:
            process.terminate()
            raise
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = made.status = os.waitstatus_to_exitcode(status)
    made.stages["end"] = time.monotonic() - began
    made.cpu_s = used.ru_utime + used.ru_stime
    return made


def _follow(process: subprocess.Popen[bytes], made: Run, began: float) -> None:
    """Date what the output says as it comes, and look at the memory in between, until the output ends."""
    assert process.stdout is not None
    output, ended = "", False
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not ended:
            if selector.select(POLL_S):
                chunk = os.read(process.stdout.fileno(), 65536)
                output, ended = output + chunk.decode("utf-8", "replace"), not chunk
            now = time.monotonic() - began
            for stage in STAGES.keys() - made.stages.keys():
                if re.search(STAGES[stage], output):
                    made.stages[stage] = now
            pss_mb, rss_mb = memory_mb(process.pid)
            made.pss_mb, made.rss_mb = max(made.pss_mb, pss_mb), max(made.rss_mb, rss_mb)
            if now > LIMIT_S:
                raise TimeoutError(f"no end after {LIMIT_S:.0f} s; the output so far:\n{output}")


def memory_mb(root: int) -> tuple[float, float]:
    """PSS and RSS, summed over a process and its descendants."""
    totals = [0, 0]
    for pid in _family(root):
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        except OSError:
            continue  # it has ended
        for place, name in enumerate(("Pss", "Rss")):
            found = re.search(rf"^{name}: +(\d+) kB", rollup, re.MULTILINE)
            totals[place] += int(found[1]) if found else 0
    return totals[0] * 1024 / 1e6, totals[1] * 1024 / 1e6


def _family(root: int) -> Iterator[int]:
    children = defaultdict(list)
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = entry.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        children[int(after_name[1])].append(int(entry.parent.name))
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        waiting += children[pid]
        yield pid


def report(made: Run) -> str:
    lines = [f"{'stage':<26}{'over after':>11}{'took':>8}{'/ target':>10}"]
    before = 0.0
    for stage, second in sorted(made.stages.items(), key=lambda each: each[1]):
        target = f"{second / TARGETS[stage]:10.2f}" if stage in TARGETS else ""
        lines.append(f"{stage:<26}{second:9.1f} s{second - before:6.1f} s{target}")
        before = second
    lines.append(f"CPU time {made.cpu_s:.1f} s, exit status {made.status}")
    ratio = made.pss_mb / MEMORY_TARGET_MB
    lines.append(f"peak memory {made.pss_mb:.0f} MB PSS ({ratio:.2f} of the target), {made.rss_mb:.0f} MB RSS")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1)
    runs = parser.parse_args().runs
    for number in range(1, runs + 1):
        load = os.getloadavg()[0]
        print(f"run {number} of {runs}: {len(os.sched_getaffinity(0))} cores, load average {load:.1f} before")
        with tempfile.TemporaryDirectory(prefix="ragmeter-first-figure-") as reports:
            command = [sys.executable, "-m", "pytest", "bench", "--provider=local", "-v"]
            print(report(run([*command, f"--bench-report-dir={reports}"])), flush=True)


if __name__ == "__main__":
    main()
