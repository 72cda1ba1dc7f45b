"""URLs of a provider file, checked before anything is sent."""

from collections.abc import Mapping
from urllib.parse import SplitResult, quote, urlsplit

from ragmeter.core.errors import ConfigError

_TRACE_ID = "{trace_id}"


ENDPOINTS = ("/query/stream", "/v1/chat/completions")
"""Paths that are added to a base URL: a client that posts to one place has them in its URL."""


def checked_url(url: str | None, where: str) -> str | None:
    """``url`` without a trailing slash; None for none or an empty one. Raises ConfigError, which names ``where``."""
    if not url:
        return None
    parts = _checked_parts(url, where, "http://host:8000 or https://rag.example.com")
    if parts.query or parts.fragment:
        raise ConfigError(f"{where}: a URL with a query or fragment is not allowed; use $.headers for secrets")
    return url.rstrip("/")


def checked_base_url(url: str | None, where: str) -> tuple[str | None, tuple[str, ...]]:
    """As `checked_url`, without the path of an endpoint either, and a notice where it had one."""
    checked = checked_url(url, where)
    path = next((path for path in ENDPOINTS if checked and checked.endswith(path)), None)
    if checked is None or path is None:
        return checked, ()
    base = checked.removesuffix(path).rstrip("/")
    return base, (f"{where}: {checked!r} is read as {base!r}: {path} is added to each request",)


def checked_trace_url(url: str | None, where: str) -> str | None:
    """``url``, in whose path, query or fragment ``{trace_id}`` stands. Raises ConfigError, which names ``where``."""
    if not url:
        return None
    parts = _checked_parts(url, where, f"https://tracer.example/trace/{_TRACE_ID}")
    if _TRACE_ID not in url:
        raise ConfigError(f"{where}: {url!r} has no {_TRACE_ID}, which is where the trace's id goes")
    rest = url.replace(_TRACE_ID, "")
    if "{" in rest or "}" in rest or _TRACE_ID in parts.netloc:
        raise ConfigError(
            f"{where}: {url!r}: the only placeholder is {_TRACE_ID}, behind the host; write other braces as %7B and %7D"
        )
    if not url.isascii() or any(char <= " " or char in "\x7f\"'<>\\" for char in url):
        raise ConfigError(f"{where}: {url!r} has a character that a URL must escape")
    return url


def trace_link(template: str | None, trace_id: str | None) -> str | None:
    """The address of one trace; the id comes from a server and is escaped. None when either is not known."""
    return None if template is None or not trace_id else template.replace(_TRACE_ID, quote(trace_id, safe=""))


def is_web_address(url: str) -> bool:
    """Whether a page may link to it: a document may say anything, ``javascript:`` too."""
    try:
        return urlsplit(url).scheme in {"http", "https"}
    except ValueError:
        return False


def _checked_parts(url: str, where: str, example: str) -> SplitResult:
    """Its credentials are refused before anything of it is repeated."""
    try:
        parts = urlsplit(url)
        if parts.username is not None:
            raise ConfigError(f"{where}: a URL with credentials is not allowed: it stands in every report")
        parts.port  # noqa: B018 - raises for a port that cannot be
    except ValueError as error:
        raise ConfigError(f"{where}: no URL such as {example}: {error}") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(f"{where}: {url!r} is not a URL such as {example}")
    return parts


PROXY_VARIABLES = {
    scheme: (f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY") for scheme in ("http", "https")
}
"""Of the environment, for URLs of each scheme; the first that is set counts."""


def unused_proxy(scheme: str, environment: Mapping[str, str]) -> str:
    """For the end of a message about a host that cannot be reached: the proxy variable that others would obey.

    Requests go to the service itself unless its provider file says otherwise, because a proxy would be measured, too.
    Empty without a variable.
    """
    name = next((name for name in PROXY_VARIABLES[scheme] if environment.get(name)), None)
    if name is None:
        return ""
    return (
        f" ({name} is set and not used: requests go to the service itself; proxy: environment in the provider file "
        "sends them through the proxy, which is then measured, too)"
    )
