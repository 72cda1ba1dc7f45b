"""Ragmeter where something is odd: python -m experiments.odd_environments [--only WORD] [--command NAME] [--show]

Full disks, folders that cannot be written, small limits, odd locales, closed streams, strange clocks: in each
environment a measuring run and the commands on files are done, and each must end right or say in one sentence why it
does not. It is wrong where a traceback is shown, where nothing is said, where it hangs, and where a process or a
temporary file is left. Prints a table of Markdown, and on standard
error what was said where it was wrong; exit status 1 then. Half an hour.

As root it makes file systems of its own in a mount namespace; environments that need root are left out otherwise.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from experiments.odd_places import ENVIRONMENTS, Environment
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.programs import AS_A_USER

ROOT = Path(__file__).parents[1]
LIMIT_S = 180.0
PROGRAM = "import sys; from ragmeter.cli import main; sys.exit(main())"
SHORT = (
    *("--bench-requests=4", "--bench-warmup=0", "--bench-calibrate=off"),
    *("-k", "something", "-p", "no:cacheprovider", *AS_A_USER),
)
MARK = "ODD_ENVIRONMENT"
TRACES = ("Traceback (most recent call last)", "INTERNALERROR", "Exception ignored", "Fatal Python error")
FAILURE = re.compile(r"^E   \w*(Error|Exception|Warning)\b", re.MULTILINE)
"""As pytest shows what a test did not expect."""
SENTENCE = re.compile(r"\S+ \S+ \S+")


def commands() -> dict[str, list[str]]:
    """What is done in each environment, in the folder of `prepared`."""
    ragmeter = [sys.executable, "-c", PROGRAM]
    run = [*ragmeter, "run", "--provider=mine.yaml", "--workload=light", *SHORT]
    return {
        "run": run,
        "pytest": [sys.executable, "-m", "pytest", "--pyargs", "ragmeter.suite", *run[len(ragmeter) + 1 :]],
        "validate": [*ragmeter, "validate", "mine.yaml"],
        "render": [*ragmeter, "render", "run.raw.jsonl", "--html=again.html", "--json=again.json"],
        "judge": [*ragmeter, "judge", "run.raw.jsonl", "--slo", "errors <= 0"],
        "cost": [*ragmeter, "cost", "run.raw.jsonl", "--prices=akamai-lke"],
        "compare": [*ragmeter, "compare", "run.raw.jsonl", "second.raw.jsonl", "--html=compared.html"],
        "export": [*ragmeter, "export", "run.raw.jsonl", "--jsonl=rows.jsonl"],
        "history": [*ragmeter, "history", "."],
        "plan": [*ragmeter, "plan", "--provider=mine.yaml", "--workload=light", "--output=run.plan"],
        "files": [*ragmeter, "files", "workloads", "copied"],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """status: None where it did not end in time. left: processes and temporary files."""

    environment: str
    command: str
    status: int | None
    said: str
    is_mute: bool = False
    left: Sequence[str] = field(default=())

    @property
    def wrong(self) -> str | None:
        """Why it is wrong; None where it is right."""
        if self.status is None:
            return f"it did not end within {LIMIT_S:g} s"
        if any(trace in self.said for trace in TRACES) or FAILURE.search(self.said):
            return "it shows a traceback"
        if self.left:
            return f"it leaves {', '.join(self.left)}"
        if self.status and not self.is_mute and not SENTENCE.search(self.said):
            return f"it says nothing, with exit status {self.status}"
        return None


@contextmanager
def prepared(folder: Path) -> Iterator[Path]:
    """A folder with a provider file, whose service answers, and with raw records of two runs."""
    with GroundTruthServer(StreamScript(ttft_ms=20, itl_ms=2, tokens=6), process=True) as server:
        document = {"schema": "provider.v1", "name": "mine", "base_url": server.base_url}
        (folder / "mine.yaml").write_text(yaml.safe_dump(document))
        for name in ("run", "second"):
            subprocess.run(
                commands()["run"], cwd=folder, check=True, env=_clean(), stdout=subprocess.DEVNULL, timeout=LIMIT_S
            )
            (record,) = (folder / "reports").glob("ns/mine/*.raw.jsonl")
            record.rename(folder / f"{name}.raw.jsonl")
            shutil.rmtree(folder / "reports")
        yield folder


def tried(environment: Environment, name: str, given: Path, *, limit_s: float = LIMIT_S) -> Outcome:
    """One command in one environment, in a copy of the folder."""
    with tempfile.TemporaryDirectory(prefix="odd-", ignore_cleanup_errors=True) as parent:
        work, temporary = Path(parent, "work"), Path(parent, "tmp")
        shutil.copytree(given, work)
        temporary.mkdir()
        Path(parent).chmod(0o755)
        return _tried(environment, name, work, temporary, limit_s)


def _tried(environment: Environment, name: str, work: Path, temporary: Path, limit_s: float) -> Outcome:
    mark = f"{MARK}={os.urandom(8).hex()}"
    script = f'{environment.prelude}\n{environment.start}"$@"{environment.end}'
    shell = ["unshare", "--mount", "bash", "-c"] if environment.needs_root else ["bash", "-c"]
    told = {"WORK": str(work), "TMPDIR": str(temporary), MARK: mark.partition("=")[2], "PYTHON": sys.executable}
    process = subprocess.Popen(
        [*shell, script, "bash", *commands()[name]],
        cwd=work,
        env={**_clean(), **told},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        said = process.communicate(timeout=limit_s)[0]
        status: int | None = process.returncode
    except subprocess.TimeoutExpired:
        status = None
        os.killpg(process.pid, signal.SIGKILL)
        said = process.communicate()[0]
    left = _left(mark, temporary)
    return Outcome(
        environment=environment.name,
        command=name,
        status=status,
        said=said.decode("utf-8", "replace"),
        is_mute=environment.is_mute,
        left=left,
    )


def _left(mark: str, temporary: Path) -> list[str]:
    """What is there after some time to end."""
    until_s = time.monotonic() + 20
    while (left := _runs(mark)) and time.monotonic() < until_s:
        time.sleep(0.1)
    return [*left, *(path.name for path in temporary.iterdir() if not path.name.startswith("ragmeter-rescued-"))]


def _runs(mark: str) -> list[str]:
    return [f"process {place.name}" for place in Path("/proc").iterdir() if place.name.isdigit() and _has(place, mark)]


def _has(place: Path, mark: str) -> bool:
    try:
        return mark.encode() in (place / "environ").read_bytes().split(b"\0")
    except OSError:
        return False


def _clean() -> dict[str, str]:
    """The environment of a user who has set nothing."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("RAGMETER_", "PYTHON", "PYTEST_"))}
    return {**kept, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "LC_ALL": "C.UTF-8"}


def _is_root() -> bool:
    return os.geteuid() == 0


def offered() -> list[Environment]:
    """Those that can be had here."""
    return [
        each
        for each in ENVIRONMENTS
        if (_is_root() or not each.needs_root) and all(shutil.which(program) for program in each.programs)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="ragmeter where something is odd")
    parser.add_argument("--only", default="", metavar="WORD", help="environments whose name has it")
    parser.add_argument("--show", action="store_true", help="on standard error, what was said in each")
    parser.add_argument("--command", action="append", choices=[*commands()], help="these alone; repeatable")
    options = parser.parse_args()
    names = options.command or [*commands()]
    print("| environment | " + " | ".join(names) + " |\n|---|" + "---|" * len(names))
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="odd-given-") as folder, prepared(Path(folder)) as given:
        for environment in offered():
            if options.only not in environment.name:
                continue
            row = [tried(environment, name, given) for name in names]
            cells = ("**wrong**" if each.wrong else "right" if not each.status else f"{each.status}" for each in row)
            print(f"| {environment.name} | " + " | ".join(cells) + " |", flush=True)
            outcomes += row
            for each in filter(lambda each: options.show or each.wrong, row):
                where = f"{each.environment}: {each.command}"
                sys.stderr.write(f"\n## {where}: {each.wrong} (exit status {each.status})\n{each.said[-3000:]}\n")
    wrong = [each for each in outcomes if each.wrong]
    statuses = Counter(str(each.status) for each in outcomes)
    environments = len({each.environment for each in outcomes})
    print(f"\n{len(outcomes)} tries in {environments} environments, {len(wrong)} wrong;")
    print("by exit status: " + ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items())))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
