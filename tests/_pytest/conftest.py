"""One ground-truth server for all, and a project that is measured by pytest runs inside this process."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpcore  # noqa: F401 - pytester forgets what is first imported within a run; so for the five below
import pytest

import ragmeter._pytest.cases
import ragmeter._pytest.live
import ragmeter._pytest.session
import ragmeter._pytest.spending
import ragmeter.run.single  # noqa: F401
from ragmeter.testing import GroundTruthServer, StreamScript
from tests._pytest.project import Project

SCRIPTS = {
    "slow": StreamScript(ttft_ms=120, itl_ms=2, tokens=8),
    "slower": StreamScript(ttft_ms=300, itl_ms=2, tokens=8),
}


@pytest.fixture(scope="session")
def service() -> Iterator[GroundTruthServer]:
    script = StreamScript(ttft_ms=10, itl_ms=1, tokens=8)
    with GroundTruthServer(script, scripts=SCRIPTS, process=True) as running:
        yield running


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB, which only root can mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    mounted = subprocess.run(command, check=False, capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"needs the right to mount a file system: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def project(pytester: pytest.Pytester, service: GroundTruthServer, monkeypatch: pytest.MonkeyPatch) -> Project:
    """With ``mine.yaml``, ``tiny.yaml`` and one live test."""
    for name in [name for name in os.environ if name.startswith("RAGMETER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("RAGMETER_CALIBRATE", "off")  # a second and a half of each run
    made = Project(pytester, service, monkeypatch)
    made.provider()
    made.workload()
    made.suite()
    return made
