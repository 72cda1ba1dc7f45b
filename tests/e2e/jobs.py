"""The main job as a user starts it: pytest in a process of its own, with real services."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml

from tests.families import family, running, still
from tests.programs import AS_A_USER
from tests.tethered import tethered
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
WAIT_S = 90.0


@dataclass(frozen=True, slots=True)
class Job:
    """A running ``pytest bench``; its output goes to a file, its reports below ``reports``."""

    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def output(self) -> str:
        return (self.folder / "output.txt").read_text(encoding="utf-8", errors="replace")

    @property
    def reports(self) -> Path:
        return self.folder / "reports"

    def only(self, suffix: str) -> Path:
        (path,) = self.reports.glob(f"ns/*/*{suffix}")
        return path

    def family(self) -> list[psutil.Process]:
        """Every process that pytest started, and those that they started."""
        return family(self.process.pid)

    def service(self, module: str) -> psutil.Process:
        """The process that runs a Python module; not the tether around it."""
        (found,) = running(module, self.process.pid)
        return found

    def samples(self) -> int:
        """How many requests are on disk now."""
        return sum(path.read_bytes().count(b'\n{"sample":') for path in self.reports.glob("ns/*/*.raw.jsonl"))

    def wait_for_samples(self, count: int) -> None:
        self.wait_until(lambda: self.samples() >= count)

    def wait_until(self, holds: Callable[[], object], timeout_s: float = WAIT_S) -> None:
        wait_until(lambda: bool(holds()) or self.process.poll() is not None, timeout_s)
        assert holds(), self.output

    def end(self, timeout_s: float = WAIT_S) -> int:
        return self.process.wait(timeout_s)


def survivors(family: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; psutil tells a process from a later one with its number."""
    return [process for process in family if still(process, psutil.Process.is_running)]


@contextmanager
def job(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[Job]:
    """Run ``pytest bench`` in the checkout; whatever of it still runs at the end is killed."""
    plugins = ["-p", "no:cacheprovider", *AS_A_USER]
    command = [sys.executable, "-m", "pytest", "bench", *plugins, *arguments]
    command.append(f"--bench-report-dir={folder / 'reports'}")
    temporary = folder / "tmp"  # a killed pytest cannot remove what it keeps there
    temporary.mkdir(exist_ok=True)
    clean = {key: value for key, value in os.environ.items() if not key.startswith("RAGMETER_")}
    clean["TMPDIR"] = str(temporary)
    with (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            tethered(command), cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, env={**clean, **(environment or {})}
        )
    started = Job(process, folder)
    try:
        yield started
    finally:
        left = started.family() if process.poll() is None else []
        process.kill()
        process.wait(WAIT_S)
        for each in survivors(left):
            each.kill()


def backend_alone(folder: Path, llm_url: str) -> str:
    """A provider file: the real backend of this checkout before an LLM that runs already."""
    document = {
        "schema": "provider.v1",
        "name": "backend-alone",
        "llm_url": llm_url,
        "workload": "smoke",
        "local": {"engine": "none", "model": "ground-truth"},
    }
    path = folder / "backend-alone.yaml"
    path.write_text(yaml.safe_dump(document))
    return f"--provider={path}"
