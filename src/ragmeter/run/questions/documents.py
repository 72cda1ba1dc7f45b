"""The passages of anybody's documents: read and cut by the backend, in a process of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ragmeter.core.errors import ConfigError, LocalServiceError
from ragmeter.core.inputs.questions.passages import Passage
from ragmeter.run.local import docset
from ragmeter.run.local.installing import absent, install_command, requirements_of
from ragmeter.run.local.service import backend_packages
from ragmeter.run.processes.scratch import scratch_folder

PROGRAM = "ragmeter.backend.ingest.documents"


@dataclass(frozen=True, slots=True, kw_only=True)
class Docset:
    """Its passages in the order of their documents. refused: a sentence for each document that could not be read."""

    name: str
    passages: tuple[Passage, ...]
    refused: tuple[str, ...] = ()

    @property
    def documents(self) -> int:
        return len({passage.document for passage in self.passages})


def read_docset(named: str) -> Docset:
    """The documents of a folder; those of the shipped docset by its name, ``default``.

    They are cut as a backend with this environment would cut them (RAG_CHUNK_CHARS, RAG_CHUNK_OVERLAP). Raises
    ConfigError for a folder without a document that can be read, LocalServiceError without the packages that read them.
    """
    if named != docset.NAME:
        return _read(named, Path(named), os.environ)
    with scratch_folder("ragmeter-docset-") as folder:
        for name, text in docset.pages().items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        own = {key: value for key, value in os.environ.items() if not key.startswith("RAG_")}
        return _read(named, folder, own)


def _read(name: str, folder: Path, environment: Mapping[str, str]) -> Docset:
    if missing := absent(backend_packages):
        command = install_command(*requirements_of([backend_packages[each] for each in missing]))
        raise LocalServiceError(f"reading documents needs {', '.join(missing)}:\n  {command}")
    paths = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(  # noqa: S603 - arguments of our own, no shell
        [sys.executable, "-m", PROGRAM, str(folder)],
        env={**environment, "PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    said = done.stderr.strip().splitlines()
    if done.returncode:
        reason = said[-1] if done.returncode > 0 and said else _ending(done.returncode)
        raise ConfigError(reason if reason.startswith(f"{folder}:") else f"{name}: {reason}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    refused = tuple(line["refused"] for line in lines if "refused" in line)
    passages = tuple(Passage(**line) for line in lines if "refused" not in line)
    if not passages:
        raise ConfigError(f"{name}: none of its documents can be read: {refused[0]}")
    return Docset(name=name, passages=passages, refused=refused)


def _ending(code: int) -> str:
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit status {code}"
    return f"reading its documents {how}"
