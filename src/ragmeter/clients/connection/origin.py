"""Where requests go: the base URL of one replica, taken apart and checked."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.access.proxy import DIRECT, Proxies, Proxy

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A base URL. ``prefix`` is its path without the final slash; ``host`` has no brackets and is ASCII.

    via: the proxy on the way. tunnelled: whether it is asked for a connection to the host, without a look at its bytes;
    otherwise it is asked for each request.
    """

    scheme: str
    host: str
    port: int
    prefix: str = ""
    via: Proxy | None = None
    tunnelled: bool = False

    @classmethod
    def parse(cls, url: str, proxies: Proxies = DIRECT, *, tunnelled: bool = False) -> Self:
        """tunnelled: with a proxy also where the URL is http: what is spoken is not HTTP.

        Raises ConfigError for what is not an absolute http or https URL, or carries a password or a query.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
            ascii_host = host.encode("ascii" if ":" in host else "idna").decode() if host else ""
        except (ValueError, UnicodeError) as error:
            raise ConfigError(f"base URL {url!r}: {error}") from error
        if parts.scheme not in _PORTS or not ascii_host:
            raise ConfigError(f"base URL {url!r}: must be http://HOST[:PORT][/PATH] or https://…")
        if parts.username is not None or parts.query or parts.fragment:
            raise ConfigError(f"base URL of {ascii_host}: a user name, ? and # have no place in it; use a header")
        if not parts.path.isascii() or any(character.isspace() for character in parts.path):
            raise ConfigError(f"base URL {url!r}: the path must be percent-encoded ASCII")
        via = proxies.to(url)
        return cls(
            scheme=parts.scheme,
            host=ascii_host,
            port=port or _PORTS[parts.scheme],
            prefix=parts.path.rstrip("/"),
            via=via,
            tunnelled=via is not None and (tunnelled or parts.scheme == "https"),
        )

    @property
    def authority(self) -> str:
        """The ``Host`` header: without the port where it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def endpoint(self) -> tuple[str, str, int]:
        """What a connection leads to: base URLs that differ in their path alone share connections."""
        return self.scheme, self.host, self.port

    @property
    def hop(self) -> tuple[str, int]:
        """Host and port that are connected to."""
        return (self.host, self.port) if self.via is None else (self.via.host, self.via.port)

    @property
    def relay(self) -> Proxy | None:
        """The proxy that is asked for each request; None where the host itself is asked."""
        return None if self.tunnelled else self.via

    def target(self, path: str) -> str:
        """The request target for ``path``. OpenAI clients write base URLs that end in /v1: it is not doubled."""
        prefix = self.prefix.removesuffix("/v1") if path.startswith("/v1/") else self.prefix
        return f"{self.scheme}://{self.authority}{prefix}{path}" if self.relay else prefix + path

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.prefix}"
