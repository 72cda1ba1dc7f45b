"""Recorded byte streams of real servers, with what they say written beside them."""

import json
from pathlib import Path
from typing import Any

import pytest

from ragmeter.clients.answers.decode import decode
from ragmeter.clients.answers.described import described_dialect
from ragmeter.clients.answers.dialects import Dialect, OpenAiDialect, RagDialect
from ragmeter.clients.connection.transport import Exchange
from ragmeter.clients.files import read_yaml
from ragmeter.core import codec
from ragmeter.core.requests.records import Phase, RequestSample, ServerTimings
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


def decoded(name: str, *, size: int) -> tuple[RequestSample, dict[str, Any]]:
    """The sample of a stream that came in pieces of ``size`` bytes, one each ns; and what is expected of it."""
    raw = (STREAMS / f"{name}.sse").read_bytes()
    expected = expectation(name)
    pieces = (raw[start : start + size] for start in range(0, len(raw), size))
    exchange = Exchange(
        sent_ns=-LONG_NS,
        status=200,
        headers=(("content-type", "text/event-stream"), ("transfer-encoding", "chunked")),
        chunks=tuple(enumerate(pieces, start=1)),
        ended_ns=len(raw) + 1,
        deadline_ns=len(raw) + 1,
    )
    dialect = dialect_of(expected["dialect"])
    return decode(exchange, dialect, index=0, phase=Phase.MEASURED, scheduled_ns=0, origin_ns=0), expected


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize("name", NAMES)
def test_stream_says_what_is_written_beside_it(name: str, size: int) -> None:
    sample, expected = decoded(name, size=size)
    del expected["dialect"]
    timings = codec.decode(ServerTimings, expected.pop("timings", {}), where=name)
    said = {key: len(sample.events_ns) if key == "text_events" else getattr(sample, key) for key in expected}
    assert said == {key: tuple(value) if key == "documents" else value for key, value in expected.items()}
    assert sample.timings == timings


def test_every_stream_has_its_expectation_and_no_expectation_is_alone() -> None:
    assert sorted(path.stem for path in STREAMS.glob("*.json")) == NAMES
    assert len(NAMES) >= 5


def test_every_shipped_target_has_a_stream() -> None:
    assert {expectation(name)["dialect"] for name in NAMES} >= {*known("target")} - READ_AS_BUILT_IN


READ_AS_BUILT_IN = {"query-stream", "rag-demo", "openai-chat"}
"""They read the streams of the built-in targets: see test_described_equal.py."""
