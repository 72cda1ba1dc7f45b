"""How the tests wait for a condition, with a deadline: here, or in another thread that then does something."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import httpx

T = TypeVar("T")
PLAIN = httpx.Client(verify=False, trust_env=False, timeout=5, limits=httpx.Limits(max_keepalive_connections=0))
"""For looks at a server over plain HTTP: with the certificates of the machine, which are read for each client, a look
takes as much of a core as the server that one waits for. It keeps no connection.
"""


def wait_until(
    look: Callable[[], T | None], timeout_s: float, *, every_s: float = 0.05, why: Callable[[], object] = lambda: ""
) -> T:
    """The first thing that `look` finds; None and False are nothing.

    Raises TimeoutError with what `why` says when there is none in time.
    """
    until_s = time.monotonic() + timeout_s
    while True:
        found = look()
        if found is not None and found is not False:
            return found
        if time.monotonic() >= until_s:
            raise TimeoutError(f"not within {timeout_s:g} s {why()}")
        time.sleep(every_s)


def wait_until_served(
    process: subprocess.Popen[Any], url: str, timeout_s: float, why: Callable[[], object] = lambda: ""
) -> None:
    """Until GET of the URL succeeds. Raises AssertionError with what `why` says when the process ends before."""

    def answers() -> bool:
        assert process.poll() is None, f"{process.args!r} ended {why()}"
        try:
            return PLAIN.get(url).is_success
        except httpx.TransportError:
            return False

    wait_until(answers, timeout_s, why=why)


def when(holds: Callable[[], object], act: Callable[[], object], timeout_s: float = 60) -> threading.Thread:
    """A thread that does something once something holds, or the deadline has passed; to be joined."""

    def wait() -> None:
        until_s = time.monotonic() + timeout_s
        while not holds() and time.monotonic() < until_s:
            time.sleep(0.005)
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def ctrl_c_when(holds: Callable[[], object]) -> threading.Thread:
    """The same, for Ctrl-C in this process."""
    return when(holds, lambda: os.kill(os.getpid(), signal.SIGINT))
