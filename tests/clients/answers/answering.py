"""An answer made of pieces of a body, read by a dialect without a network."""

from collections.abc import Mapping, Sequence
from typing import Any

from ragmeter.clients.answers.decode import decode
from ragmeter.clients.answers.described import DescribedDialect, described_dialect
from ragmeter.clients.answers.dialects import Dialect
from ragmeter.clients.connection.transport import Exchange
from ragmeter.core.requests.records import ErrorClass, Phase, RequestSample
from ragmeter.run.plan.catalog import load_target

MS = 1_000_000
CHUNKED = ("transfer-encoding", "chunked")
VALUES = {"k": 3, "docset": "docs", "max_tokens": 64, "model": "m", "seed": 1}


def dialect_named(target: str | Mapping[str, Any]) -> DescribedDialect:
    return described_dialect(load_target(target, where="test"), values=VALUES)


def answer(
    pieces: Sequence[bytes],
    *,
    status: int = 200,
    content_type: str = "text/event-stream",
    failure: tuple[ErrorClass, str] | None = None,
) -> Exchange:
    """A piece every 10 ms, and the end of the response 10 ms after the last."""
    chunks = tuple((n * 10 * MS, piece) for n, piece in enumerate(pieces, start=1))
    return Exchange(
        sent_ns=0,
        status=status,
        headers=(("content-type", content_type), CHUNKED),
        chunks=chunks,
        earliest_ns=tuple(at_ns for at_ns, _ in chunks),
        ended_ns=(len(pieces) + 1) * 10 * MS,
        deadline_ns=10_000 * MS,
        failure=failure,
    )


def read(exchange: Exchange, dialect: Dialect, max_tokens: int | None = None) -> RequestSample:
    return decode(exchange, dialect, index=0, phase=Phase.MEASURED, scheduled_ns=0, origin_ns=0, max_tokens=max_tokens)
