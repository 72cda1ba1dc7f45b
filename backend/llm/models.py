"""What a server of the API lists under /v1/models. Pure."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from ..strict_json import printable
from .values import OddValueError, object_at, shown

_MAX_NAME_CHARS = 256
_MAX_CONTEXT = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """`engine`: who serves it, such as `vllm` or `llamacpp`. `details`: what else it says, plain values only.

    A field of another type than it should have is not known: only the name is needed to work.
    """

    id: str
    engine: str | None = None
    max_model_len: int | None = None
    quantization: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


def served_models(document: dict[str, Any]) -> list[ServedModel]:
    """At least one. Raises OddValueError."""
    listed = document.get("data")
    if not isinstance(listed, list) or not listed:
        raise OddValueError("it lists no model")
    return [_served(entry, f"data[{number}]") for number, entry in enumerate(listed)]


def shown_name(model: str) -> str:
    """A model's name as reports show it: a file on the LLM's disk is shown without its folder."""
    return os.path.basename(model) if os.path.isabs(model) else model  # noqa: PTH119,PTH117  # a name, not a path here


def _served(entry: Any, where: str) -> ServedModel:
    told = object_at(entry, where)
    name, meta = told.get("id"), told.get("meta")
    if not isinstance(name, str) or not 0 < len(name) <= _MAX_NAME_CHARS:
        raise OddValueError(f"{where}.id is {shown(name)}, not a name of 1 to {_MAX_NAME_CHARS} characters")
    meta = meta if isinstance(meta, dict) else {}
    return ServedModel(
        id=printable(name),
        engine=_name(told.get("owned_by")),
        max_model_len=_length(told.get("max_model_len")) or _length(meta.get("n_ctx")),
        quantization=_name(meta.get("ftype")),
        details=_details(told, meta),
    )


def _details(entry: dict[str, Any], meta: dict[str, Any]) -> dict[str, Any]:
    plain = {printable(key): _plain(value) for key, value in meta.items()}
    told = {"root": _name(entry.get("root")), "created": _plain(entry.get("created")), "meta": plain or None}
    return {key: value for key, value in told.items() if value is not None}


def _plain(value: Any) -> str | int | float | bool | None:
    if isinstance(value, str):
        return printable(value[:_MAX_NAME_CHARS])
    return value if isinstance(value, int | float) else None


def _name(value: Any) -> str | None:
    return printable(value[:_MAX_NAME_CHARS]) if isinstance(value, str) and value else None


def _length(value: Any) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 < value <= _MAX_CONTEXT else None
