"""Reads the text of environment variables. Each parser raises ValueError with what is allowed."""

from __future__ import annotations

import re
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from .strict_json import parse_json

_NAME_OF_IMAGE = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"(?:[A-Za-z0-9.-]+(?::\d+)?/)?{_NAME_OF_IMAGE}(?:/{_NAME_OF_IMAGE})*(?::\w[\w.-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?",
    re.ASCII,
)
DOCSET_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)

Mode = Literal["dense", "lexical", "hybrid"]
"""How passages are searched. dense: nearest vectors. lexical: words in common. hybrid: both rankings fused."""

MODES: tuple[str, ...] = get_args(Mode)


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
    if not _is_plain_url(value):
        raise ValueError("http://HOST:PORT or https://HOST:PORT, with or without /v1, without user name or query")
    return value.rstrip("/").removesuffix("/v1").rstrip("/")


def rerank_url(value: str) -> str | None:
    """The whole address of the endpoint; `/v1/rerank` where the path says nothing else."""
    if not value:
        return None
    if not _is_plain_url(value):
        raise ValueError("http://HOST:PORT or https://HOST:PORT, with or without a path, without user name or query")
    path = urlsplit(value).path.rstrip("/")
    return value.rstrip("/") + {"": "/v1/rerank", "/v1": "/rerank"}.get(path, "")


def _is_plain_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:  # brackets that do not close, a port that is none
        return False
    more = parts.query or parts.fragment or parts.username or parts.password
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not more and port != 0


def json_object(value: str) -> dict[str, Any]:
    """The LLM client adds to its `stream_options`."""
    try:
        parsed = parse_json(value)
    except ValueError:
        parsed = None
    match parsed:
        case {"stream_options": options} if not isinstance(options, dict):
            raise ValueError("a JSON object whose stream_options are an object")
        case dict():
            return parsed
    raise ValueError("a JSON object")


def image(value: str) -> str | None:
    if value and not _IMAGE.fullmatch(value):
        raise ValueError("an image such as registry.example.com/ragmeter-runner:0.1.0")
    return value or None


def optional_integer(value: str) -> int | None:
    return integer(1, 100_000_000)(value) if value else None


def optional_share(value: str) -> float | None:
    return number(0, 1)(value) if value else None


def image_tag(value: str) -> str | None:
    """The tag of a reference, or its digest where it has no tag; a text that is no reference is a tag itself."""
    name, _, digest = value.partition("@")
    repository, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        return digest or (None if "/" in name else name or None)
    return tag if repository else None


def replica(value: str) -> str:
    return value or f"{socket.gethostname()}-{secrets.token_hex(3)}"


def directory(value: str) -> Path:
    return Path(value).expanduser().absolute()
