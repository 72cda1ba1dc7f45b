"""Which servers tell what they do while a load runs: those that the provider file names, else those that are found."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from ragmeter.clients.connection.tls_files import HTTP_1, HTTP_2
from ragmeter.clients.kube.pod_pages import pod_pages
from ragmeter.clients.observe.source import READ_S, MetricsSource, Page, read_page
from ragmeter.clients.tokens.held import authorized
from ragmeter.core.errors import ConfigError, TargetError
from ragmeter.core.figures.observe.told import told_in
from ragmeter.core.inputs.access.observed import PodPages
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.urls import checked_url
from ragmeter.run.plan.target import client_of

PATH: Final = "/metrics"
INFO_S: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSources:
    """notes: sentences on what was asked for and does not tell anything now."""

    sources: tuple[MetricsSource, ...] = ()
    notes: tuple[str, ...] = ()


def metrics_sources(provider: Provider, workload: Workload) -> FoundSources:
    """Each page is read once. One that the file names stays even if it cannot be read now: its gap is said. Raises
    ClusterError for pods that cannot be found, or that are none.

    With ``auto`` they are the service's own, and that of the LLM behind it: by ``llm_url``, else as /info of the
    service says; what does not answer with metrics that are known is left out; of what answers too late, a
    note says so.
    """
    if provider.observe != "auto":
        sources = tuple(source for asked in provider.observe for source in _named(provider, asked))
        refused = [
            f"{source.url}: {why}" for source, page in _read(sources) if (why := _why_not(page, workload)) is not None
        ]
        return FoundSources(sources=sources, notes=tuple(refused))
    candidates = dict.fromkeys(url.removesuffix("/v1") + PATH for url in _auto(provider, workload))
    pages = _read([_source(provider, url) for url in candidates])
    return FoundSources(
        sources=tuple(source for source, page in pages if _why_not(page, workload) is None),
        notes=tuple(f"{source.url}: {page.failure}: it is not observed" for source, page in pages if page.is_late),
    )


def _named(provider: Provider, asked: str | PodPages) -> list[MetricsSource]:
    """Pods are found once, before the load: one that comes later is not seen, one that goes leaves a gap."""
    if isinstance(asked, str):
        return [_source(provider, asked)]
    pages = pod_pages(str(provider.kube_context), provider.service_namespace, asked)
    return [MetricsSource(url=page.url, headers=page.headers, tls=page.tls) for page in pages]


def _auto(provider: Provider, workload: Workload) -> list[str]:
    own = [] if provider.base_url is None else [provider.base_url]
    if provider.llm_url is not None:
        return [*own, provider.llm_url]
    behind = _llm_of_info(provider) if workload.target == "rag" else None
    return own if behind is None else [*own, behind]


def _llm_of_info(provider: Provider) -> str | None:
    """The LLM's address as the service has it; it may be none that can be reached from here."""
    try:
        with client_of(provider) as client:
            told: Any = client.get("/info", timeout=INFO_S).json()
        return checked_url(told["llm"]["base_url"], "/info")
    except (TargetError, ConfigError, httpx.HTTPError, ValueError, LookupError, TypeError, AttributeError):
        return None


def _source(provider: Provider, url: str) -> MetricsSource:
    """The service's headers go to itself alone. HTTP/2 may be spoken with all who take it where the service insists."""
    is_own = _is_own(provider, url)
    others = (*HTTP_2, *HTTP_1) if provider.http2 and url.startswith("https://") else HTTP_1
    return MetricsSource(
        url=url,
        headers=authorized(provider).headers if is_own else {},
        tls=provider.tls,
        proxies=provider.proxies,
        protocols=HTTP_2 if is_own and provider.http2 else others,
        patience_s=READ_S,
    )


def renewed(sources: Sequence[MetricsSource], provider: Provider) -> tuple[MetricsSource, ...]:
    """The same sources with the headers of the provider as it is let in now."""
    return tuple(replace(each, headers=provider.headers) if _is_own(provider, each.url) else each for each in sources)


def _is_own(provider: Provider, url: str) -> bool:
    return provider.base_url is not None and _origin(url) == _origin(provider.base_url)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _read(sources: Sequence[MetricsSource]) -> list[tuple[MetricsSource, Page]]:
    return list(zip(sources, asyncio.run(_pages(sources)), strict=True))


async def _pages(sources: Sequence[MetricsSource]) -> list[Page]:
    return await asyncio.gather(*(_page(source) for source in sources))


async def _page(source: MetricsSource) -> Page:
    try:
        client = source.client()
    except ConfigError as error:
        return Page(began_ns=0, ended_ns=0, failure=str(error))
    async with client:
        return await read_page(client, source, buckets=False)


def _why_not(page: Page, workload: Workload) -> str | None:
    if page.failure is not None:
        return page.failure
    if told_in(page.samples, model_id=workload.model_id) is None:
        return "has none of the metrics that are known"
    return None
