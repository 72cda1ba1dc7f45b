"""Fetches public web pages for ingestion, and nothing else: no private address is ever connected to.

A name is resolved once; the connection goes to an address that was checked (no second look-up that could answer
differently). Redirects are followed by hand and checked alike.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urljoin, urlsplit

import aiohttp
import aiohttp.abc
import bs4

from .errors import BadRequestError
from .loaders import LOADERS

_MAX_REDIRECTS = 3
_MAX_SITEMAP_URLS = 500
_REDIRECTS = (301, 302, 303, 307, 308)
_ENDINGS = {"text/html": ".html", "text/markdown": ".md", "application/pdf": ".pdf", "text/plain": ".txt"}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Addresses of IPv4 inside IPv6: NAT64 (RFC 6052, RFC 8215). Mapped, 6to4 and Teredo are known to `ipaddress`.
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))


class RefusedUrlError(BadRequestError):
    """The URL is not fetched, or could not be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    url: str
    content: bytes
    ending: str


def is_public(text: str) -> bool:
    """Whether `text` is an address of the public internet, also when it wraps an IPv4 address."""
    try:
        address = ipaddress.ip_address(text.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    return all(part.is_global and not part.is_multicast and not part.is_reserved for part in _layers(address))


def _layers(address: Address) -> list[Address]:
    """The address, and the IPv4 address inside it."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if any(address in network for network in _NAT64):
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    layers: list[Address] = [address]
    if address.sixtofour is not None:
        layers.append(address.sixtofour)
    if address.teredo is not None:
        layers.extend(address.teredo)
    return layers


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
        connector = aiohttp.TCPConnector(resolver=CheckedResolver(self._allowed), use_dns_cache=False, limit=1)
        try:
            # trust_env stays off: a proxy would resolve names again, unchecked.
            async with asyncio.timeout(self._timeout_s), aiohttp.ClientSession(connector=connector) as session:
                return await self._follow(session, url)
        except TimeoutError as error:
            raise RefusedUrlError(f"{url}: not fetched in {self._timeout_s:g} s (RAG_URL_TIMEOUT_SECONDS)") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise RefusedUrlError(f"{url}: {error}") from error

    async def sitemap(self, url: str) -> list[str]:
        """The page URLs that a sitemap lists. Raises RefusedUrlError."""
        page = await self.fetch(url)
        soup = bs4.BeautifulSoup(page.content, "html.parser")
        urls = [tag.get_text(strip=True) for tag in soup.find_all("loc")]
        if not urls or len(urls) > _MAX_SITEMAP_URLS:
            raise RefusedUrlError(f"{url}: it lists {len(urls)} pages; 1 to {_MAX_SITEMAP_URLS} are allowed")
        return urls

    async def _follow(self, session: aiohttp.ClientSession, url: str) -> Page:
        for _ in range(_MAX_REDIRECTS + 1):
            self._check(url)
            async with session.get(url, allow_redirects=False) as response:
                if response.status not in _REDIRECTS:
                    return await self._page(url, response)
                url = urljoin(url, response.headers.get("Location", ""))
        raise RefusedUrlError(f"{url}: more than {_MAX_REDIRECTS} redirects")

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
            raise RefusedUrlError(f"{url}: not an http or https URL without user name")
        try:
            ipaddress.ip_address(parts.hostname.split("%")[0])
        except ValueError:
            return  # a name: the resolver checks what it stands for
        if not self._allowed(parts.hostname):  # the resolver is not asked about literal addresses
            raise RefusedUrlError(f"{url}: {parts.hostname} is not a public address")

    async def _page(self, url: str, response: aiohttp.ClientResponse) -> Page:
        if response.status != 200:
            raise RefusedUrlError(f"{url}: HTTP {response.status}")
        content = b""
        async for part in response.content.iter_any():
            content += part
            if len(content) > self._max_bytes:
                raise RefusedUrlError(f"{url}: more than {self._max_bytes} bytes (RAG_URL_MAX_BYTES)")
        ending = PurePosixPath(urlsplit(url).path).suffix.lower()
        return Page(
            url=url,
            content=content,
            ending=ending if ending in LOADERS else _ENDINGS.get(response.content_type, ".html"),
        )
