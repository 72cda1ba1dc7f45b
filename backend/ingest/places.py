"""One reading of a URL: what is checked, resolved, connected to and shown is what is read here. Pure.

Programs differ in what they make of a host: `①②⑦.⓪.⓪.①`, `127。0。0。1`, `0x7f.1` and `2130706433` are all loopback to
one of them. Here a host is mapped as browsers do (UTS 46), and then is an ASCII name or an address in its usual form.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import idna

from ..errors import BadRequestError

_PORTS = {"http": 80, "https": 443}
_MAX_URL_CHARS = 4000
_MAX_HOST_CHARS = 253
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class RefusedUrlError(BadRequestError):
    """The URL is not fetched, or could not be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a URL leads. `host`: an ASCII name in lower case, or an address in its usual form."""

    scheme: str
    host: str
    is_address: bool
    port: int
    target: str

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.target}"


def read_place(url: str) -> Place:
    """Raises RefusedUrlError."""
    shown = url[:200]
    if len(url) > _MAX_URL_CHARS or not url.isprintable() or " " in url or "\\" in url:
        raise RefusedUrlError(f"{shown!r}: a URL has at most {_MAX_URL_CHARS} characters, no space and no backslash")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise RefusedUrlError(f"{shown}: not a URL: {error}") from error
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc or port == 0:
        raise RefusedUrlError(f"{shown}: not an http or https URL without user name")
    try:
        host, is_address = _read_host(parts)
    except ValueError as error:
        raise RefusedUrlError(f"{shown}: its host is {error}") from error
    query = f"?{parts.query}" if parts.query else ""
    return Place(
        scheme=parts.scheme,
        host=host,
        is_address=is_address,
        port=port or _PORTS[parts.scheme],
        target=f"{parts.path or '/'}{query}",
    )


def _read_host(parts: SplitResult) -> tuple[str, bool]:
    """The host, and whether it is an address. Raises ValueError with what is wrong."""
    given = parts.hostname or ""
    if "[" in parts.netloc:
        return str(_address_in_brackets(given)), True
    name = _mapped(given).removesuffix(".")
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return str(_four_numbers(name)), True
    if len(name) > _MAX_HOST_CHARS or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("no name: labels of letters, digits and '-', with dots between them")
    return name, False


def _mapped(host: str) -> str:
    try:
        mapped = idna.uts46_remap(host, std3_rules=False, transitional=False)
        return mapped if mapped.isascii() else idna.encode(mapped).decode("ascii")
    except idna.IDNAError as error:
        raise ValueError(f"no name: {error}") from error


def _address_in_brackets(text: str) -> ipaddress.IPv6Address:
    if "%" in text:
        raise ValueError("an address of one link: zones are not taken")
    try:
        return ipaddress.IPv6Address(text)
    except ValueError as error:
        raise ValueError(f"no IPv6 address: {error}") from error


def _four_numbers(text: str) -> ipaddress.IPv4Address:
    try:
        return ipaddress.IPv4Address(text)
    except ValueError as error:
        raise ValueError("an IPv4 address, and not written as four decimal numbers without leading zeros") from error
