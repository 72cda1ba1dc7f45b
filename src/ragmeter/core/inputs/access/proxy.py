"""HTTP proxies on the way to a service: the key ``proxy`` of a provider file."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from ragmeter.core.errors import ConfigError
from ragmeter.core.urls import PROXY_VARIABLES

ENVIRONMENT: Final = "environment"
"""Instead of a URL: what the variables of the environment say."""
AUTHORIZATION: Final = "Proxy-Authorization"
_EXAMPLE: Final = "http://proxy.example.com:3128"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """authorization: the value of `AUTHORIZATION`, where the proxy wants to know who asks."""

    host: str
    port: int
    authorization: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """Its URL, without credentials."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxies:
    """http, https: for URLs of each scheme; None for none. bypassed: what NO_PROXY lists: hosts with all below them,
    addresses, networks, each with or without a port, or ``*``.
    """

    http: Proxy | None = None
    https: Proxy | None = None
    bypassed: tuple[str, ...] = ()

    def to(self, url: str) -> Proxy | None:
        """The proxy on the way to a URL; None where there is none."""
        parts = urlsplit(url)
        proxy = self.https if parts.scheme == "https" else self.http
        host, port = (parts.hostname or "").rstrip("."), parts.port or (443 if parts.scheme == "https" else 80)
        return None if any(_covers(entry, host, port) for entry in self.bypassed) else proxy


DIRECT: Final = Proxies()
"""No proxy is used, whatever the environment says."""


def proxies_of(written: str | None, environment: Mapping[str, str], where: str) -> Proxies:
    """Of the key, whose references are resolved: a URL, or `ENVIRONMENT`. NO_PROXY holds for both.

    Raises ConfigError, which repeats no credentials.
    """
    if not written:
        return DIRECT
    bypassed = next((environment[name] for name in ("no_proxy", "NO_PROXY") if environment.get(name)), "")
    http = https = None if written == ENVIRONMENT else _proxy(written, where)
    if written == ENVIRONMENT:
        http, https = (_of_environment(scheme, environment, where) for scheme in ("http", "https"))
    return Proxies(http=http, https=https, bypassed=tuple(filter(None, map(str.strip, bypassed.lower().split(",")))))


def _of_environment(scheme: str, environment: Mapping[str, str], where: str) -> Proxy | None:
    name = next((name for name in PROXY_VARIABLES[scheme] if environment.get(name)), None)
    return None if name is None else _proxy(environment[name], f"{where}: {name}")


def _proxy(written: str, where: str) -> Proxy:
    """Without a scheme it is one of HTTP, as others read the variables."""
    try:
        parts = urlsplit(written if "://" in written else f"http://{written}")
        port = parts.port or 80
    except ValueError as error:
        raise ConfigError(f"{where}: no URL of a proxy such as {_EXAMPLE}: {error}") from None
    if parts.scheme != "http":
        raise ConfigError(
            f"{where}: {parts.scheme}:// is no proxy that is spoken to; known are those such as {_EXAMPLE}"
        )
    if not parts.hostname or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ConfigError(f"{where}: no URL of a proxy such as {_EXAMPLE}, without a path")
    return Proxy(host=parts.hostname, port=port, authorization=_basic(parts.username, parts.password))


def _basic(user: str | None, password: str | None) -> str | None:
    if user is None:
        return None
    return "Basic " + b64encode(unquote_to_bytes(user) + b":" + unquote_to_bytes(password or "")).decode()


def _covers(entry: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY names the host. One that can name nothing names nothing, as with other programs."""
    if entry == "*":
        return True
    try:
        return ip_address(host) in ip_network(entry, strict=False)
    except ValueError:
        pass
    try:
        parts = urlsplit(f"//{entry}")
        name, wanted = (parts.hostname or "").removeprefix("*").strip("."), parts.port
    except ValueError:
        return False
    return bool(name) and wanted in (None, port) and (host == name or host.endswith(f".{name}"))
