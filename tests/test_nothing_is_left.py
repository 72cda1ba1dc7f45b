"""A test runner that is interrupted or killed leaves no process behind, whatever its tests had started."""

import ast
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tethered import tethered
from tests.waiting import wait_until

ROOT = Path(__file__).parents[1]
RUNNER = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "3", "--dist", "loadfile"]
STARTS_CHILDREN = (
    "tests/backend/service/test_backend_lifecycle.py",
    "tests/run/processes/test_workers.py",
    "tests/grafana/test_rules.py",
)
"""Together: a backend and an LLM server, load processes and their ground-truth server, and a Prometheus."""
MARK = "RAGMETER_TEST_MARK"
CHILDREN = 9
WAIT_S = 90.0


def interrupted(runner: "subprocess.Popen[bytes]") -> None:
    """Ctrl-C as tox passes it on: SIGINT, and SIGKILL when that took longer than a third of a second."""
    os.killpg(runner.pid, signal.SIGINT)
    time.sleep(0.3)
    runner.kill()


def killed(runner: "subprocess.Popen[bytes]") -> None:
    runner.kill()


@pytest.mark.parametrize("end", [interrupted, killed], ids=["Ctrl-C under tox", "SIGKILL"])
def test_runner_that_ends_takes_everything_along(end: Callable[["subprocess.Popen[bytes]"], None]) -> None:
    mark = f"{MARK}={uuid.uuid4()}"
    environment = {**_unmeasured(), MARK: mark.partition("=")[2]}
    with subprocess.Popen(
        tethered([*RUNNER, *STARTS_CHILDREN]),
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as runner:
        wait_until(
            lambda: len(_marked(mark)) >= CHILDREN or runner.poll() is not None,
            WAIT_S,
            why=lambda: "the tests start no children",
        )
        assert runner.poll() is None
        end(runner)
    wait_until(lambda: not _marked(mark), WAIT_S, why=lambda: "a process was left")


def _unmeasured() -> dict[str, str]:
    """Without coverage: a process that is killed while it writes what it covered leaves a file that nobody can read."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


def _marked(mark: str) -> list[int]:
    """Every process with the variable, also one whose parent has ended."""
    return [int(place.name) for place in Path("/proc").iterdir() if place.name.isdigit() and _has(place, mark)]


def _has(place: Path, mark: str) -> bool:
    try:
        return mark.encode() in (place / "environ").read_bytes().split(b"\0")
    except OSError:
        return False


def test_every_child_of_a_test_is_tethered() -> None:
    loose = [f"{path.relative_to(ROOT)}:{line}" for path in sorted(ROOT.glob("tests/**/*.py")) for line in _loose(path)]
    assert loose == []


def _loose(path: Path) -> list[int]:
    """The lines that start a child with ``Popen`` and without ``tethered``."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    starts = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "Popen"]
    return [call.lineno for call in starts if not ast.unparse(call.args[0]).startswith("tethered(")]
