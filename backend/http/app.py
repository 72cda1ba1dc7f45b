"""The ASGI application: routes, the bodies of errors, and what happens to a request before it reaches a route."""

from __future__ import annotations

import asyncio
import time

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .. import __version__
from ..bodies.base import validation_sentence
from ..errors import (
    BadRequestError,
    InvalidBodyError,
    MethodNotAllowedError,
    ServiceError,
    ShuttingDownError,
    TooLargeError,
)
from ..service import Service
from ..telemetry.metrics import ENDPOINTS
from .benchmark import router as benchmark_router
from .documents import router as documents_router
from .queries import QUERY_ANSWERS, answer_query, openapi_paths, request_id_of
from .status import router as status_router


def build_app(service: Service) -> ASGIApp:
    app = FastAPI(title="RAG backend", version=__version__)
    app.state.service = service
    app.include_router(status_router)
    app.include_router(documents_router)
    app.include_router(benchmark_router)
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(RequestValidationError, _invalid_body)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ClientDisconnect, _client_gone)
    app.add_exception_handler(Exception, _service_error)
    app.openapi()["paths"].update(openapi_paths())
    return Gate(app, service)


class Gate:
    """Stamps the arrival, counts user requests, bounds bodies, and sends queries past the framework.

    What is still under way at the end of the drain is cancelled by the server, and answered by us.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["arrival_ns"] = time.perf_counter_ns()
        if scope["path"] in ENDPOINTS:
            self._service.metrics.request(scope["path"])
        settings = self._service.settings
        is_ingest = scope["path"] == "/ingest"
        bounded = _Bounded(scope, receive, settings.max_upload_bytes if is_ingest else settings.max_body_bytes)
        if scope["path"] not in QUERY_ANSWERS:
            await self._framework(scope, bounded, send)
            return
        try:
            await answer_query(self._service.pipeline, scope, bounded, send)
        except ServiceError as error:
            await error_response(self._service, scope, error)(scope, receive, send)

    async def _framework(self, scope: Scope, receive: Receive, send: Send) -> None:
        answering = _Noted(send)
        try:
            await self._app(scope, receive, answering)
        except asyncio.CancelledError:
            if answering.has_begun:  # and its client takes nothing of it
                raise
            await error_response(self._service, scope, ShuttingDownError())(scope, receive, send)


class _Noted:
    """A `send` that knows whether the answer has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_begun = False

    async def __call__(self, message: Message) -> None:
        self.has_begun = True
        await self._send(message)


class _Bounded:
    """A `receive` that raises TooLargeError once the body is longer than allowed, or says that it will be."""

    def __init__(self, scope: Scope, receive: Receive, limit_bytes: int) -> None:
        self._receive = receive
        self._limit_bytes = limit_bytes
        self._known_bytes = 0
        # The server takes nothing but digits for a length.
        self._announced_bytes = next((int(value) for name, value in scope["headers"] if name == b"content-length"), 0)

    async def __call__(self) -> Message:
        self._check(self._announced_bytes)
        message = await self._receive()
        self._known_bytes += len(message.get("body", b""))
        self._check(self._known_bytes)
        return message

    def _check(self, size_bytes: int) -> None:
        if size_bytes > self._limit_bytes:
            raise TooLargeError(f"the body is longer than {self._limit_bytes} bytes")


def error_response(service: Service, scope: Scope, error: ServiceError) -> JSONResponse:
    if scope["path"] in ENDPOINTS:
        service.metrics.error(scope["path"], error.type)
    headers = {"retry-after": str(error.retry_after_s)} if error.retry_after_s else {}
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    if isinstance(error, MethodNotAllowedError):
        headers["allow"] = ", ".join(error.allowed)
    body = {"message": str(error), "type": error.type, "request_id": request_id_of(scope)}
    return JSONResponse(body, status_code=error.status, headers=headers)


async def _service_error(request: Request, error: Exception) -> JSONResponse:
    failure = error if isinstance(error, ServiceError) else ServiceError("internal error")
    return error_response(request.app.state.service, request.scope, failure)


async def _invalid_body(request: Request, error: Exception) -> JSONResponse:
    errors = error.errors() if isinstance(error, RequestValidationError) else []
    return await _service_error(request, InvalidBodyError(validation_sentence(errors)))


async def _client_gone(request: Request, _error: Exception) -> JSONResponse:
    """Before its request was complete: nobody reads this."""
    return await _service_error(request, BadRequestError("the client went away before its request was complete"))


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    """Unknown paths, wrong methods and broken forms, in the same shape as our errors."""
    failure: ServiceError = BadRequestError(getattr(error, "detail", "internal error"))
    failure.status = getattr(error, "status_code", 500)
    if failure.status == 405:
        methods = [method.upper() for method in request.app.openapi()["paths"].get(request.url.path, {})]
        failure = MethodNotAllowedError(f"{request.url.path} takes {' and '.join(methods)}, not {request.method}")
        failure.allowed = methods
    return await _service_error(request, failure)
