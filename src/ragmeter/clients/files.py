"""Files: the data that ships with ragmeter, YAML that people write, and results that must not be lost."""

import gzip
import hashlib
import json
import os
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from ragmeter.clients.notation import NotationError, decoded, json_document, json_lines, yaml_document
from ragmeter.core.errors import ConfigError, StorageError

LINES = (".jsonl", ".ndjson")
MAX_UNPACKED_BYTES = 512 << 20
PROBE_BYTES = 65536
"""About the size of a result with a hundred requests."""


@cache
def data_dir(name: str) -> Path:
    """A shipped folder (schemas, workloads, fixtures, requirements): that of the wheel, else of the checkout."""
    package = Path(__file__).resolve().parents[1]
    for candidate in (package / "data" / name, package.parents[1] / name):
        if candidate.is_dir():
            return candidate
    raise ConfigError(f"ragmeter is installed without its folder {name!r}; reinstall it")


@cache
def schema(name: str) -> Mapping[str, Any]:
    """The JSON Schema ``name``, for instance ``workload.v1``."""
    folder = data_dir("schemas")
    path = folder / f"{name}.schema.json"
    if not path.is_file():
        raise ConfigError(f"no schema {name!r}; known: {', '.join(known_schemas())}")
    document: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def known_schemas() -> list[str]:
    """Names of the shipped schemas, sorted."""
    return sorted(path.name.removesuffix(".schema.json") for path in data_dir("schemas").glob("*.schema.json"))


def read_text(path: Path) -> str:
    """The text of a file that somebody named, unpacked where its name ends in .gz.

    Raises ConfigError with the reason when it cannot be read.
    """
    try:
        return decoded(_unpacked(path))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not {error.encoding.upper()} text: {error.reason} at byte {error.start}") from error


def _unpacked(path: Path) -> bytes:
    if path.suffix != ".gz":
        return path.read_bytes()
    try:
        with gzip.open(path) as stream:
            found = stream.read(MAX_UNPACKED_BYTES + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ConfigError(f"{path}: not gzip: {error}") from error
    if len(found) > MAX_UNPACKED_BYTES:
        raise ConfigError(f"{path}: unpacks to more than {MAX_UNPACKED_BYTES >> 20} MiB")
    return found


def sha256_of(path: Path) -> str:
    """Of the bytes of a file. Raises ConfigError with the reason when it cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error


def read_yaml(path: Path) -> Any:
    """The document of a YAML file. Raises ConfigError with file, line and column."""
    with _named(path):
        return yaml_document(read_text(path))


def read_document(path: Path, *, infinite: bool = False) -> Any:
    """The document of a JSON file, a list of those of a file of JSON lines (both by their suffix), or a YAML file.

    infinite: as of `json_document`. Raises ConfigError.
    """
    text = read_text(path)
    with _named(path):
        if path.suffix in LINES:
            return list(json_lines(text, infinite=infinite))
        return json_document(text, infinite=infinite) if path.suffix == ".json" else yaml_document(text)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """What cannot be read, as a ConfigError with its file."""
    try:
        yield
    except NotationError as error:
        at = f":{error.line}:{error.column}" if error.line else ""
        raise ConfigError(f"{path}{at}: {error}") from error


def check_writable(folder: Path) -> None:
    """Make the folder and write a little into it. Raises StorageError when results could not be kept there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(PROBE_BYTES))
            probe.flush()
    except OSError as error:
        raise StorageError(f"{folder}: cannot keep results there: {error.strerror or error}") from error


def write_atomically(path: Path, text: str) -> None:
    """Write all of ``text`` or nothing: a reader never sees half a file. Raises StorageError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}") from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise StorageError(f"{path}: {error.strerror or error}") from error
