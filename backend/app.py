"""The ASGI application: routes, the bodies of errors, and what happens to a request before it reaches a route."""

from __future__ import annotations

import json
import time

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import __version__
from .api import router, validation_sentence
from .errors import BadRequestError, ServiceError, TooLargeError
from .metrics import ENDPOINTS
from .service import Service
from .stream import request_id_of

_MAX_BODY_BYTES = 4 * 2**20


def build_app(service: Service) -> ASGIApp:
    app = FastAPI(title="RAG backend", version=__version__)
    app.state.service = service
    app.include_router(router)
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(RequestValidationError, _invalid_body)
    app.add_exception_handler(HTTPException, _http_error)
    return Gate(app, service)


class Gate:
    """Stamps the arrival, counts user requests and bounds bodies. It stays out of the way of what is sent."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._metrics = service.metrics
        self._max_upload_bytes = service.settings.max_upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["arrival_ns"] = time.perf_counter_ns()
            if scope["path"] in ENDPOINTS:
                self._metrics.request(scope["path"])
            limit_bytes = self._max_upload_bytes if scope["path"] == "/ingest" else _MAX_BODY_BYTES
            receive = _Bounded(receive, limit_bytes)
        await self._app(scope, receive, send)


class _Bounded:
    """A `receive` that raises TooLargeError once the body is longer than allowed."""

    def __init__(self, receive: Receive, limit_bytes: int) -> None:
        self._receive = receive
        self._limit_bytes = limit_bytes
        self._seen_bytes = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._seen_bytes += len(message.get("body", b""))
        if self._seen_bytes > self._limit_bytes:
            raise TooLargeError(f"the body is longer than {self._limit_bytes} bytes")
        return message


async def _service_error(request: Request, error: Exception) -> JSONResponse:
    failure = error if isinstance(error, ServiceError) else ServiceError("internal error")
    service: Service = request.app.state.service
    if request.url.path in ENDPOINTS:
        service.metrics.error(request.url.path, failure.type)
    headers = {"retry-after": str(failure.retry_after_s)} if failure.retry_after_s else {}
    if failure.status == 401:
        headers["www-authenticate"] = "Bearer"
    body = {"message": str(failure), "type": failure.type, "request_id": request_id_of(request)}
    return JSONResponse(body, status_code=failure.status, headers=headers)


async def _invalid_body(request: Request, error: Exception) -> JSONResponse:
    errors = error.errors() if isinstance(error, RequestValidationError) else []
    return await _service_error(request, _InvalidBodyError(validation_sentence(list(errors))))


class _InvalidBodyError(BadRequestError):
    status = 422


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    """Unknown paths, wrong methods and broken forms, in the same shape as our own errors."""
    failure = BadRequestError(getattr(error, "detail", json.dumps(str(error))))
    failure.status = getattr(error, "status_code", 500)
    return await _service_error(request, failure)
