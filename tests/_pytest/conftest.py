"""One ground-truth server for all, and a project that is measured by pytest runs inside this process."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpcore  # noqa: F401 - pytester forgets what is first imported within a run; so for the eight below
import jsonschema  # noqa: F401
import pydantic.dataclasses  # noqa: F401
import pytest
import uvloop  # noqa: F401

import ragmeter._pytest.hooks.live
import ragmeter._pytest.measuring.campaigns
import ragmeter._pytest.session.cases
import ragmeter._pytest.session.session
import ragmeter._pytest.session.spending
import ragmeter.run.load.single  # noqa: F401
from ragmeter.testing import GroundTruthServer, StreamScript
from tests._pytest.kept import KeptWorkers
from tests._pytest.project import Project

SCRIPTS = {
    "slow": StreamScript(ttft_ms=120, itl_ms=2, tokens=8),
    "slower": StreamScript(ttft_ms=300, itl_ms=2, tokens=8),
    "predecessor-32": StreamScript(ttft_ms=60, itl_ms=20, tokens=32, oddity="predecessor"),
}


@pytest.fixture(scope="session")
def service() -> Iterator[GroundTruthServer]:
    script = StreamScript(ttft_ms=10, itl_ms=1, tokens=8)
    with GroundTruthServer(script, scripts=SCRIPTS, process=True) as running:
        yield running


@pytest.fixture(scope="session")
def load_processes() -> Iterator[None]:
    """They end after all tests."""
    yield
    KeptWorkers.end_all()


@pytest.fixture
def fresh_load_processes(load_processes: None) -> Iterator[None]:
    """For tests that count them, end them or make them misbehave: none is there before, and none is kept."""
    KeptWorkers.end_all()
    yield
    KeptWorkers.end_all()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB, which only root can mount: tests that take it are marked ``privileged("mounts")``."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    subprocess.run(command, check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def project(
    pytester: pytest.Pytester, service: GroundTruthServer, load_processes: None, monkeypatch: pytest.MonkeyPatch
) -> Project:
    """With ``mine.yaml``, ``tiny.yaml`` and one live test."""
    for name in [name for name in os.environ if name.startswith("RAGMETER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("RAGMETER_CALIBRATE", "off")  # a second and a half of each run
    monkeypatch.setattr("ragmeter.run.engine.resources.Workers", KeptWorkers)
    made = Project(pytester, service, monkeypatch)
    made.provider()
    made.workload()
    made.suite()
    return made
