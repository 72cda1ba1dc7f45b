"""Who may change docsets or start work. With a token: anyone who has it. Without one: only callers on this machine."""

from __future__ import annotations

import hmac
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Security
from fastapi.security import HTTPBearer
from starlette.requests import Request

from ..errors import ForbiddenError, UnauthorizedError

LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")

_BEARER = HTTPBearer(auto_error=False, description="The token of RAG_TOKEN, where the service has one.")


async def check_writer(request: Request, _described: Annotated[Any, Security(_BEARER)]) -> None:
    """Runs before parameters are judged and before any byte of the body is read.

    Raises UnauthorizedError or ForbiddenError.
    """
    service = request.app.state.service
    token: str | None = service.settings.token
    if token is not None:
        _check_token(request, token)
    elif not service.loopback:
        raise ForbiddenError(
            "endpoints that write are off: set RAG_TOKEN or RAG_TOKEN_FILE, "
            "or listen on a loopback address (--host 127.0.0.1)"
        )
    else:
        _check_origin(request)


WRITERS = [Depends(check_writer)]
"""The dependencies of an endpoint that changes something or starts work, and of those that tell of such work."""


def _check_token(request: Request, token: str) -> None:
    given = request.headers.get("authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise UnauthorizedError(
            "this endpoint needs the header 'Authorization: Bearer TOKEN' with the token of RAG_TOKEN"
        )


def _check_origin(request: Request) -> None:
    """A web page open in a browser on this machine can post here, too: browsers then send its origin."""
    origin = request.headers.get("origin")
    if origin is not None and _host_of(origin) not in LOOPBACK_HOSTS:
        raise ForbiddenError(f"endpoints that write take no requests from the web page {origin!r} without a token")


def _host_of(origin: str) -> str | None:
    """None for what is no origin."""
    try:
        return urlsplit(origin).hostname
    except ValueError:
        return None
