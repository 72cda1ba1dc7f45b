"""Checking a document against a JSON Schema 2020-12, with sentences a person can act on."""

import difflib
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError, best_match

from ragmeter.core.errors import SchemaError


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
