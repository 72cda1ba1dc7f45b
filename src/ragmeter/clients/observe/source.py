"""One metrics page of a server, fetched and read."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import httpx

from ragmeter.clients.connection.control import reaching
from ragmeter.clients.connection.tls_files import HTTP_1
from ragmeter.clients.observe.page import ACCEPT, MAX_BYTES, NoMetrics, samples_of
from ragmeter.core.figures.observe.records import Sample
from ragmeter.core.inputs.access.proxy import DIRECT, Proxies
from ragmeter.core.inputs.access.tls import OF_THE_SYSTEM, TlsFiles

READ_S: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSource:
    """headers: of the service itself, whose page it is; they go nowhere else. tls, proxies: as in `Provider`.
    protocols: as for `reaching`. patience_s: a page that takes longer is not read.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    tls: TlsFiles = OF_THE_SYSTEM
    proxies: Proxies = DIRECT
    protocols: tuple[str, ...] = HTTP_1
    patience_s: float = READ_S

    def client(self) -> httpx.AsyncClient:
        """Raises ConfigError for a bad file of TLS."""
        headers = {**self.headers, "accept": ACCEPT}
        way = reaching(self.url, tls=self.tls, proxies=self.proxies, protocols=self.protocols)
        return httpx.AsyncClient(headers=headers, timeout=self.patience_s, **way)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """began_ns, ended_ns: readings of ``time.monotonic_ns``. samples: those that are known. failure: why there are
    none, in words without anything that the server said. is_late: it did not come in time, and may be a good one.
    """

    began_ns: int
    ended_ns: int
    samples: tuple[Sample, ...] = ()
    failure: str | None = None
    is_late: bool = False


async def read_page(client: httpx.AsyncClient, source: MetricsSource, *, buckets: bool) -> Page:
    """Nothing is raised: a page that cannot be read is one that says why. buckets: as in `samples_of`."""
    began_ns = time.monotonic_ns()
    samples: tuple[Sample, ...] = ()
    failure = None
    is_late = False
    ended_ns = began_ns
    try:
        async with asyncio.timeout(source.patience_s):
            text = await _text(client, source.url)
        ended_ns = time.monotonic_ns()
        samples = samples_of(text, buckets=buckets)
    except (TimeoutError, httpx.TimeoutException):
        failure, is_late = f"no answer within {source.patience_s:g} s", True
    except httpx.HTTPError as error:
        failure = f"cannot be reached: {type(error).__name__}"
    except NoMetrics as error:
        failure = str(error)
    return Page(began_ns=began_ns, ended_ns=max(ended_ns, began_ns), samples=samples, failure=failure, is_late=is_late)


async def _text(client: httpx.AsyncClient, url: str) -> str:
    """Raises NoMetrics for an answer that is none."""
    page = bytearray()
    async with client.stream("GET", url) as response:
        if not response.is_success:
            raise NoMetrics(f"HTTP {response.status_code}")
        async for piece in response.aiter_bytes():
            page += piece
            if len(page) > MAX_BYTES:
                raise NoMetrics(f"longer than {MAX_BYTES >> 20} MiB")
    return page.decode("utf-8", "replace")
