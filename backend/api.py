"""The HTTP endpoints."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from prometheus_client.openmetrics import exposition as openmetrics
from pydantic import ValidationError
from starlette.datastructures import UploadFile
from starlette.responses import JSONResponse, Response

from . import __version__
from .auth import check_write
from .errors import BadRequestError, ForbiddenError, InvalidBodyError, NothingIngestedError, ServiceError
from .index import Document
from .info import collect_info
from .ingest import IngestReport, Source
from .logs import log
from .parsing import DOCSET_NAME
from .schemas import DeleteRequest, IngestDocument, IngestRequest, schema_of, validation_sentence
from .service import Service

router = APIRouter()

_NAME_KEYS = ("name", "filename", "file_name", "key", "url")
_RESERVED_KEYS = ("name", "chunk", "section")
_MAX_META_CHARS = 2000
_INGEST_BODY = {
    "requestBody": {
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
                        "docset": {"type": "string"},
                    },
                }
            },
            "application/json": {"schema": schema_of(IngestRequest)},
        }
    }
}


def service_of(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok", "version": __version__}


@router.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    """200 when the LLM answers, and embedder and index did last time: they are loaded before the service listens."""
    missing = await service_of(request).missing()
    if missing:
        return JSONResponse({"status": "not ready", "missing": missing}, status_code=503)
    return JSONResponse({"status": "ready"})


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    service = service_of(request)
    service.metrics.name_model(service.llm.model_id)
    if "application/openmetrics-text" in request.headers.get("accept", ""):
        return Response(service.metrics.render_openmetrics(), media_type=openmetrics.CONTENT_TYPE_LATEST)
    return Response(service.metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/stats")
async def stats(request: Request) -> dict[str, Any]:
    service = service_of(request)
    return {"provider": service.settings.provider, "timings": service.metrics.stats()}


@router.get("/info")
async def info(request: Request) -> dict[str, Any]:
    return await collect_info(service_of(request))


@router.get("/documents")
async def documents(request: Request, docset: str | None = None) -> dict[str, Any]:
    service = service_of(request)
    name = _docset(docset, service)
    listed = [_describe(document) for document in service.store.snapshot_or_empty(name).documents.values()]
    return {"docset": name, "count": len(listed), "documents": listed}


@router.post("/ingest", openapi_extra=_INGEST_BODY)
async def ingest(request: Request) -> JSONResponse:
    service = service_of(request)
    _check_write(request)
    docset, sources, report = await _read_ingest(request, service)
    try:
        await service.ingestor.add(docset, sources, report)
    except NothingIngestedError as error:
        service.metrics.error("/ingest", error.type)
        body = {"ingested": 0, "errors": report.errors, "message": str(error), "type": error.type}
        return JSONResponse(body, status_code=error.status)
    service.metrics.stage("ingest", report.duration_ms)
    answer = {
        "ingested": report.ingested,
        "errors": report.errors,
        "docset": docset,
        "unchanged": report.unchanged,
        "chunks": report.chunks,
        "duration_ms": report.duration_ms,
    }
    log("ingest", docset=docset, ingested=report.ingested, errors=len(report.errors), chunks=report.chunks)
    return JSONResponse(answer)


@router.post("/delete")
async def delete(body: DeleteRequest, request: Request) -> dict[str, Any]:
    service = service_of(request)
    _check_write(request)
    names, ids = {*body.filenames, *body.keys}, set(body.document_ids)
    if not (body.all or names or ids):
        raise BadRequestError("nothing to delete: give all, filenames, keys or document_ids")
    docset = _docset(body.docset, service)
    deleted = await service.ingestor.delete(
        docset, lambda document: body.all or document.name in names or document.id in ids
    )
    log("delete", docset=docset, deleted=deleted)
    return {"deleted": deleted, "docset": docset}


def _check_write(request: Request) -> None:
    service = service_of(request)
    check_write(request, token=service.settings.token, loopback=service.loopback)


def _docset(given: str | None, service: Service) -> str:
    name = given or service.settings.docset
    if not DOCSET_NAME.fullmatch(name):
        raise BadRequestError(f"docset: {name[:80]!r} does not match {DOCSET_NAME.pattern}")
    return name


def _describe(document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "name": document.name,
        "chunks": document.chunks,
        "chars": document.chars,
        "sha256": document.sha256,
        "meta": document.meta,
        "ingested_at": document.ingested_at,
    }


async def _read_ingest(request: Request, service: Service) -> tuple[str, list[Source], IngestReport]:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == "multipart/form-data":
        return await _read_form(request, service)
    if content_type == "application/json":
        return await _read_json(request, service)
    raise BadRequestError(f"content-type: {content_type!r} is neither multipart/form-data nor application/json")


async def _read_form(request: Request, service: Service) -> tuple[str, list[Source], IngestReport]:
    async with request.form(max_files=service.settings.max_documents) as form:
        given = form.get("docset")
        docset = _docset(given if isinstance(given, str) else None, service)
        uploads = [entry for key in ("files", "file") for entry in form.getlist(key)]
        sources = [
            Source(name=upload.filename, content=await upload.read())
            for upload in uploads
            if isinstance(upload, UploadFile) and upload.filename
        ]
    return docset, sources, IngestReport(docset=docset)


async def _read_json(request: Request, service: Service) -> tuple[str, list[Source], IngestReport]:
    try:
        body = IngestRequest.model_validate_json(await request.body())
    except ValidationError as error:
        raise InvalidBodyError(validation_sentence(error.errors())) from error
    docset = _docset(body.docset, service)
    report = IngestReport(docset=docset)
    sources = []
    for entry in [*body.documents, *(IngestDocument(content=text) for text in body.texts)]:
        try:
            sources.append(_source(entry))
        except BadRequestError as error:
            report.reject(str(entry.meta.get("name", ""))[:200], error)
    urls = [*body.urls, *([] if body.sitemap_url is None else [body.sitemap_url])]
    if urls and not service.settings.allow_urls:
        raise ForbiddenError("URL ingestion is off: RAG_ALLOW_URLS=1 turns it on")
    sources += await _fetch(body, service, report)
    return docset, sources, report


def _source(entry: IngestDocument) -> Source:
    """A document with a name of its own, or one made from its content."""
    given = next((str(entry.meta[key]) for key in _NAME_KEYS if entry.meta.get(key)), None)
    name = given or "text-" + hashlib.sha256(entry.content.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    meta = {key: value for key, value in entry.meta.items() if key not in _RESERVED_KEYS}
    plain = all(value is None or isinstance(value, str | int | float | bool) for value in meta.values())
    if not plain or len(json.dumps(meta)) > _MAX_META_CHARS:
        raise BadRequestError(f"{name}: meta holds plain values only, at most {_MAX_META_CHARS} characters in all")
    return Source(name=name, content=entry.content, meta=meta)


async def _fetch(body: IngestRequest, service: Service, report: IngestReport) -> list[Source]:
    urls = list(body.urls)
    sources = []
    if body.sitemap_url is not None:
        urls += await service.fetcher.sitemap(body.sitemap_url)
    if len(urls) > service.settings.max_documents:
        raise BadRequestError(f"{len(urls)} URLs are more than {service.settings.max_documents} (RAG_MAX_DOCUMENTS)")
    for url in urls:
        try:
            page = await service.fetcher.fetch(url)
            sources.append(Source(name=_page_name(page.url, page.ending), content=page.content, meta={"url": page.url}))
        except ServiceError as error:
            report.reject(url[:200], error)
    return sources


def _page_name(url: str, ending: str) -> str:
    """`host/path`, with the ending that its content has."""
    parts = urlsplit(url)
    name = f"{parts.hostname}/{'/'.join(part for part in parts.path.split('/') if part) or 'index'}"
    return name if name.endswith(ending) else name + ending
