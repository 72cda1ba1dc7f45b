"""Where in a JSON value something stands: JMESPath expressions, checked at load and quick when they are read.

The library of JMESPath parses every expression. What most of them are, chains of keys and positions and alternatives of
such chains, is read by closures made of its syntax tree; anything else by the library's own interpreter.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from ragmeter.core.errors import ConfigError

Place = Callable[[Any], Any]
"""Takes a JSON value; gives what stands at the place, None where nothing does. Raises nothing."""


def place_of(text: str, where: str) -> Place:
    """Raises ConfigError, with the column counted from 1, for what is no JMESPath expression or can match nothing."""
    try:
        return _compiled(text)
    except _BadExpression as error:
        raise ConfigError(f"{where}: {text!r}: {error}") from error


class _BadExpression(Exception):  # noqa: N818 - its message becomes part of an error's
    """Why an expression is none, with its column."""


@cache
def _compiled(text: str) -> Place:
    import jmespath
    from jmespath.exceptions import EmptyExpressionError, JMESPathError

    try:
        found = jmespath.compile(text)
    except EmptyExpressionError as error:
        raise _BadExpression("an empty expression matches nothing") from error
    except (JMESPathError, RecursionError) as error:
        column = getattr(error, "lex_position", 0) + 1
        raise _BadExpression(f"no JMESPath expression: {_reason(error)} at column {column}") from error
    _check_functions(found.parsed, text)
    return _simple(found.parsed) or _interpreted(found, _whole_of(found.parsed))


def _reason(error: Exception) -> str:
    """The library's words without the drawing of the expression that it adds."""
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    if "Unclosed" in str(error):
        return "a quotation mark is not closed"
    token = getattr(error, "token_value", None)
    return f"{token!r} is not expected" if token else "it ends too early"


def _check_functions(node: Mapping[str, Any], text: str) -> None:
    """A function that is not there, or that takes another number of arguments, can match nothing."""
    from jmespath.functions import Functions

    if node["type"] == "function_expression":
        known, name, given = Functions.FUNCTION_TABLE, node["value"], len(node["children"])
        found = re.search(rf"\b{re.escape(name)}\s*\(", text)
        at = f"at column {(found.start() if found else 0) + 1}"
        if name not in known:
            raise _BadExpression(f"no function {name!r} {at}; known: {', '.join(sorted(known))}")
        signature = known[name]["signature"]
        variadic = bool(signature) and bool(signature[-1].get("variadic"))
        if given < len(signature) or (given > len(signature) and not variadic):
            more = " or more" if variadic else ""
            raise _BadExpression(f"{name} takes {len(signature)}{more} arguments and has {given} {at}")
    for child in node["children"]:
        if isinstance(child, Mapping):
            _check_functions(child, text)


def _whole_of(node: Mapping[str, Any]) -> Place | None:
    """Of a projection, the place of what it projects: it has nothing where that has nothing."""
    if node["type"] in {"projection", "filter_projection", "value_projection", "flatten"}:
        return _whole_of(node["children"][0]) or _simple(node["children"][0])
    return None


def _interpreted(expression: Any, whole: Place | None) -> Place:
    """The interpreter costs as much as reading a whole event: it is not asked where there is nothing to project."""
    from jmespath.exceptions import JMESPathError

    def read(value: Any) -> Any:
        if whole is not None and whole(value) is None:
            return None
        try:
            return expression.search(value)
        except (JMESPathError, RecursionError, ArithmeticError, TypeError, ValueError):
            return None  # a function met a value of a type or size that it does not take

    return read


def _simple(node: Mapping[str, Any]) -> Place | None:
    """Of a chain, or of alternatives of chains; None for anything else."""
    if node["type"] == "or_expression":
        parts = [_simple(child) for child in node["children"]]
        known = [part for part in parts if part is not None]
        return _either(known) if len(known) == len(parts) else None
    steps = _steps(node)
    return None if steps is None else _chain(steps)


def _steps(node: Mapping[str, Any]) -> tuple[str | int, ...] | None:
    kind = node["type"]
    if kind in {"field", "index"}:
        return (node["value"],)
    if kind in {"current", "identity"}:
        return ()
    if kind in {"subexpression", "index_expression"}:
        parts = [_steps(child) for child in node["children"]]
        known = [part for part in parts if part is not None]
        return tuple(step for part in known for step in part) if len(known) == len(parts) else None
    return None


def _either(parts: list[Place]) -> Place:
    """The first that is true as JMESPath has it: 0 is."""
    *first, last = parts

    def read(value: Any) -> Any:
        for part in first:
            if is_true(found := part(value)):
                return found
        return last(value)

    return read


def is_true(value: Any) -> bool:
    """As JMESPath has it: a number always is, an empty text, list or object never."""
    return value is not None and value is not False and (bool(value) or isinstance(value, int | float))


def _chain(steps: tuple[str | int, ...]) -> Place:
    if len(steps) == 1 and isinstance(steps[0], str):
        key = steps[0]
        return lambda value: value.get(key) if isinstance(value, dict) else None

    def read(value: Any) -> Any:
        for step in steps:
            if isinstance(step, str):
                if not isinstance(value, dict):
                    return None
                value = value.get(step)
            elif isinstance(value, list) and -len(value) <= step < len(value):
                value = value[step]
            else:
                return None
        return value

    return read
