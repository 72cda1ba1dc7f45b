"""JSON Schema 2020-12: checking a document, and writing the schema of a record.

Schemas of what people write (workload, provider) are written by hand; schemas of what ragmeter writes are generated
from the records, so that the two cannot drift apart.
"""

import dataclasses
import difflib
import types
import typing
from collections.abc import Iterator, Mapping
from enum import EnumType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError, best_match

from ragmeter.core.errors import SchemaError

type_names = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def check(document: Any, schema: Mapping[str, Any], where: str) -> None:
    """Raise `SchemaError` naming ``where``, the path, the value seen and the values allowed, if anything is wrong."""
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    error = best_match(validator.iter_errors(document))
    if error is not None:
        raise SchemaError(f"{where}: {_sentence(error)}")


def _sentence(error: ValidationError) -> str:
    rule: Any = error.validator_value
    if error.schema is False:
        return f"{error.json_path}: {error.instance!r} has no meaning here"
    if error.validator == "additionalProperties" and isinstance(error.schema, dict):
        return _unknown_key(error, sorted(error.schema.get("properties", {})))
    if error.validator == "oneOf" and isinstance(error.instance, dict):
        groups = " or ".join(", ".join(option.get("required", [])) for option in rule)
        return f"{error.json_path}: needs exactly one of {groups}"
    if error.validator not in sentences:
        return f"{error.json_path}: {error.message}"
    allowed = ", ".join(map(str, rule)) if isinstance(rule, list) else rule
    shown = repr(error.instance)
    shown = shown if len(shown) <= 80 else shown[:77] + "…"
    return f"{error.json_path}: {shown} {sentences[error.validator].format(allowed)}"


sentences = {
    "enum": "is not one of {}",
    "const": "is not {!r}",
    "type": "is not of type {}",
    "minimum": "is not >= {}",
    "exclusiveMinimum": "is not > {}",
    "maximum": "is not <= {}",
    "pattern": "does not match {}",
    "minItems": "needs at least {} item",
    "minLength": "must not be empty",
    "format": "is not a {}",
}


def _unknown_key(error: ValidationError, known: list[str]) -> str:
    instance: Any = error.instance
    unknown = min(str(key) for key in instance if key not in known)
    close = difflib.get_close_matches(unknown, known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{error.json_path}.{unknown}: unknown key; {hint}allowed: {', '.join(known)}"


def defaults(schema: Mapping[str, Any], section: str) -> dict[str, Any]:
    """The declared defaults of one object property of ``schema``, by key: the manifest's only place for defaults."""
    properties = schema["properties"][section].get("properties", {})
    return {key: rule["default"] for key, rule in properties.items() if "default" in rule}


def schema_of(record: type, *, identifier: str, title: str) -> dict[str, Any]:
    """JSON Schema of a frozen dataclass: every field required, no other key allowed."""
    definitions: dict[str, Any] = {}
    root = _object_of(record, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:ragmeter:{identifier}",
        "title": title,
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def _object_of(record: type, definitions: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(record)
    names = [field.name for field in dataclasses.fields(record)]
    return {
        "description": (record.__doc__ or "").strip(),
        "type": "object",
        "additionalProperties": False,
        "required": names,
        "properties": {name: _rule_of(hints[name], definitions) for name in names},
    }


def _rule_of(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if hint is Any:
        return {}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if hint.__name__ not in definitions:
            definitions[hint.__name__] = {}
            definitions[hint.__name__] = _object_of(hint, definitions)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    if isinstance(hint, EnumType):
        return {"enum": [str(member.value) for member in typing.cast("Iterator[Any]", iter(hint))]}
    if hint in type_names:
        return {"type": type_names[hint]}
    return _generic_rule_of(hint, definitions)


def _generic_rule_of(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"enum": list(args)}
    if origin in {Union, types.UnionType}:
        return _union_rule([_rule_of(arg, definitions) for arg in args])
    if origin is tuple:
        return {"type": "array", "items": _rule_of(args[0], definitions)}
    if origin is dict:
        values = _rule_of(args[1], definitions)
        return {"type": "object", "additionalProperties": values} if values else {"type": "object"}
    raise TypeError(f"no JSON Schema for {hint!r}")


def _union_rule(rules: list[dict[str, Any]]) -> dict[str, Any]:
    if all(set(rule) == {"type"} for rule in rules):
        return {"type": [rule["type"] for rule in rules]}
    return {"anyOf": rules}
