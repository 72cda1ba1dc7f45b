"""YAML that people write for the suite, read and checked as the suite does it, by the same schemas.

What a pod would refuse after it was started is refused here, before it is.
"""

from __future__ import annotations

import json
import math
from functools import cache
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker, TypeChecker
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend

from ..errors import BadRequestError
from .shipped import shipped

Document = dict[str, Any]

_SHOWN_CHARS = 80


def read_manifest(text: str, where: str) -> Document:
    """Raises BadRequestError with `where`, line and column."""
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        at = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise BadRequestError(f"{where}{at}: not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise BadRequestError(f"{where}: not YAML: {error}") from error
    if not isinstance(document, dict):
        raise BadRequestError(f"{where}: $: {str(document)[:60]!r} is not a mapping of keys")
    return document


def check_manifest(document: Document, schema: str, where: str) -> None:
    """A document without `schema` is taken for `schema`. Raises BadRequestError with `where`, path and value."""
    errors = list(_validator(schema).iter_errors({"schema": schema, **document}))
    # What is out of place may be so only because of what else is wrong.
    error = best_match([error for error in errors if error.validator != "not"] or errors)
    if error is not None:
        raise BadRequestError(f"{where}: {error.json_path}: {_sentence(error)}")


def check_names_of_metrics(document: Document, where: str) -> None:
    """Those of its SLOs and of its bounds of one request. Raises BadRequestError that lists the known ones."""
    check_manifest({key: document[key] for key in ("slo", "goodput") if key in document}, "slo.v1", where)


def _sentence(error: ValidationError) -> str:
    """Large values are cut: they begin the message."""
    if error.validator == "oneOf" and isinstance(error.instance, dict):
        rule: Any = error.validator_value
        return f"needs exactly one of {' or '.join(', '.join(option['required']) for option in rule)}"
    seen = repr(error.instance)
    if error.validator == "pattern" and isinstance(error.schema, dict) and "description" in error.schema:
        return f"{seen[:_SHOWN_CHARS]}: {error.schema['description']}"
    return error.message if len(seen) <= _SHOWN_CHARS else error.message.replace(seen, f"{seen[:_SHOWN_CHARS]}…")


@cache
def schema_document(name: str) -> Document:
    """Such as `workload.v1`."""
    document: Document = json.loads(shipped(f"schemas/{name}.schema.json").read_text(encoding="utf-8"))
    return document


@cache
def _validator(schema: str) -> Any:
    return _Validator(schema_document(schema), format_checker=FormatChecker())


def _is_number(_checker: TypeChecker, value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_integer(_checker: TypeChecker, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_extend: Any = extend  # it has no types
_Validator = _extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many({"number": _is_number, "integer": _is_integer}),
)
"""YAML is richer than JSON: .nan and .inf are no numbers, and 5.0 is no count."""


class _Loader(yaml.SafeLoader):
    """A key written twice is an error, and a date stays as it is written."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for position, key in enumerate(keys):
            if key in keys[:position]:
                mark = node.value[position][0].start_mark
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} is written twice", problem_mark=mark)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
