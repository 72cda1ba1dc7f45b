"""Requests that change and cost nothing, to a service that nobody knows yet: its answers, or why it has none."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import httpx

from ragmeter.clients.tokens.held import authorized
from ragmeter.core.errors import TargetError
from ragmeter.core.inputs.provider import Provider
from ragmeter.run.plan.refusals import REFUSED, of_scheme, said_of, wants_tls, with_tls
from ragmeter.run.plan.target import by_proxy, client_of, hint_of_proxy

PROBE_S: Final = 5.0
AT_ONCE: Final = 4
MAX_BYTES: Final = 8 * 2**20
"""Of an answer: a document that is longer is not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """statuses: of each path that answered. documents: the JSON values of those that answered with one."""

    statuses: Mapping[str, int]
    documents: Mapping[str, Any]

    @property
    def refused(self) -> tuple[str, int] | None:
        """The first path that wants to know who asks, and its status."""
        return next(((path, status) for path, status in self.statuses.items() if status in REFUSED), None)


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
        scheme = None if via else of_scheme(error, url)
        words = scheme or f"cannot be reached{via}: {provider.secrets.mask(said_of(error))}"
        raise TargetError(f"{url}: {words}{hint_of_proxy(provider)}") from None
    location = response.headers.get("location", "")
    if response.is_redirect and url.startswith("http://") and location.startswith("https://"):
        raise TargetError(f"{url}: sends its callers to {location.rstrip('/')}; name that URL")
    if wants_tls(page):
        raise TargetError(f"{url}: {with_tls(url)}")
    return response.status_code
