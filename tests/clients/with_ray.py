"""A real Ray is asked for its version. It is not collected by itself: ``tox -e ray`` has the package."""

import importlib.metadata
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from ragmeter.clients.answers.llm import ray_facts
from tests.ports import free_port
from tests.tethered import tethered
from tests.waiting import wait_until_served

START_TIMEOUT_S = 120
STOP_TIMEOUT_S = 30


@contextmanager
def dashboard(folder: Path) -> Iterator[httpx.Client]:
    """Of a Ray cluster of one node; it ends with its process group."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block", "--disable-usage-stats"]
    command += [f"--port={free_port()}", "--dashboard-host=127.0.0.1", f"--dashboard-port={port}", "--num-cpus=1"]
    process = subprocess.Popen(tethered([*command, f"--temp-dir={folder}"]), start_new_session=True)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            wait_until_served(process, f"{client.base_url}/api/version", START_TIMEOUT_S)
            yield client
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(STOP_TIMEOUT_S)


def test_the_dashboard_of_ray_tells_the_version_that_is_installed() -> None:
    """In a folder with a short name: the paths of Ray's sockets are long."""
    with TemporaryDirectory() as folder, dashboard(Path(folder)) as client:
        assert ray_facts(client) == {"ray_version": importlib.metadata.version("ray")}
