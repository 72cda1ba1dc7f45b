"""The recorded byte streams in fixtures/streams, and how they are read."""

import json
from pathlib import Path
from typing import Any

from ragmeter.clients.answers.decode import decode
from ragmeter.clients.answers.described import described_dialect
from ragmeter.clients.answers.dialects import Dialect, OpenAiDialect, RagDialect
from ragmeter.clients.connection.transport import Exchange
from ragmeter.clients.files import read_yaml
from ragmeter.core.requests.records import Phase, RequestSample
from ragmeter.run.plan.catalog import known, load_target

STREAMS = Path(__file__).parents[3] / "fixtures" / "streams"
NAMES = sorted(path.stem for path in STREAMS.glob("*.sse"))
BUILT_IN: dict[str, Dialect] = {"rag": RagDialect(), "openai": OpenAiDialect(model="any")}


LONG_NS = 600 * 10**9
"""Longer than any of the servers says that it took."""


def dialect_of(name: str) -> Dialect:
    """A built-in target, or a description with any values that it needs."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    document = read_yaml(known("target")[name])
    values = {key: "any" for key, value in document.get("values", {}).items() if value is None}
    return described_dialect(load_target({"preset": name, "values": values}, where="test"), values={"model": "any"})


def expectation(name: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((STREAMS / f"{name}.json").read_text(encoding="utf-8"))["expected"]
    return said


def sample_of(raw: bytes, dialect: Dialect, *, size: int) -> RequestSample:
    """Of a stream that came in pieces of ``size`` bytes, one each ns."""
    pieces = (raw[start : start + size] for start in range(0, len(raw), size))
    exchange = Exchange(
        sent_ns=-LONG_NS,
        status=200,
        headers=(("content-type", "text/event-stream"), ("transfer-encoding", "chunked")),
        chunks=tuple(enumerate(pieces, start=1)),
        ended_ns=len(raw) + 1,
        deadline_ns=len(raw) + 1,
    )
    return decode(exchange, dialect, index=0, phase=Phase.MEASURED, scheduled_ns=0, origin_ns=0)
