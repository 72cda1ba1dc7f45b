"""The body of an error, and which errors an endpoint answers with, in the words of OpenAPI."""

from __future__ import annotations

import json
import secrets
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, Field

from ..errors import ServiceError


class Problem(BaseModel):
    message: str = Field(description="One sentence: the field, the value seen, the values allowed.")
    type: str = Field(examples=["bad_request"])
    request_id: str


MEANINGS = {
    400: "A value that cannot be, or a name that nothing has; the message lists the names that exist.",
    401: "The bearer token is missing or wrong. Nothing else of the request has been looked at.",
    403: "The endpoint is off, or the request comes from a web page of another site.",
    404: "Nothing has that name.",
    405: "A method that the endpoint does not take.",
    409: "Another benchmark runs.",
    413: "The body or the number of documents is above its limit.",
    422: "The body is not JSON, or has an unknown key or a value of the wrong type; or no document could be read.",
    502: "The Kubernetes API, the service to be measured or the language model did not answer as it should.",
    503: "Too much waits, the service is stopping, or the store of vectors does not answer.",
    504: "No answer in time.",
    507: "The store of vectors is full. Nothing was changed.",
}
FOR_WRITERS = (401, 403)
"""Of every endpoint that asks who calls."""


def problem_on_the_wire(error: ServiceError) -> bytes:
    """The answer to what never became a request of the application, and the last of its connection."""
    body = json.dumps({"message": str(error), "type": error.type, "request_id": secrets.token_hex(8)}).encode()
    retry = f"retry-after: {error.retry_after_s}\r\n" if error.retry_after_s else ""
    head = (
        f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n{retry}connection: close\r\n\r\n"
    )
    return head.encode("ascii") + body


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": Problem, "description": MEANINGS[status]} for status in statuses}


def problems_by_hand(*statuses: int) -> dict[str, Any]:
    """Of an endpoint that the framework does not see; it does see the schema, of the others."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}}
    return {str(status): {"description": MEANINGS[status], "content": content} for status in statuses}
