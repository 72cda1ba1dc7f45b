"""A result as JSON text, and back: each is the exact inverse of the other.

Tuples are lists and enumerations are strings in the text; the records' types say how to read them again. A number that
JSON cannot carry (NaN, an infinity) is an error, and so is a field too many, too few or of the wrong type.
"""

import json
import math
import types
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Literal, NoReturn, Union, get_args, get_origin, get_type_hints

from ragmeter.core.errors import StorageError
from ragmeter.core.result import RunResult


def result_json(result: RunResult) -> str:
    """The document, ending in a newline; each point is one line. StorageError for what JSON cannot carry."""
    tree = _plain(result, "$")
    text = "{\n" + ",\n".join(f"  {json.dumps(key)}: {_value_text(key, tree[key])}" for key in tree) + "\n}\n"
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate, from bytes that were no UTF-8: only an escape can carry it
        return json.dumps(tree, indent=2) + "\n"
    return text


def load_result(text: str, *, where: str = "result") -> RunResult:
    """The result that ``text`` holds. StorageError, naming ``where`` (a path), when it is no such document."""
    try:
        result: RunResult = _record(
            RunResult, json.loads(text, parse_constant=_refuse_constant, parse_float=_finite), "$"
        )
    except (ValueError, RecursionError) as error:
        raise StorageError(f"{where}: {error}") from error
    return result


def _value_text(key: str, value: Any) -> str:
    if key == "points" and value:
        lines = ",\n    ".join(json.dumps(point, ensure_ascii=False) for point in value)
        return f"[\n    {lines}\n  ]"
    return json.dumps(value, ensure_ascii=False, indent=2).replace("\n", "\n  ")


def _plain(value: Any, path: str) -> Any:
    """The value in JSON's own types."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return _checked(value, path)
    return _plain_container(value, path)


def _plain_container(value: Any, path: str) -> Any:
    if is_dataclass(value):
        return {at.name: _plain(getattr(value, at.name), f"{path}.{at.name}") for at in fields(value)}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _plain(item, f"{path}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, f"{path}[{index}]") for index, item in enumerate(value)]
    raise StorageError(f"{path}: {value!r} of type {type(value).__name__} has no place in JSON")


def _checked(value: float, path: str) -> float:
    if not math.isfinite(value):
        raise StorageError(f"{path}: {value} is not a JSON number")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits} is too large for a number")
    return value


def _record(kind: type, tree: Any, path: str) -> Any:
    types_by_name = _field_types(kind)
    if not isinstance(tree, dict):
        raise _wrong(path, tree, "an object")
    if tree.keys() != types_by_name.keys():
        raise ValueError(f"{path}: {_difference(tree, types_by_name)}")
    return kind(**{name: _read(types_by_name[name], tree[name], f"{path}.{name}") for name in tree})


@cache
def _field_types(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {at.name: hints[at.name] for at in fields(kind)}


def _difference(tree: dict[str, Any], expected: dict[str, Any]) -> str:
    unknown, missing = sorted(tree.keys() - expected.keys()), sorted(expected.keys() - tree.keys())
    parts = (f"unknown {', '.join(unknown)}" if unknown else "", f"missing {', '.join(missing)}" if missing else "")
    return "; ".join(part for part in parts if part)


def _read(kind: Any, tree: Any, path: str) -> Any:
    """``tree`` as a value of the annotated type ``kind``."""
    origin = get_origin(kind)
    if kind is Any:
        return tree
    if origin in (Union, types.UnionType):
        return None if tree is None else _read(_not_none(kind), tree, path)
    if origin is Literal:
        return tree if tree in get_args(kind) else _refuse(path, tree, " or ".join(map(repr, get_args(kind))))
    if origin in (tuple, dict):
        return _read_many(origin, get_args(kind), tree, path)
    if isinstance(kind, type) and is_dataclass(kind):
        return _record(kind, tree, path)
    return _read_enum(kind, tree, path) if issubclass(kind, Enum) else _read_scalar(kind, tree, path)


def _not_none(kind: Any) -> Any:
    (inner,) = (choice for choice in get_args(kind) if choice is not types.NoneType)
    return inner


def _read_many(origin: type, inner: tuple[Any, ...], tree: Any, path: str) -> Any:
    if origin is tuple and isinstance(tree, list):
        return tuple(_read(inner[0], item, f"{path}[{index}]") for index, item in enumerate(tree))
    if origin is dict and isinstance(tree, dict):
        return {key: _read(inner[1], item, f"{path}.{key}") for key, item in tree.items()}
    raise _wrong(path, tree, "a list" if origin is tuple else "an object")


def _read_enum(kind: type[Enum], tree: Any, path: str) -> Enum:
    known: dict[Any, Enum] = {member.value: member for member in kind}
    return known[tree] if isinstance(tree, str) and tree in known else _refuse(path, tree, " or ".join(known))


def _read_scalar(kind: type, tree: Any, path: str) -> Any:
    """A whole number may stand for a float; true and false stand for no number."""
    allowed = (int, float) if kind is float else kind
    fits = isinstance(tree, allowed) and (kind is bool or not isinstance(tree, bool))
    return tree if fits else _refuse(path, tree, f"a value of type {kind.__name__}")


def _refuse(path: str, tree: Any, allowed: str) -> NoReturn:
    raise _wrong(path, tree, allowed)


def _wrong(path: str, tree: Any, allowed: str) -> ValueError:
    return ValueError(f"{path}: {json.dumps(tree)[:80]} is not {allowed}")
