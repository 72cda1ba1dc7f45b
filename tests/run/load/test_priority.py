"""A load process runs ahead of what else runs on its machine, where it may."""

import subprocess
import sys

import pytest

IMPORTS = "import os, subprocess, sys; from ragmeter.run.load.priority import is_ahead, take_priority; "
DROPPED = "os.geteuid() or os.setuid(65534); "
OF_A_CHILD = "take_priority(); subprocess.run([sys.executable, '-c', 'import os; print(os.sched_getscheduler(0))'])"


def said(program: str) -> str:
    ran = subprocess.run([sys.executable, "-c", IMPORTS + program], capture_output=True, check=True, text=True)
    return ran.stdout.strip()


def test_process_that_may_not_goes_on_as_it_was() -> None:
    assert said(f"{DROPPED}print(is_ahead(), take_priority(), is_ahead())") == "False False False"


@pytest.mark.privileged("real_time")
def test_process_that_may_is_ahead_and_its_children_are_not() -> None:
    assert said("print(is_ahead(), take_priority(), is_ahead())") == "False True True"
    assert said(OF_A_CHILD) == "0"
