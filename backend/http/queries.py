"""POST /query and POST /query/stream as plain ASGI: the layers of a web framework would cost more than all the rest."""

from __future__ import annotations

import asyncio
import re
import secrets
from typing import Any

from starlette.types import Receive, Scope, Send

from ..bodies.query import QueryRequest
from ..bodies.reading import json_body, parse_small_body
from ..errors import BadRequestError, MethodNotAllowedError, ShuttingDownError
from ..query.pipeline import Answering, Pipeline
from .problems import problems_by_hand
from .stream import Answer, StreamedAnswer, WholeAnswer

QUERY_ANSWERS: dict[str, type[Answer]] = {"/query": WholeAnswer, "/query/stream": StreamedAnswer}
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


async def answer_query(pipeline: Pipeline, scope: Scope, receive: Receive, send: Send) -> None:
    """Raises ServiceError before anything is sent; errors after that are answered here."""
    if scope["method"] != "POST":
        raise MethodNotAllowedError(f"{scope['path']} takes POST, not {scope['method']}")
    try:
        body = await _read_body(receive)
    except asyncio.CancelledError:
        raise ShuttingDownError from None
    query = parse_small_body(body, QueryRequest)
    answering = Answering(
        pipeline=pipeline,
        query=query,
        request_id=request_id_of(scope),
        arrival_ns=scope["arrival_ns"],
        trace=None if pipeline.traces is None else pipeline.traces.begin(scope),
    )
    await QUERY_ANSWERS[scope["path"]](scope["path"], answering, send).run(receive)


def request_id_of(scope: Scope) -> str:
    """The caller's X-Request-ID when it is a plain one, else a random id."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return str(value, "ascii")
    return secrets.token_hex(8)


async def _read_body(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequestError("the client went away before its request was complete")
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


def openapi_paths() -> dict[str, Any]:
    """The two endpoints in the words of OpenAPI: no framework sees them, so they are described by hand."""
    described = {
        "/query": ("application/json", "The whole answer, its documents, timings and usage."),
        "/query/stream": ("text/event-stream", "Server-Sent Events: meta, token*, done; or error at any point."),
    }
    return {
        path: {
            "post": {
                "summary": text,
                **json_body(QueryRequest),
                "responses": {
                    "200": {"description": text, "content": {kind: {}}},
                    **problems_by_hand(400, 404, 405, 413, 422, 502, 503, 504),
                },
            }
        }
        for path, (kind, text) in described.items()
    }
