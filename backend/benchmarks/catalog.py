"""The providers and workloads that a benchmark can name: those that the suite ships, and the operator's own.

One's own lie in two ConfigMaps, a key `NAME.yaml` each, with the prompt files of workloads beside them. They win over
shipped ones. The order of a run carries them, so that what was checked is what is run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ragmeter.jobs.names import ORDER_FOLDER

from ..errors import BadRequestError
from .manifests import Document, check_manifest, check_names_of_metrics, read_manifest
from .own_provider import carried_provider
from .own_workload import carried_files, check_closed
from .shipped import shipped

_SUFFIXES = (".yml", ".yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    field: str
    folder: str
    config_map: str
    schema: str


PROVIDER = Kind(
    field="provider", folder="fixtures/providers", config_map="rag-benchmark-providers", schema="provider.v1"
)
WORKLOAD = Kind(field="workload", folder="workloads", config_map="rag-benchmark-workloads", schema="workload.v1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """`files`: what a pod needs beside its image, by path below ORDER_FOLDER; `option`: how it is told of it."""

    name: str
    document: Document
    option: str
    files: Mapping[str, str] = field(default_factory=dict)


def choose_provider(name: str, own: Mapping[str, str], *, origin: str = "") -> Chosen:
    """`own`: data of the ConfigMap. `origin`: who named it, unless it was the request. Raises BadRequestError."""
    key = _key_of(PROVIDER, name, own, origin)
    if key is None:
        return Chosen(name=name, document={}, option=name)
    where = _where(PROVIDER, key)
    document = carried_provider(read_manifest(own[key], where), where)
    check_manifest(document, PROVIDER.schema, where)
    check_names_of_metrics(document, where)
    return _carried(PROVIDER, key, document, {})


def choose_workload(name: str, own: Mapping[str, str]) -> Chosen:
    """Raises BadRequestError."""
    key = _key_of(WORKLOAD, name, own, "")
    where = _where(WORKLOAD, key or name)
    text = shipped_files(WORKLOAD)[name].read_text(encoding="utf-8") if key is None else own[key]
    document = read_manifest(text, where)
    check_manifest(document, WORKLOAD.schema, where)
    check_names_of_metrics(document, where)
    check_closed(document, where)
    if key is None:
        return Chosen(name=name, document=document, option=name)
    return _carried(WORKLOAD, key, document, carried_files(document, own, where))


def _key_of(kind: Kind, name: str, own: Mapping[str, str], origin: str) -> str | None:
    """The key of one's own file; None for a shipped one. Raises BadRequestError that lists the known names."""
    for suffix in _SUFFIXES:
        if name + suffix in own:
            return name + suffix
    known = shipped_files(kind)
    if name not in known:
        names = sorted({*known, *(Path(key).stem for key in own if key.endswith(_SUFFIXES))})
        raise BadRequestError(
            f"{kind.field}: {name!r}{origin} is unknown; known: {', '.join(names)}; "
            f"one of your own is the key {name}.yaml of the ConfigMap {kind.config_map}"
        )
    return None


def shipped_files(kind: Kind) -> dict[str, Path]:
    return {path.stem: path for path in shipped(kind.folder).iterdir() if path.suffix in _SUFFIXES}


def _where(kind: Kind, key: str) -> str:
    return f"{kind.field}: {key}"


def _carried(kind: Kind, key: str, document: Document, others: Mapping[str, str]) -> Chosen:
    """As it was checked; JSON is YAML. `others`: files that it names, relative to it."""
    files = {key: json.dumps({"schema": kind.schema, **document}), **others}
    return Chosen(
        name=Path(key).stem,
        document=document,
        option=f"{ORDER_FOLDER}/{kind.field}/{key}",
        files={f"{kind.field}/{name}": text for name, text in files.items()},
    )
