"""A column of a table: its name, its type and what it means."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["text", "integer", "number", "boolean", "time"]
"""time: in UTC, without a zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """read: its value of a row's source, None where it is not known."""

    name: str
    kind: Kind
    meaning: str
    read: Callable[[Any], Any]


def row_of(columns: tuple[Column, ...], source: Any) -> dict[str, Any]:
    return {column.name: column.read(source) for column in columns}
