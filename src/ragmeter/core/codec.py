"""Records to JSON documents and back, and the JSON Schema of a record."""

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from ragmeter.core.errors import SchemaError

R = TypeVar("R")


_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)


def encode(record: Any) -> dict[str, Any]:
    """The JSON document of a frozen record: enums as their values, tuples as lists.

    A value that is not of its field's type is passed on: the schema says what is wrong with it.
    """
    document: dict[str, Any] = _adapter(type(record)).dump_python(
        record, mode="json", warnings=False, fallback=_sequence
    )
    return document


def _sequence(value: Any) -> list[Any]:
    """Of a sequence of our own. Raises ValueError for anything else."""
    if not isinstance(value, Sequence):
        raise ValueError(f"a document holds no {type(value)}")  # noqa: TRY004 - as json says it of what it cannot carry
    return list(value)


def to_json(record: Any, *, indent: int | None = None) -> str:
    """The JSON text of a frozen record, in ASCII: a server's words may hold what UTF-8 cannot carry.

    Raises ValueError for NaN and infinities, which JSON does not have.
    """
    return json.dumps(encode(record), indent=indent, allow_nan=False)


def decode(record: type[R], document: Any, *, where: str) -> R:
    """The record of a document; the inverse of `encode`. Raises SchemaError naming ``where`` and the path."""
    try:
        made: R = _adapter(record).validate_python(document)
    except ValidationError as error:
        first = error.errors()[0]
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
        raise SchemaError(f"{where}: ${path}: {first['msg']}") from error
    return made


def decode_json(record: type[R], text: bytes) -> R:
    """The record of a JSON text, without the document in between. Raises ValueError, which `decode` has better words
    for.
    """
    made: R = _adapter(record).validate_json(text)
    return made


def schema_of(record: type, *, identifier: str, title: str, written: bool = True) -> dict[str, Any]:
    """JSON Schema 2020-12 of a frozen record: every field is required, no other key is allowed.

    written: as this version writes it. What an older one wrote lacks fields that came later, which have a default.
    """
    schema = _adapter(record).json_schema(mode="serialization")
    for rule in (schema, *schema.get("$defs", {}).values()):
        if rule.get("type") == "object" and "properties" in rule:
            named = [*rule.get("required", ()), *({"schema"} & rule["properties"].keys())]
            rule["required"] = list(rule["properties"]) if written else named
            rule["additionalProperties"] = False
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:ragmeter:{identifier}"}
    return {**head, **schema, "title": title}
