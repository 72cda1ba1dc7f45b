"""Endpoints that tell of the service: probes, metrics, and what runs."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from prometheus_client.openmetrics import exposition as openmetrics
from starlette.responses import JSONResponse, Response

from .. import __version__
from ..service import Service
from .info import collect_info

router = APIRouter()


def service_of(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok", "version": __version__}


@router.get("/readyz", responses={503: {"description": "A part does not answer; `missing` says which, and why."}})
async def readyz(request: Request) -> JSONResponse:
    """200 when the LLM answers, and embedder and index did last time: they are loaded before the service listens."""
    missing = await service_of(request).missing()
    if missing:
        return JSONResponse({"status": "not ready", "missing": missing}, status_code=503)
    return JSONResponse({"status": "ready"})


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}, "application/openmetrics-text": {}}}},
)
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
