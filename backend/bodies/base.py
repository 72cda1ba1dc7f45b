"""What all bodies of requests have in common. An unknown key is an error: a misspelt `k` must not be measured as the
default.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from ..parsing import DOCSET_NAME

_SHOWN_CHARS = 60

Docset = Annotated[str, Field(pattern=f"^{DOCSET_NAME.pattern}$", examples=["default"])]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Its JSON Schema for OpenAPI, with nested models written out in place."""
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})
    resolved: dict[str, Any] = _resolve(schema, definitions)
    return resolved


def _resolve(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_resolve(entry, definitions) for entry in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _resolve(definitions[node["$ref"].rpartition("/")[2]], definitions)
    return {key: _resolve(value, definitions) for key, value in node.items()}


def validation_sentence(errors: Sequence[Any]) -> str:
    """`k: Input should be greater than or equal to 0 (-1)`, the first of them; long values are not repeated."""
    first = errors[0]
    more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
    if first["type"] == "json_invalid":
        return f"the body is not JSON: {first['ctx']['error']}{_seen(first)}"
    where = ".".join(str(part) for part in first["loc"] if part != "body") or "body"
    return f"{where}: {first['msg']}{_seen(first)}{more}"


def _seen(error: Any) -> str:
    text = repr(error.get("input"))
    return f" ({text})" if len(text) < _SHOWN_CHARS else ""
