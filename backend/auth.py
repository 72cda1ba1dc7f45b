"""Who may change docsets. With a token: whoever has it. Without one: only callers on this machine."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from starlette.requests import Request

from .errors import ForbiddenError, UnauthorizedError

LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")


def check_write(request: Request, *, token: str | None, loopback: bool) -> None:
    """Raises UnauthorizedError or ForbiddenError."""
    if token is not None:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            raise UnauthorizedError(
                "this endpoint needs the header 'Authorization: Bearer TOKEN' with the token of RAG_TOKEN"
            )
        return
    if not loopback:
        raise ForbiddenError(
            "endpoints that write are off: set RAG_TOKEN or RAG_TOKEN_FILE, "
            "or listen on a loopback address (--host 127.0.0.1)"
        )
    # A web page open in a browser on this machine can post here, too: browsers then send its origin.
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).hostname not in LOOPBACK_HOSTS:
        raise ForbiddenError(f"endpoints that write take no requests from the web page {origin!r} without a token")
