"""Templates of requests: JSON values with placeholders. Data: nothing in them is run.

A string that is one placeholder, such as ``"{k}"``, becomes its value with its type; within a longer string the value's
text stands in its place. ``{{`` and ``}}`` are braces. A key of an object whose placeholder has no value is left out.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from ragmeter.core.errors import ConfigError

SETTABLE: Final = ("temperature", "stop", "system", "ignore_eos", "min_tokens", "chat_template_kwargs")
"""What a workload may state in ``request``. It replaces the value that a description has."""
PLACEHOLDERS: Final = (
    *("prompt", "messages", "history", "k", "docset", "max_tokens", "model", "seed", "session_id", "turn"),
    *("nonce", "cache_salt"),
    *SETTABLE,
)
"""What every request knows. messages: the previous turns and the prompt, as chat messages. history: the turns alone.
turn: from 1. nonce, cache_salt: the mark of a request, by how it is marked; without a value where it is not.
"""
LISTS: Final = ("messages", "history", "stop", "chat_template_kwargs")
"""Placeholders that have no text, so that they stand alone."""
_PART = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}|[{}]")
_ESCAPED = {"{{": "{", "}}": "}"}
Values = Mapping[str, Any]
Rendered = Callable[[Values], Any]


def template_of(value: Any, known: Collection[str], where: str) -> Rendered:
    """What makes the JSON value of a request. Raises ConfigError for a placeholder that is not one of ``known``."""
    if isinstance(value, dict):
        parts = {key: template_of(item, known, f"{where}.{key}") for key, item in value.items()}
        optional = {key for key, item in value.items() if _alone(item) is not None}
        return lambda values: dict(_kept(parts, optional, values))
    if isinstance(value, list):
        items = [template_of(item, known, f"{where}[{number}]") for number, item in enumerate(value)]
        return lambda values: [item(values) for item in items]
    if not isinstance(value, str):
        return lambda _values: value
    alone = _alone(value)
    if alone is not None:
        _check_known(alone, known, value, where)
        return lambda values: values.get(alone)
    return text_of(value, known, where)


def _kept(parts: Mapping[str, Rendered], optional: Collection[str], values: Values) -> Iterator[tuple[str, Any]]:
    for key, part in parts.items():
        made = part(values)
        if made is not None or key not in optional:
            yield key, made


def text_of(
    value: str, known: Collection[str], where: str, *, escape: Callable[[str], str] = str
) -> Callable[[Values], str]:
    """What makes a text of a string with placeholders. escape: of the values, not of what is written around them."""
    parts: list[str | tuple[str]] = []
    end = 0
    for match in _PART.finditer(value):
        parts.append(value[end : match.start()])
        end = match.end()
        name, piece = match.group(1), match.group()
        if name is None and piece not in _ESCAPED:
            raise ConfigError(
                f"{where}: {value!r}: {piece!r} at column {match.start() + 1} belongs to no placeholder such as "
                "{prompt}; a brace of its own is written twice"
            )
        if name is not None:
            if value[: match.start()].endswith("$"):
                raise ConfigError(f"{where}: {value!r}: a placeholder is written {{{name}}}, without a $")
            _check_known(name, known, value, where)
            _check_is_text(name, value, where)
        parts.append(_ESCAPED[piece] if name is None else (name,))
    parts.append(value[end:])
    fixed = "".join(part for part in parts if isinstance(part, str))
    if all(isinstance(part, str) for part in parts):
        return lambda _values: fixed
    return lambda values: "".join(part if isinstance(part, str) else escape(_text(values, part[0])) for part in parts)


def placeholders_in(value: Any) -> set[str]:
    """The names of all placeholders of a template."""
    if isinstance(value, dict):
        return {name for item in value.values() for name in placeholders_in(item)}
    if isinstance(value, list):
        return {name for item in value for name in placeholders_in(item)}
    return {match.group(1) for match in _PART.finditer(value) if match.group(1)} if isinstance(value, str) else set()


def percent_encoded(text: str) -> str:
    return quote(text, safe="")


def _alone(value: Any) -> str | None:
    match = _PART.fullmatch(value) if isinstance(value, str) else None
    return match.group(1) if match else None


def _text(values: Values, name: str) -> str:
    value = values.get(name)
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _check_known(name: str, known: Collection[str], value: str, where: str) -> None:
    if name not in known:
        raise ConfigError(f"{where}: {value!r}: no placeholder {{{name}}}; known: {', '.join(known)}")


def _check_is_text(name: str, value: str, where: str) -> None:
    if name in LISTS:
        raise ConfigError(f"{where}: {value!r}: {{{name}}} is no text and stands alone, as in '{{{name}}}'")
