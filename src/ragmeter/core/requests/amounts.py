"""Durations and shares with their units, as people write them: ``10s``, ``1.5s``, ``500ms``, ``2m``, ``1%``.

A schema names the unit of a key in the keyword ``unit``; what is written in another becomes a number of that.
"""

import re
from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Any, Final

_OF_A_SECOND: Final = {
    "us": Decimal("0.000001"),
    "µs": Decimal("0.000001"),
    "ms": Decimal("0.001"),
    "s": Decimal(1),
    "m": Decimal(60),
    "min": Decimal(60),
    "h": Decimal(3600),
    "d": Decimal(86400),
}
SCALES: Final = {
    "s": _OF_A_SECOND,
    "ms": {name: seconds * 1000 for name, seconds in _OF_A_SECOND.items()},
    "min": {name: seconds / 60 for name, seconds in _OF_A_SECOND.items()},
    "ratio": {"%": Decimal("0.01")},
}
"""By the unit of a key, the units that its value may be written in, and how much of the former each one is."""
EXAMPLES: Final = {
    "s": "10, 1.5s, 500ms or 2m",
    "ms": "1500, 1.5s or 500ms",
    "min": "30, 90s or 2h",
    "ratio": "0.01 or 1%",
}
_EXACT: Final = Context(traps=[])
"""0.1 % is 0.001, and 1e999 s is infinite."""
_AMOUNT: Final = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,2})?)\s*([a-zµ%]*)\s*")


def amount(text: str, unit: str) -> int | float:
    """The number of ``unit`` that the text is; one without a unit of its own is of that unit.

    unit: ``s``, ``ms``, ``min`` or ``ratio``. A whole number is an int, so that 10s and 10 are the same in a document.
    Raises ValueError, a sentence, for anything else.
    """
    match = _AMOUNT.fullmatch(text)
    value = match and scaled(match[1], match[2], unit)
    if value is None:
        raise ValueError(f"{text!r} is not like {EXAMPLES[unit]}")
    return int(value) if value == int(value) else value


def scaled(digits: str, written: str, unit: str) -> float | None:
    """So many of one unit as a number of another. written: empty for the unit itself; None of one that does not fit."""
    if written in {"", unit}:
        return float(digits)
    scale = SCALES.get(unit, {}).get(written)
    return None if scale is None else float(_EXACT.multiply(_EXACT.create_decimal(digits), scale))


def with_plain_numbers(document: Any, schema: Mapping[str, Any]) -> Any:
    """The document with each text that has a unit as a number of the unit of its key, where the schema names one.

    A text that is no amount stays as it is, for the check against the schema.
    """
    return _plain(document, schema, schema.get("$defs", {}))


def _plain(value: Any, rule: Mapping[str, Any], shared: Mapping[str, Any]) -> Any:
    rules = [rule, *_parts(rule, shared)]
    if isinstance(value, str):
        unit = next((each["unit"] for each in rules if "unit" in each), None)
        return value if unit is None else _or_as_it_is(value, unit)
    if isinstance(value, dict):
        known: dict[str, Any] = {}
        for each in reversed(rules):
            known |= each.get("properties", {})
        return {key: _plain(held, known.get(key, _of_a_pattern(rule, key)), shared) for key, held in value.items()}
    return value


def _parts(rule: Mapping[str, Any], shared: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    named = [shared[rule["$ref"].rpartition("/")[2]]] if "$ref" in rule else []
    found = [*named, *rule.get("anyOf", ()), *rule.get("oneOf", ())]
    return [*found, *(part for each in found for part in _parts(each, shared))]


def _of_a_pattern(rule: Mapping[str, Any], key: Any) -> Mapping[str, Any]:
    patterns = rule.get("patternProperties", {})
    return next((held for pattern, held in patterns.items() if re.search(pattern, str(key))), {})


def _or_as_it_is(text: str, unit: str) -> Any:
    try:
        return amount(text, unit)
    except ValueError:
        return text
