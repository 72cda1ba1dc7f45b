"""Processes and files that are open, looked at while they come and go: one that has just ended is no error."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil

T = TypeVar("T")


def still(process: psutil.Process, look: Callable[[psutil.Process], T]) -> T | None:
    """What is seen of a process; None once it has ended, even if nobody has taken note of its end."""
    try:
        return None if process.status() == psutil.STATUS_ZOMBIE else look(process)
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return None


def family(pid: int | None = None) -> list[psutil.Process]:
    """Those that run now of what a process (this one) has started, and of what they have started."""
    found = psutil.Process(pid).children(recursive=True)
    return [process for process in found if still(process, lambda _: True)]


def running(module: str, pid: int | None = None) -> list[psutil.Process]:
    """Those of the family that run a Python module; not the tethers around them."""
    return [each for each in family(pid) if module in (still(each, psutil.Process.cmdline) or [])[1:3]]


def open_files() -> set[tuple[str, str]]:
    """Number and kind of each file that this process has open."""
    found = set()
    for path in [*Path("/proc/self/fd").iterdir()]:
        with contextlib.suppress(FileNotFoundError):  # the folder's own, which is closed by now
            found.add((path.name, str(path.readlink())))
    return found
