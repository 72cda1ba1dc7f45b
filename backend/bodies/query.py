"""The body of a query."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from ..parsing import Mode
from .base import Body, Docset

_MAX_FIELDS = 16
_MAX_VALUES = 100


def _fields(given: Any) -> Any:
    """Checked by hand: of a union of types a validation error names each."""
    if not isinstance(given, dict) or not 0 < len(given) <= _MAX_FIELDS:
        raise PydanticCustomError("filter", f"a filter is an object of 1 to {_MAX_FIELDS} fields")
    for name, values in given.items():
        listed = values if isinstance(values, list) else [values]
        if not 0 < len(listed) <= _MAX_VALUES or not all(isinstance(value, str | int | float) for value in listed):
            raise PydanticCustomError(
                "filter",
                "a field has a text, a number, true or false, or a list of 1 to {most} of them, and not {field}",
                {"most": _MAX_VALUES, "field": f"{name[:60]}: {str(values)[:60]}"},
            )
    return given


_VALUE: dict[str, Any] = {"type": ["string", "number", "boolean"]}
Fields = Annotated[
    dict[str, Any],
    BeforeValidator(_fields),
    WithJsonSchema(
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": _MAX_FIELDS,
            "additionalProperties": {
                "anyOf": [_VALUE, {"type": "array", "items": _VALUE, "minItems": 1, "maxItems": _MAX_VALUES}]
            },
            "examples": [{"kind": ["md", "pdf"], "language": "en"}],
        }
    ),
]


class Turn(Body):
    role: Literal["user", "assistant"]
    content: str = Field(max_length=100_000)


class QueryRequest(Body):
    """`k` 0 asks the LLM without retrieval. No session is kept: `session_id` is echoed, `history` is sent.

    `passage_texts`: whether the end of the answer tells the text of each passage, as the LLM was given it.
    `retrieval_mode`, `candidates`: how passages are searched, and how many chunks each search brings to a hybrid one
    and to the reranker, which `rerank` turns on or off. `filter`: documents with one of the values, for each field.
    `cache_salt`: the LLM's cache of prompts finds nothing for it but what a query with the same one left there.
    """

    query: str = Field(min_length=1, max_length=100_000)
    session_id: str | None = Field(default=None, max_length=128)
    history: list[Turn] = Field(default_factory=list, max_length=200)
    k: int | None = Field(default=None, ge=0)
    docset: Docset | None = None
    retrieval_mode: Mode | None = None
    candidates: int | None = Field(default=None, ge=1, le=1000)
    rerank: bool | None = None
    filter: Fields | None = None
    passage_texts: bool = False
    cache_salt: str | None = Field(default=None, pattern="^[A-Za-z0-9._-]{1,64}$", examples=["7f3a9c21d04be856"])
    max_tokens: int | None = Field(default=None, ge=1, le=131_072)
