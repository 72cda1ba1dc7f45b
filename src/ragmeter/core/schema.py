"""Checking a document against a JSON Schema 2020-12, with sentences a person can act on."""

import difflib
import functools
import math
import re
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from ragmeter.core.errors import SchemaError

if TYPE_CHECKING:
    from jsonschema import TypeChecker
    from jsonschema.exceptions import ValidationError


def _is_number(_checker: "TypeChecker", value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_integer(_checker: "TypeChecker", value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@functools.cache
def _validator() -> Any:
    """Stricter than JSON Schema where YAML is richer than JSON: no .nan, no .inf, and 5.0 is not a count.

    Imported at the first check: it takes half a second, and load processes check nothing.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    checker = Draft202012Validator.TYPE_CHECKER.redefine_many({"number": _is_number, "integer": _is_integer})
    untyped: Any = extend
    return untyped(Draft202012Validator, type_checker=checker)


def check(document: Any, schema: Mapping[str, Any], where: str) -> None:
    """Raise `SchemaError` naming ``where``, the path, the value seen and the values allowed, if anything is wrong."""
    from jsonschema import FormatChecker
    from jsonschema.exceptions import best_match

    errors = list(_validator()(schema, format_checker=FormatChecker()).iter_errors(document))
    # What is out of place may be so only because of what else is wrong.
    error = best_match([error for error in errors if error.validator != "not"] or errors)
    if error is not None:
        raise SchemaError(f"{where}: {_sentence(error)}")


def _sentence(error: "ValidationError") -> str:
    rule: Any = error.validator_value
    if error.validator == "not" and isinstance(error.instance, dict):
        key = rule["required"][0]
        return f"{error.json_path}.{key}: {error.instance[key]!r} has no meaning here"
    if error.validator == "additionalProperties" and isinstance(error.schema, dict):
        return _unknown_key(error, error.schema.get("properties", {}))
    if error.validator == "oneOf" and isinstance(error.instance, dict):
        groups = " or ".join(", ".join(option.get("required", [])) for option in rule)
        return f"{error.json_path}: needs exactly one of {groups}"
    if error.validator == "required":
        return f"{error.json_path}: {error.message.split(' is ')[0]} is missing"
    if error.validator not in sentences:
        return f"{error.json_path}: {error.message}"
    return f"{error.json_path}: {_shown(error)} {_objection(error)}"


def _objection(error: "ValidationError") -> str:
    rule: Any = error.validator_value
    examples = error.schema.get("examples") if isinstance(error.schema, dict) else None
    if error.validator == "pattern" and isinstance(error.schema, dict) and (allowed := error.schema.get("allowed")):
        return f"is not made of {allowed}{'' if _is_secret(error) else _slug(error.instance, rule)}"
    if error.validator == "pattern" and examples:
        return f"is not like {' or '.join(map(repr, examples))}"
    allowed = ", ".join(map(str, rule)) if isinstance(rule, list) else rule
    if error.validator == "type":
        allowed = str(allowed).replace(", ", " or ") + ("" if _is_secret(error) else _quoting(error.instance, rule))
    return sentences[str(error.validator)].format(allowed)


def _quoting(instance: Any, rule: Any) -> str:
    """YAML takes 1.0 for a number and '10' for a text."""
    if isinstance(instance, str) and rule in ("integer", "number") and instance.strip().isdecimal():
        return f"; write it without quotes: {instance.strip()}"
    if isinstance(instance, int | float | date) and rule == "string":
        return f"; write it in quotes: '{str(instance).lower() if isinstance(instance, bool) else instance}'"
    return ""


def _slug(instance: Any, pattern: str) -> str:
    """What a name would be without what it must not have, where that makes one."""
    made = re.sub(r"[^a-z0-9._-]+", "-", str(instance).lower()).strip("-._")
    return f"; write {made!r}" if re.search(pattern, made) else ""


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
    "anyOf": "fits none of what is allowed",
}


def _is_secret(error: "ValidationError") -> bool:
    """Whether the value may be one: its rule is marked ``writeOnly``."""
    return isinstance(error.schema, dict) and bool(error.schema.get("writeOnly"))


def _shown(error: "ValidationError") -> str:
    """The value seen, unless it may be a secret."""
    if _is_secret(error):
        return "the value"
    text = repr(error.instance)
    return text if len(text) <= 80 else text[:77] + "…"


def _unknown_key(error: "ValidationError", rules: Mapping[str, Any]) -> str:
    instance: Any = error.instance
    unknown = min(str(key) for key in instance if key not in rules)
    meant = _meant(unknown, rules)
    hint = f"did you mean {meant!r}? " if meant else ""
    return f"{error.json_path}.{unknown}: unknown key; {hint}allowed: {', '.join(sorted(rules))}"


def _meant(unknown: str, rules: Mapping[str, Any]) -> str | None:
    """The key that has the name as its keyword ``synonyms``, or is spelt like it, or stands in a section below."""
    for key, rule in rules.items():
        if unknown.lower() in rule.get("synonyms", ()):
            return key
    sections = [key for key, rule in rules.items() if unknown in rule.get("properties", {})]
    if len(sections) == 1:
        return f"{sections[0]}.{unknown}"
    close = difflib.get_close_matches(unknown, sorted(rules), n=1)
    return close[0] if close else None


def defaults(schema: Mapping[str, Any], section: str) -> dict[str, Any]:
    """The declared defaults of one object property of ``schema``, by key: the manifest's only place for defaults."""
    properties = schema["properties"][section].get("properties", {})
    return {key: rule["default"] for key, rule in properties.items() if "default" in rule}
