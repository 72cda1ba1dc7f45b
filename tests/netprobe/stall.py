"""A receiver of iperf3 that waits for a processor at the wrong moment: when the first second of its test is over."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.netns import Namespace
from tests.netprobe.bed import in_namespace

BEGIN_S, WAIT_S = 0.5, 0.7
"""When the wait begins, after the test; it ends a fifth of a second after what is counted would begin."""
START_TIMEOUT_S = 60


@contextmanager
def waiting(namespace: Namespace) -> Iterator[list[int]]:
    """The processes of iperf3 in the namespace that were stopped once, for a while, when they had a test."""
    stopped: list[int] = []
    thread = threading.Thread(target=_stop, args=(namespace, stopped), daemon=True)
    thread.start()
    yield stopped
    thread.join(START_TIMEOUT_S)


def _stop(namespace: Namespace, stopped: list[int]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while "ESTAB" not in in_namespace(namespace, "ss", "-Htn", "( sport = :5201 or dport = :5201 )").stdout:
        if time.monotonic() >= deadline:
            return
    time.sleep(BEGIN_S)
    stopped += [pid for pid in namespace.pids() if Path(f"/proc/{pid}/comm").read_text().strip() == "iperf3"]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(WAIT_S)
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)
