"""Files: the data that ships with ragmeter, YAML that people write, and results that must not be lost."""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ragmeter.core.errors import ConfigError, StorageError

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


class _Loader(yaml.SafeLoader):
    """Safe YAML that refuses a key written twice and leaves dates as they are written."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for position, key in enumerate(keys):
            if key in keys[:position]:
                mark = node.value[position][0].start_mark
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} is written twice", problem_mark=mark)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_text(path: Path) -> str:
    """The text of a file that somebody named. Raises ConfigError with the reason when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text: {error.reason} at byte {error.start}") from error


def sha256_of(path: Path) -> str:
    """Of the bytes of a file. Raises ConfigError with the reason when it cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error


def read_yaml(path: Path) -> Any:
    """The document of a YAML file. Raises ConfigError with file, line and column."""
    try:
        return yaml.load(read_text(path), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        at = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise ConfigError(f"{path}{at}: not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {error}") from error


def read_document(path: Path) -> Any:
    """The document of a JSON file (by its suffix) or a YAML file. Raises ConfigError."""
    if path.suffix != ".json":
        return read_yaml(path)
    try:
        return json.loads(read_text(path))
    except ValueError as error:
        raise ConfigError(f"{path}: not JSON: {error}") from error


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
