"""Reads the text of environment variables. Each parser raises ValueError with what is allowed."""

from __future__ import annotations

import json
import re
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

DOCSET_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)


def text(value: str) -> str | None:
    return value or None


def integer(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        number = int(value) if re.fullmatch(r"-?\d+", value) else None
        if number is None or not low <= number <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return number

    return parse


def number(low: float, high: float) -> Callable[[str], float]:
    def parse(value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not low <= number <= high:
            raise ValueError(f"a number from {low:g} to {high:g}")
        return number

    return parse


def switch(value: str) -> bool:
    switches = {"0": False, "false": False, "no": False, "off": False, "1": True, "true": True, "yes": True, "on": True}
    if value.lower() not in switches:
        raise ValueError("0 or 1")
    return switches[value.lower()]


def choice(*allowed: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in allowed:
            raise ValueError("one of " + ", ".join(allowed))
        return value

    return parse


def docset(value: str) -> str:
    if not DOCSET_NAME.fullmatch(value):
        raise ValueError("lower-case letters, digits, '.', '_' and '-', at most 63, starting with a letter or digit")
    return value


def llm_url(value: str) -> str:
    """The LLM's address up to and without `/v1`."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.username:
        raise ValueError("http://HOST:PORT or https://HOST:PORT, with or without /v1, without user name or query")
    return value.rstrip("/").removesuffix("/v1").rstrip("/")


def json_object(value: str) -> dict[str, Any]:
    try:
        parsed = json.loads(value)
    except json.JSONDecodeError:
        parsed = None
    match parsed:
        case dict():
            return parsed
    raise ValueError("a JSON object")


def optional_integer(value: str) -> int | None:
    return integer(1, 100_000_000)(value) if value else None


def replica(value: str) -> str:
    return value or f"{socket.gethostname()}-{secrets.token_hex(3)}"


def directory(value: str) -> Path:
    return Path(value).expanduser().absolute()
