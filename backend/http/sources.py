"""Documents of an ingest request: received here, read elsewhere, and pages fetched for it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

from fastapi import Request

from ..errors import BadRequestError, ForbiddenError, ServiceError
from ..ingest.fetch import Page
from ..ingest.places import Place
from ..ingest.reading import Allowance, Reading, Work, work_of
from ..ingest.sources import Source, check_docset
from ..service import Service

_MAX_SITEMAP_URLS = 500
_PIECE_BYTES = 2**20
_SHOWN_URL_CHARS = 200


def docset_of(given: str | None, service: Service) -> str:
    return check_docset(given or service.settings.docset)


async def read_ingest(request: Request, service: Service) -> tuple[str, Reading]:
    """The docset, and what is to be put into it."""
    content_type = request.headers.get("content-type", "")
    is_form = content_type.partition(";")[0].strip().lower() == "multipart/form-data"
    content = await _pieces(request)
    work = Work(task="form" if is_form else "json", content=content, content_type=content_type)
    allowance = service.readers.allowance()
    reading = await service.readers.read(work, allowance)
    if (reading.urls or reading.sitemap_url) and not service.settings.allow_urls:
        raise ForbiddenError("URL ingestion is off: RAG_ALLOW_URLS=1 turns it on")
    await _fetch(reading, service, allowance)
    return docset_of(reading.docset, service), reading


async def _pieces(request: Request) -> list[bytearray]:
    """The body. As one growing whole it would be moved in memory: 20 ms of 60 MB, in which nobody is served."""
    pieces = [bytearray()]
    async for part in request.stream():
        if len(pieces[-1]) + len(part) > _PIECE_BYTES:
            pieces.append(bytearray())
        pieces[-1] += part
    return pieces


async def _fetch(reading: Reading, service: Service, allowance: Allowance) -> None:
    """Adds the pages that were named. Each is read at once, so that no two are held."""
    urls = list(reading.urls)
    if reading.sitemap_url is not None:
        urls += await _urls_of_sitemap(reading.sitemap_url, service, allowance)
    if len(urls) > service.settings.max_documents:
        raise BadRequestError(f"{len(urls)} URLs are more than {service.settings.max_documents} (RAG_MAX_DOCUMENTS)")
    for url in urls:
        try:
            page = await _fetched(url, service, allowance)
            name = _page_name(page.place, page.ending)
            source = Source(name=name, content=page.content, meta={"url": page.place.url})
            reading.add(await service.readers.read(work_of([source]), allowance))
        except ServiceError as error:
            reading.rejected.append((url[:_SHOWN_URL_CHARS], str(error)))


async def _fetched(url: str, service: Service, allowance: Allowance) -> Page:
    """A page, in the time that its request has left. Raises BadRequestError."""
    if not allowance.is_over:
        with allowance.running(), suppress(TimeoutError):
            async with asyncio.timeout(allowance.left_s):
                return await service.fetcher.fetch(url)
    raise BadRequestError(allowance.late(url[:_SHOWN_URL_CHARS]))


async def _urls_of_sitemap(url: str, service: Service, allowance: Allowance) -> list[str]:
    page = await _fetched(url, service, allowance)
    urls = (await service.readers.read(Work(task="sitemap", content=[page.content]), allowance)).urls
    if not 0 < len(urls) <= _MAX_SITEMAP_URLS:
        raise BadRequestError(f"{url}: it lists {len(urls)} pages; 1 to {_MAX_SITEMAP_URLS} are allowed")
    return urls


def _page_name(place: Place, ending: str) -> str:
    """`host/path`, with the ending that its content has."""
    segments = [part for part in urlsplit(place.target).path.split("/") if part]
    name = f"{place.host}/{'/'.join(segments) or 'index'}"
    return name if name.endswith(ending) else name + ending
