"""JSON as the standard has it: what Python's reader takes beyond it, and cannot write again, is an error.

Of a language model, of which only texts and counts are taken, numbers may be any: some write NaN for a time or a
probability, and OpenAI's client reads it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

_MAX_DEPTH = 100
"""Far more than anything that we read has, and far less than Python's own functions can follow."""


def parse_json(text: bytes | str, *, any_number: bool = False) -> Any:
    """Raises ValueError: not JSON, nesting deeper than 100, and NaN or what no float can hold unless ``any_number``."""
    decoded = text.decode("utf-8") if isinstance(text, bytes) else text
    try:
        parsed = (_ANY_NUMBER if any_number else _DECODER).decode(decoded)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if decoded.count("[") + decoded.count("{") > _MAX_DEPTH and _depth(parsed) > _MAX_DEPTH:
        raise ValueError("it is nested too deeply")
    return parsed


def printable(text: str) -> str:
    """With a question mark for each half of a surrogate pair: JSON can escape those, UTF-8 cannot hold them."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:30]} is larger than any float")
    return number


_DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=_refused)
_ANY_NUMBER = json.JSONDecoder()


def _depth(value: Any) -> int:
    """Of the deepest object or list, 0 for a plain value; without recursion."""
    level, depth = [value], 0
    while level := [inner for outer in level for inner in _inside(outer)]:
        depth += 1
    return depth


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value
