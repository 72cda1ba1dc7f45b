"""Child processes end when they are told to, and when we do, however we do."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ragmeter.core.errors import LocalServiceError
from ragmeter.run.processes.children import Child
from tests.families import family, still
from tests.tethered import importing_as_here, tethered
from tests.waiting import wait_until

SLEEPS = "import time; print('up', flush=True); time.sleep(60)"
IGNORES_SIGTERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPS
LISTENS = """print('{"event": "listening", "url": "http://127.0.0.1:1"}', flush=True); import time; time.sleep(60)"""


@pytest.fixture
def made() -> Iterator[list[Child]]:
    children: list[Child] = []
    yield children
    for child in children:
        child.stop(grace_s=0.1)


def start(made: list[Child], program: str) -> Child:
    child = Child("helper", [sys.executable, "-c", program], environment=dict(os.environ))
    made.append(child)
    return child


def started(made: list[Child], program: str) -> Child:
    """It has said something: its program runs."""
    child = start(made, program)
    wait_until(lambda: child.output() != "", 60)
    return child


def runs(pid: int) -> bool:
    try:
        return bool(still(psutil.Process(pid), lambda _: True))
    except psutil.NoSuchProcess:
        return False


def test_child_runs_until_it_is_stopped(made: list[Child]) -> None:
    child = started(made, SLEEPS)
    assert child.ended() is None
    child.stop()
    assert child.ended() == f"helper (pid {child.pid}) was ended by SIGTERM"
    assert not runs(child.pid)
    child.stop()


def test_child_that_ignores_sigterm_is_killed_after_the_grace(made: list[Child]) -> None:
    child = started(made, IGNORES_SIGTERM)
    began = time.monotonic()
    child.stop(grace_s=0.2)
    assert time.monotonic() - began >= 0.2
    assert child.ended() == f"helper (pid {child.pid}) was ended by SIGKILL"


def test_what_the_child_started_is_stopped_with_it(made: list[Child]) -> None:
    program = f"import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', {IGNORES_SIGTERM!r}]); "
    child = started(made, program + "print(p.pid, flush=True); time.sleep(60)")
    grandchild = int(child.output().split()[0])
    assert runs(grandchild)
    child.stop()
    wait_until(lambda: not runs(grandchild), 60)


@pytest.mark.parametrize(
    ("program", "how"), [("raise SystemExit(3)", "ended with exit status 3"), ("", "ended with exit status 0")]
)
def test_end_of_a_child_is_a_sentence(made: list[Child], program: str, how: str) -> None:
    child = start(made, program)
    wait_until(lambda: child.ended() is not None, 60)
    assert child.ended() == f"helper (pid {child.pid}) {how}"


def test_url_is_read_from_the_line_that_says_listening(made: list[Child]) -> None:
    program = "print('not \"listening\" json'); print('[\"listening\"]'); " + LISTENS
    assert start(made, program).wait_for_url(time.monotonic() + 60) == "http://127.0.0.1:1"


def test_child_that_ends_before_it_listens_is_an_error_with_its_last_words(made: list[Child]) -> None:
    child = start(made, "print('the port is taken'); raise SystemExit(1)")
    with pytest.raises(
        LocalServiceError, match=r"helper \(pid \d+\) ended with exit status 1; its last words:\n  the port"
    ):
        child.wait_for_url(time.monotonic() + 60)


def test_child_that_never_listens_is_an_error_at_the_deadline(made: list[Child]) -> None:
    child = started(made, SLEEPS)
    with pytest.raises(LocalServiceError, match="helper did not listen in time; its last words:\n  up"):
        child.wait_for_url(time.monotonic() + 0.1)


def test_program_that_is_not_there_is_an_error(made: list[Child]) -> None:
    child = Child("helper", ["/nowhere/program"], environment=dict(os.environ))
    made.append(child)
    with pytest.raises(LocalServiceError, match=r"exit status 127; its last words:\n  /nowhere/program: No such file"):
        child.wait_for_url(time.monotonic() + 60)


def test_child_finds_the_modules_that_we_find(
    made: list[Child], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ``pythonpath`` of pytest's configuration does it: the environment knows nothing of it."""
    (tmp_path / "only_here.py").write_text("WORD = 'found'")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    child = started(made, "import only_here, ragmeter; print(only_here.WORD, flush=True)")
    wait_until(lambda: child.ended() is not None, 60)
    assert child.output() == "found\n"


PARENT = """
    import os, sys, time
    from ragmeter.run.processes.children import Child
    child = Child("helper", [sys.executable, "-c", sys.argv[1]], environment=dict(os.environ))
    while not child.output():
        time.sleep(0.01)
    print(child.pid, flush=True)
    time.sleep(60)
"""


LEAVES_ANOTHER = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {IGNORES_SIGTERM!r}]); {SLEEPS}"


@pytest.mark.parametrize(
    ("number", "program"),
    [
        (signal.SIGKILL, SLEEPS),
        (signal.SIGTERM, SLEEPS),
        (signal.SIGINT, SLEEPS),
        (signal.SIGKILL, IGNORES_SIGTERM),
        (signal.SIGKILL, LEAVES_ANOTHER),
    ],
    ids=["SIGKILL", "SIGTERM", "SIGINT", "child ignores SIGTERM", "child has a child that ignores SIGTERM"],
)
def test_child_ends_with_its_parent(number: signal.Signals, program: str) -> None:
    environment = importing_as_here()
    command = [sys.executable, "-c", textwrap.dedent(PARENT), program]
    with subprocess.Popen(
        tethered(command), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        whole = {pid, *(process.pid for process in family(pid))}
        assert len(whole) >= 2
        parent.send_signal(number)
        parent.wait(60)
    wait_until(lambda: not any(runs(each) for each in whole), 60)


def test_command_ends_when_the_tether_is_killed(made: list[Child]) -> None:
    child = started(made, IGNORES_SIGTERM)
    (command,) = psutil.Process(child.pid).children()
    os.kill(child.pid, signal.SIGKILL)
    wait_until(lambda: not runs(command.pid), 60)
    assert child.ended() == f"helper (pid {child.pid}) was ended by SIGKILL"


def test_command_that_is_paused_goes_on_and_is_no_ended_one(made: list[Child]) -> None:
    child = started(made, "import itertools, time\nfor n in itertools.count(): print(n, flush=True); time.sleep(0.01)")
    (command,) = psutil.Process(child.pid).children()
    command.suspend()
    wait_until(lambda: command.status() == psutil.STATUS_STOPPED, 60)
    said = len(child.output())
    command.resume()
    wait_until(lambda: len(child.output()) > said, 60)
    assert child.ended() is None
