"""Fetches public web pages for ingestion, and nothing else: no private address is ever connected to.

A URL is read once (`places`). Its name is resolved once, every address is checked, and the connection goes to one that
was checked: no second reading or look-up could answer differently. Sockets are made for checked addresses alone,
whatever the HTTP client makes of a host. Redirects are followed by hand and checked alike.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urljoin, urlsplit

import aiohttp
import aiohttp.abc

from .addresses import is_public
from .loaders import LOADERS
from .places import Place, RefusedUrlError, read_place

_MAX_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)
_ENDINGS = {"text/html": ".html", "text/markdown": ".md", "application/pdf": ".pdf", "text/plain": ".txt"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    place: Place
    content: bytes
    ending: str


class CheckedResolver(aiohttp.abc.AbstractResolver):
    """Resolves names to allowed addresses. One that is not allowed among them refuses the name."""

    def __init__(self, allowed: Callable[[str], bool]) -> None:
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[aiohttp.abc.ResolveResult]:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        addresses = [(str(entry[4][0]), entry[0]) for entry in found]
        for address, _ in addresses:
            if not self._allowed(address):
                raise RefusedUrlError(f"{host} resolves to {address}, which is not a public address")
        return [
            aiohttp.abc.ResolveResult(
                hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST
            )
            for address, kind in addresses
        ]

    async def close(self) -> None:
        """Holds nothing."""


class Fetcher:
    """`allowed` decides about addresses; anything but `is_public` is for tests against a server on this machine."""

    def __init__(self, *, max_bytes: int, timeout_s: float, allowed: Callable[[str], bool] = is_public) -> None:
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._allowed = allowed

    async def fetch(self, url: str) -> Page:
        """Raises RefusedUrlError."""
        connector = aiohttp.TCPConnector(
            resolver=CheckedResolver(self._allowed), socket_factory=self._socket, use_dns_cache=False, limit=1
        )
        try:
            # trust_env stays off: a proxy would resolve names again, unchecked.
            # What is packed could unpack to any size.
            session = aiohttp.ClientSession(
                connector=connector, auto_decompress=False, headers={"Accept-Encoding": "identity"}
            )
            async with asyncio.timeout(self._timeout_s), session:
                return await self._follow(session, url)
        except TimeoutError as error:
            raise RefusedUrlError(f"{url}: not fetched in {self._timeout_s:g} s (RAG_URL_TIMEOUT_SECONDS)") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise RefusedUrlError(f"{url}: {error}") from error

    def _socket(self, info: aiohttp.AddrInfoType) -> socket.socket:
        """The last look before a connection: the address that it would go to."""
        family, kind, protocol, _, address = info
        if not self._allowed(str(address[0])):
            raise RefusedUrlError(f"{address[0]} is not a public address")
        return socket.socket(family, kind, protocol)

    async def _follow(self, session: aiohttp.ClientSession, url: str) -> Page:
        for _ in range(_MAX_REDIRECTS + 1):
            place = self._check(url)
            async with session.get(place.url, allow_redirects=False) as response:
                if response.status not in _REDIRECTS:
                    return await self._page(place, response)
                url = urljoin(place.url, response.headers.get("Location", ""))
        raise RefusedUrlError(f"{url}: more than {_MAX_REDIRECTS} redirects")

    def _check(self, url: str) -> Place:
        place = read_place(url)
        if place.is_address and not self._allowed(place.host):  # the resolver is asked about names alone
            raise RefusedUrlError(f"{url}: {place.host} is not a public address")
        return place

    async def _page(self, place: Place, response: aiohttp.ClientResponse) -> Page:
        if response.status != 200:
            raise RefusedUrlError(f"{place.url}: HTTP {response.status}")
        if (packed := response.headers.get("Content-Encoding", "identity")) != "identity":
            raise RefusedUrlError(f"{place.url}: its content is encoded as {packed[:40]!r}, which was not asked for")
        content = bytearray()
        async for part in response.content.iter_any():
            content += part
            if len(content) > self._max_bytes:
                raise RefusedUrlError(f"{place.url}: more than {self._max_bytes} bytes (RAG_URL_MAX_BYTES)")
        ending = PurePosixPath(urlsplit(place.target).path).suffix.lower()
        return Page(
            place=place,
            content=bytes(content),
            ending=ending if ending in LOADERS else _ENDINGS.get(response.content_type, ".html"),
        )
