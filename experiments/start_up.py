"""What a start takes: of the command, and of a `pytest --co` that only happens to have ragmeter installed.

    python -m experiments.start_up [--rounds 15]

Commands run in turns, so that other work on the machine meets all of them; CPU time is compared, which such work hardly
changes, and its median is shown. Collection is that of one file with one test, without ragmeter, with it, and with
`--provider=local`.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

COLLECT: Final = (sys.executable, "-m", "pytest", "--co", "-q", "-p", "no:cacheprovider")
COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "ragmeter --version": (sys.executable, "-c", "import ragmeter.cli; ragmeter.cli.main()", "--version"),
    "python, nothing": (sys.executable, "-c", ""),
    "pytest --co, without ragmeter": (*COLLECT, "-p", "no:ragmeter.plugin"),
    "pytest --co": COLLECT,
    "pytest --co --provider": (*COLLECT, "--provider=local"),
}
VERSION_TARGET_S: Final = 0.2
ADDED_TARGET_S: Final = 0.05


def cpu_s(command: tuple[str, ...], folder: Path) -> float:
    """User and system time of one run and its children. Raises CalledProcessError where it fails."""
    before = os.times()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def measured(rounds: int) -> dict[str, float]:
    """The median CPU time of each command, in seconds."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "test_plain.py").write_text("def test_plain(): pass\n", encoding="utf-8")
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        found: dict[str, list[float]] = {name: [] for name in COMMANDS}
        for _ in range(rounds + 1):
            for name, command in COMMANDS.items():
                found[name].append(cpu_s(command, folder))
    return {name: statistics.median(times[1:]) for name, times in found.items()}


def report(found: Mapping[str, float]) -> list[str]:
    """A line for each command, and one for each target."""
    base = found["pytest --co, without ragmeter"]
    targets = {
        "ragmeter --version": (found["ragmeter --version"], VERSION_TARGET_S),
        "added to pytest --co": (found["pytest --co"] - base, ADDED_TARGET_S),
        "added by --provider": (found["pytest --co --provider"] - found["pytest --co"], ADDED_TARGET_S),
    }
    lines = [f"{name:32} {seconds * 1000:6.0f} ms" for name, seconds in found.items()]
    return lines + [
        f"{name:32} {seconds * 1000:6.0f} ms, target {target * 1000:.0f} ms: {'met' if seconds <= target else 'missed'}"
        for name, (seconds, target) in targets.items()
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, metavar="N")
    print("\n".join(report(measured(parser.parse_args().rounds))))
