"""Requests that change and cost nothing, to a service that nobody knows yet: its answers, or why it has none."""

import json
import socket
import ssl
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from ragmeter.clients.tokens.held import authorized
from ragmeter.core.errors import TargetError
from ragmeter.core.inputs.provider import Provider
from ragmeter.run.plan.target import by_proxy, client_of, hint_of_proxy

PROBE_S: Final = 5.0
AT_ONCE: Final = 4
MAX_BYTES: Final = 8 * 2**20
"""Of an answer: a document that is longer is not read."""
_REFUSED: Final = (401, 403)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """statuses: of each path that answered. documents: the JSON values of those that answered with one."""

    statuses: Mapping[str, int]
    documents: Mapping[str, Any]

    @property
    def refused(self) -> tuple[str, int] | None:
        """The first path that wants to know who asks, and its status."""
        return next(((path, status) for path, status in self.statuses.items() if status in _REFUSED), None)


def answers_of(provider: Provider, paths: Sequence[str]) -> Answers:
    """Each path is asked once, with GET. Raises TargetError where / cannot be asked: so it is with the others."""
    statuses: dict[str, int] = {}
    documents: dict[str, Any] = {}
    provider = authorized(provider)
    with client_of(provider) as client:
        statuses["/"] = _first(client, provider)
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for path, found in zip(paths, threads.map(lambda at: tried(client, at), paths), strict=True):
                if found is not None:
                    statuses[path], documents[path] = found
    return Answers(statuses=statuses, documents={path: each for path, each in documents.items() if each is not None})


def tried(client: httpx.Client, path: str) -> tuple[int, Any] | None:
    """The status, and the JSON value of a success; None where there is no answer."""
    page = bytearray()
    try:
        with client.stream("GET", path, timeout=PROBE_S) as response:
            if response.is_success:
                for piece in response.iter_bytes():
                    page += piece
                    if len(page) > MAX_BYTES:
                        return response.status_code, None
        return response.status_code, json.loads(page) if page else None
    except httpx.HTTPError:
        return None
    except (ValueError, RecursionError):
        return response.status_code, None


def _first(client: httpx.Client, provider: Provider) -> int:
    """The status of /. Raises TargetError with the reason, and with what can be done about it where that is known."""
    url = str(provider.base_url)
    try:
        with client.stream("GET", "/", timeout=PROBE_S) as response:
            page = b"" if response.is_success else response.read()
    except httpx.TimeoutException as error:
        raise TargetError(f"{url}: no answer within {PROBE_S:g} s") from error
    except httpx.HTTPError as error:
        via = by_proxy(provider)
        of_scheme = None if via else _of_scheme(error, url)
        words = of_scheme or f"cannot be reached{via}: {provider.secrets.mask(_said(error))}"
        raise TargetError(f"{url}: {words}{hint_of_proxy(provider)}") from None
    location = response.headers.get("location", "")
    if response.is_redirect and url.startswith("http://") and location.startswith("https://"):
        raise TargetError(f"{url}: sends its callers to {location.rstrip('/')}; name that URL")
    if any(words in page for words in _PLAIN_TO_TLS):
        raise TargetError(f"{url}: {_with_tls(url)}")
    return response.status_code


_PLAIN_TO_TLS: Final = (b"HTTPS port", b"HTTPS server")
"""What nginx and Go answer to HTTP where they expect TLS."""


def _said(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__


def _with_tls(url: str) -> str:
    return f"speaks TLS; write https://{url.removeprefix('http://')}"


def _of_scheme(error: httpx.HTTPError, url: str) -> str | None:
    """What is wrong with the scheme or the certificate, if that is what is wrong."""
    said = _said(error)
    if url.startswith("http://"):
        if not isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
            return None
        return _with_tls(url) if _speaks_tls(url) else f"does not speak HTTP: {said}"
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return f"its certificate is not trusted ({said.rpartition(': ')[2]}); name its authority with --ca-file FILE"
    if isinstance(error.__context__, ssl.SSLError) or "SSL" in said:
        return f"does not speak TLS ({said}); if it speaks HTTP, write http://{url.removeprefix('https://')}"
    return None


def _speaks_tls(url: str) -> bool:
    """By a handshake. Nothing is sent, so whose certificate it is does not matter."""
    parts = urlsplit(url)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection((parts.hostname or "", parts.port or 80), PROBE_S) as raw,
            context.wrap_socket(raw, server_hostname=parts.hostname),
        ):
            return True
    except OSError:
        return False
