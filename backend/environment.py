"""How a record of settings is read from environment variables: each field is annotated with its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

from .errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Env:
    """The environment variable behind a setting; an empty one counts as unset. `parse` raises what is allowed."""

    name: str
    default: str
    parse: Callable[[str], Any]
    meaning: str


def variables_of(record: type) -> dict[str, Env]:
    """The variable of each field, in the order of the fields."""
    hints = get_type_hints(record, include_extras=True)
    return {field_name: hint.__metadata__[0] for field_name, hint in hints.items()}


def read(environ: Mapping[str, str], env: Env) -> Any:
    """Raises ConfigurationError."""
    value = environ.get(env.name, "").strip() or env.default
    try:
        return env.parse(value)
    except ValueError as error:
        raise ConfigurationError(f"{env.name}: {value!r} is not {error}") from None


def secret_in(path: str | None, name: str) -> str | None:
    """What the file holds that the variable `name` names. Raises ConfigurationError."""
    if path is None:
        return None
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{name}: {path!r} cannot be read: {error}") from error
    if not text:
        raise ConfigurationError(f"{name}: {path!r} is empty")
    return text
