"""--bench-progress."""

import os
import pty
import select
import subprocess
import sys
import time

import pytest

from tests._pytest.project import PLUGINS, Project
from tests.tethered import importing_as_here, tethered

PLAIN = "tiny @ mine measured 2/2, 0 errors, TTFT p50 *"


def lines(outcome: pytest.RunResult) -> list[str]:
    return [line for line in outcome.stdout.str().splitlines() if "tiny @ mine measured" in line]


def test_plain_lines_where_there_is_no_terminal(project: Project) -> None:
    for arguments in ([], ["--bench-progress=auto"], ["--bench-progress=plain"]):
        outcome = project.run(*arguments)
        outcome.stdout.fnmatch_lines([PLAIN])
        assert len(lines(outcome)) == 1
        assert "\x1b[2K" not in outcome.stdout.str()


def test_figures_stand_with_the_provider_they_are_of(project: Project) -> None:
    project.provider("slow", script="slow")
    project.workload(benchmark={"trials": 2})
    outcome = project.run("--provider=./slow.yaml")
    told = [line for line in outcome.stdout.str().splitlines() if " measured 2/2, " in line]
    medians = {line.partition(",")[0]: float(line.partition("TTFT p50 ")[2].split()[0]) for line in told}
    assert sorted(medians) == [
        f"tiny @ {name} {trial} of 2 measured 2/2" for name in ("mine", "slow") for trial in (1, 2)
    ]
    assert all((value > 100) is ("@ slow" in name) for name, value in medians.items())


def test_it_can_be_silent(project: Project) -> None:
    assert lines(project.run("--bench-progress=off")) == []


@pytest.mark.parametrize("plugins", [["-p", "no:capture"], ["-s"], ["-p", "no:junitxml"], ["-v"]], ids=" ".join)
def test_it_is_written_whatever_else_pytest_was_told(project: Project, plugins: list[str]) -> None:
    project.run(*plugins).stdout.fnmatch_lines([PLAIN])


def test_a_quiet_session_has_none_unless_it_is_asked_for(project: Project) -> None:
    assert lines(project.run("-q")) == []
    project.run("-q", "--bench-progress=plain").stdout.fnmatch_lines([PLAIN])


def test_run_without_pytests_terminal_is_silent(project: Project) -> None:
    outcome = project.run("-p", "no:terminal")
    assert outcome.ret == 0
    assert outcome.stdout.str() == ""
    assert project.sent == 2


def on_terminal(project: Project, columns: int, *arguments: str) -> str:
    """What a run writes on a terminal of that width."""
    project.provider(script="slow")
    ours, theirs = pty.openpty()
    environment = importing_as_here(COLUMNS=str(columns), TERM="xterm")
    command = [sys.executable, "-m", "pytest", *PLUGINS, "--provider=./mine.yaml", "--bench-requests=16", *arguments]
    process = subprocess.Popen(
        tethered(command), stdout=theirs, stderr=theirs, env=environment, cwd=project.pytester.path
    )
    os.close(theirs)
    written = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and select.select([ours], [], [], 60)[0]:
        try:
            written += os.read(ours, 65536)
        except OSError:  # the other end was closed
            break
    os.close(ours)
    assert process.wait(60) == 0
    return written.decode()


def test_terminal_has_one_line_that_is_drawn_again_and_never_wraps(project: Project) -> None:
    drawn = [part.partition("\r")[0] for part in on_terminal(project, 44).split("\r\x1b[2K")[1:]]
    assert len(drawn) >= 2
    assert all(len(line.splitlines()[0]) < 44 for line in drawn)
    assert "16/16" in drawn[-1]


def test_plain_never_draws_again_on_a_terminal(project: Project) -> None:
    written = on_terminal(project, 100, "--bench-progress=plain")
    assert "\x1b[2K" not in written
    assert "tiny @ mine measured 16/16, 0 errors" in written
