"""Endpoints of the documents of a docset: what is there, and how it changes."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse

from ..bodies.base import schema_of
from ..bodies.documents import DeleteRequest, IngestRequest
from ..bodies.reading import json_body, read_body
from ..errors import BadRequestError, NothingIngestedError, UnknownDocsetError
from ..ingest.ingestor import IngestReport
from ..parsing import DOCSET_NAME
from ..retrieval.records import Document
from ..retrieval.store import Store
from ..telemetry.logs import log
from .auth import WRITERS
from .problems import FOR_WRITERS, problems
from .queries import request_id_of
from .sources import docset_of, read_ingest
from .status import service_of

router = APIRouter()

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


DocsetName = Annotated[str | None, Query(pattern=f"^({DOCSET_NAME.pattern})?$")]
"""Nothing at all means the service's default, as where it is missing."""


@router.get("/documents", responses=problems(400, 422, 503))
async def documents(request: Request, docset: DocsetName = None) -> dict[str, Any]:
    service = service_of(request)
    name = docset_of(docset, service)
    listed = await asyncio.to_thread(_documents, service.store, name)
    return {"docset": name, "count": len(listed), "documents": [_describe(document) for document in listed]}


@router.post(
    "/ingest",
    dependencies=WRITERS,
    openapi_extra=_INGEST_BODY,
    responses=problems(400, *FOR_WRITERS, 413, 422, 503, 507),
)
async def ingest(request: Request) -> JSONResponse:
    """Files as multipart/form-data, or JSON."""
    service = service_of(request)
    with service.ingestor.place():
        docset, reading = await read_ingest(request, service)
        report = IngestReport(docset=docset)
        try:
            await service.ingestor.add(reading, report)
        except NothingIngestedError as error:
            service.metrics.error("/ingest", error.type)
            failed = {"message": str(error), "type": error.type, "request_id": request_id_of(request.scope)}
            body = {"ingested": 0, "errors": report.errors, **failed}
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


@router.post(
    "/delete",
    dependencies=WRITERS,
    openapi_extra=json_body(DeleteRequest),
    responses=problems(400, *FOR_WRITERS, 404, 413, 422, 503, 507),
)
async def delete(request: Request) -> dict[str, Any]:
    """Removes documents from a docset: all of them, or those that are named."""
    service = service_of(request)
    body = await read_body(request, DeleteRequest)
    names, ids = {*body.filenames, *body.keys}, set(body.document_ids)
    if not (body.all or names or ids):
        raise BadRequestError("nothing to delete: give all, filenames, keys or document_ids")
    docset = docset_of(body.docset, service)
    with service.ingestor.place():
        deleted = await service.ingestor.delete(
            docset, lambda document: body.all or document.name in names or document.id in ids
        )
    log("delete", docset=docset, deleted=deleted)
    return {"deleted": deleted, "docset": docset}


def _documents(store: Store, docset: str) -> list[Document]:
    try:
        return store.documents(docset)
    except UnknownDocsetError:
        return []


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
