"""Documents that name no schema: they are read as version 1, and a notice says so."""

from collections.abc import Mapping
from typing import Any

Notices = tuple[str, ...]

WORKLOAD, PROVIDER = "workload.v1", "provider.v1"
_FLAT = ("requests", "concurrency", "warmup_requests", "timeout", "max_output_tokens")
"""Keys at the top of a manifest without a section ``benchmark``, where the predecessor's client read them."""


def versioned(document: Any, schema: Mapping[str, Any], where: str) -> tuple[Any, Notices]:
    """The document with the schema that it is read by, and the notice of it; as it is, where it names one itself."""
    if not isinstance(document, dict) or "schema" in document:
        return document, ()
    name = schema["properties"]["schema"]["const"]
    made, moved = _nested(document, where) if name == WORKLOAD else (document, "")
    notice = f"{where}: has no key 'schema' and is read as {name}{moved}; write 'schema: {name}' as its first line"
    return {"schema": name, **made}, (notice,)


def _nested(document: Mapping[str, Any], where: str) -> tuple[Mapping[str, Any], str]:
    """A flat manifest with its section ``benchmark``, named by its file where it has no name; and what was done."""
    flat = [key for key in _FLAT if key in document]
    if not flat or "benchmark" in document:
        return document, ""
    rest = {key: value for key, value in document.items() if key not in flat}
    file = where.rpartition("/")[2]
    made = {"name": file.rpartition(".")[0] or file, **rest, "benchmark": {key: document[key] for key in flat}}
    return made, f", with {', '.join(flat)} below 'benchmark'"


def kind_of(document: Mapping[str, Any], schemas: Mapping[str, Mapping[str, Any]]) -> str | None:
    """The schema that a document without one was written for, by its keys; None where nothing or several fit best."""
    keys = {name: document.keys() & {*schema["properties"]} for name, schema in schemas.items()}
    keys[WORKLOAD] = keys[WORKLOAD] | (document.keys() & {*_FLAT})
    best = max(len(found) for found in keys.values())
    fitting = [name for name, found in keys.items() if len(found) == best]
    return fitting[0] if best and len(fitting) == 1 else None
