"""The ways in: the user's commands in a checkout after ``pip install .``, and from a wheel and an editable install in
an empty folder. Every one of them in the environment of somebody who has nothing but ragmeter.
"""

import os
import shutil
import subprocess
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ragmeter.testing import GroundTruthServer, StreamScript
from tests.docs.pages import ROOT
from tests.docs.reader.environment import readers_environment, site_packages
from tests.docs.reader.session import LEFT_OUT

LISTING = "test_questions_asked_at_once_get_answers_of_their_own"
NEEDS_PROVIDER = "live tests need --provider=NAME|FILE; known: akamai-lke, aws-eks, gcp-gke, local"
WAYS = {
    "a checkout": {
        "pytest bench --provider=akamai-lke": (0, "PASS  standard @ akamai-lke"),
        "pytest -m ew_probe": (4, NEEDS_PROVIDER),
        "pytest --co bench": (0, LISTING),
        "pytest bench": (4, NEEDS_PROVIDER),
        "pytest -m contract --provider=akamai-lke": (0, "3 passed"),
    },
    "an empty folder": {
        "ragmeter run --provider=akamai-lke": (0, "PASS  standard @ akamai-lke"),
        "ragmeter run -m ew_probe": (4, NEEDS_PROVIDER),
        "ragmeter run --co": (0, LISTING),
        "ragmeter run": (4, NEEDS_PROVIDER),
        "pytest --pyargs ragmeter.suite -m contract --provider=akamai-lke": (0, "3 passed"),
        "pytest bench --provider=akamai-lke": (4, "Type this: ragmeter run --provider=akamai-lke"),
        "pytest -m ew_probe": (4, "Type this: ragmeter run -m ew_probe"),
    },
}
"""Where it is typed, what is typed, the exit status, and words of what is said."""
TYPED = [(where, command) for where, commands in WAYS.items() for command in commands]


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody with an environment, and with nothing of ours in the variables but the service's URL."""

    environment: Path
    url: str

    def types(self, command: str, folder: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command.split(),
            cwd=folder,
            env={
                "PATH": f"{self.environment / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin",
                "HOME": str(folder),
                "LANG": "C.UTF-8",
                "RAGMETER_AKAMAI_LKE_URL": self.url,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with GroundTruthServer(StreamScript(ttft_ms=40, itl_ms=4, tokens=8), process=True) as running:
        yield running.base_url


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a path with spaces") / "ragmeter"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
    return folder


@pytest.fixture(scope="module")
def editable(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with ``pip install -e``; what ragmeter needs it finds in that of the wheel."""
    folder = tmp_path_factory.mktemp("editable") / "environment"
    venv.create(folder, with_pip=True)
    (site_packages(folder) / "shared.pth").write_text(f"{site_packages(readers_environment())}\n")
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps", "-e", str(checkout)]
    subprocess.run(command, check=True, timeout=240)
    (folder / "bin" / "pytest").write_text(f"#!/bin/sh\nexec '{folder / 'bin' / 'python'}' -m pytest \"$@\"\n")
    (folder / "bin" / "pytest").chmod(0o755)
    return folder


def said(stranger: Stranger, where: str, command: str, checkout: Path, empty: Path) -> None:
    status, words = WAYS[where][command]
    done = stranger.types(command, checkout if where == "a checkout" else empty)
    everything = done.stdout + done.stderr
    assert done.returncode == status, everything
    assert words in everything
    assert "Traceback" not in everything
    if status:
        assert list(empty.iterdir()) == []


@pytest.mark.parametrize(("where", "command"), TYPED)
def test_command_does_what_it_says_with_a_wheel(
    where: str, command: str, url: str, checkout: Path, tmp_path: Path
) -> None:
    said(Stranger(readers_environment(), url), where, command, checkout, tmp_path)


@pytest.mark.parametrize(("where", "command"), TYPED)
def test_command_does_what_it_says_with_an_editable_install(
    where: str, command: str, url: str, checkout: Path, editable: Path, tmp_path: Path
) -> None:
    said(Stranger(editable, url), where, command, checkout, tmp_path)
