"""Values of the type that they should have, or a sentence: the field, the value seen, what it should be. Pure."""

from __future__ import annotations

from typing import Any

_SHOWN_CHARS = 80


class OddValueError(ValueError):
    """The LLM sent something else than its API has there."""


def object_at(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise OddValueError(f"{where} is {shown(value)}, not an object")
    return value


def list_at(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise OddValueError(f"{where} is {shown(value)}, not a list")
    return value


def text_at(value: Any, where: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise OddValueError(f"{where} is {shown(value)}, not text")
    return value


def shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"
