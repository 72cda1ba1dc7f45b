"""Bodies of requests: JSON, whatever the Content-Type says, because `curl -d` calls everything a form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from ..errors import InvalidBodyError
from .base import schema_of, validation_sentence

if TYPE_CHECKING:  # where documents are read there is no web framework
    from starlette.requests import Request

M = TypeVar("M", bound=BaseModel)

_MAX_VALUES = 20_000


async def read_body(request: Request, model: type[M]) -> M:
    return parse_small_body(await request.body(), model)


def parse_small_body(raw: bytes, model: type[M]) -> M:
    """Of a request that is answered where all are served: a million small values would hold the others up for seconds.

    Raises InvalidBodyError.
    """
    if raw.count(b",") > _MAX_VALUES and _holds_many(raw):
        raise InvalidBodyError(f"the body holds more than {_MAX_VALUES} values")
    return parse_body(raw, model)


def _holds_many(raw: bytes) -> bool:
    """Judged by quotation marks and by commas between strings, of which a few milliseconds find every one."""
    plain = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    if plain.count(b'"') > 2 * _MAX_VALUES:
        return True
    return b"".join(plain.split(b'"')[::2]).count(b",") > _MAX_VALUES


def parse_body(raw: bytes, model: type[M]) -> M:
    """An empty body is `{}`: every default. Raises InvalidBodyError."""
    try:
        return model.model_validate_json(raw.strip() or b"{}")
    except ValidationError as error:
        raise InvalidBodyError(validation_sentence(error.errors())) from error


def json_body(model: type[BaseModel], *, required: bool = True) -> dict[str, Any]:
    """Such a body in the words of OpenAPI: the framework does not see that it is read."""
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema_of(model)}}}}
