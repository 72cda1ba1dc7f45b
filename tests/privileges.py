"""What only a privileged process may do. Tests that need it are marked; root runs them: `sudo tox -e privileged`."""

import functools
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from ragmeter.clients.http.clocks import capture_offered


def _capture() -> str | None:
    return None if capture_offered() else "a capture needs Linux and CAP_NET_RAW"


def _namespaces() -> str | None:
    """Also root of a container may not."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "network namespaces need root"
    tried = subprocess.run(["unshare", "--net", "true"], capture_output=True, text=True, check=False)
    return f"network namespaces need root: {tried.stderr.strip()}" if tried.returncode else None


def _mounts() -> str | None:
    command = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"mounting a file system needs root: {tried.stderr.strip()}" if tried.returncode else None


def _real_time() -> str | None:
    program = "from ragmeter.run.load.priority import take_priority; print(take_priority())"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    return None if said.strip() == "True" else "real-time priority needs root or CAP_SYS_NICE"


_KINDS: dict[str, Callable[[], str | None]] = {
    "capture": _capture,
    "mounts": _mounts,
    "namespaces": _namespaces,
    "real_time": _real_time,
}


@functools.cache
def why_not(kind: str) -> str | None:
    """Why this process lacks the privilege; None: it has it."""
    return _KINDS[kind]()


EACH_CLOCK = [pytest.param("capture", marks=pytest.mark.privileged("capture")), "kernel", "user"]
"""Every clock of the client, for tests and fixtures that are parametrised by it."""
