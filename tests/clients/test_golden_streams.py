"""Recorded byte streams of real servers, with what they say written beside them."""

import json
from pathlib import Path
from typing import Any

import pytest

from ragmeter.clients.decode import decode
from ragmeter.clients.dialects import Dialect, OpenAiDialect, RagDialect
from ragmeter.clients.transport import Exchange
from ragmeter.core.records import Phase, RequestSample, ServerTimings

STREAMS = Path(__file__).parents[2] / "fixtures" / "streams"
NAMES = sorted(path.stem for path in STREAMS.glob("*.sse"))
DIALECTS: dict[str, Dialect] = {"rag": RagDialect(), "openai": OpenAiDialect(model="any")}


def decoded(name: str, *, size: int) -> tuple[RequestSample, dict[str, Any]]:
    """The sample of a stream that came in pieces of ``size`` bytes, one each ns; and what is expected of it."""
    raw = (STREAMS / f"{name}.sse").read_bytes()
    expected = json.loads((STREAMS / f"{name}.json").read_text(encoding="utf-8"))["expected"]
    pieces = (raw[start : start + size] for start in range(0, len(raw), size))
    exchange = Exchange(
        sent_ns=0,
        status=200,
        headers=(("content-type", "text/event-stream"), ("transfer-encoding", "chunked")),
        chunks=tuple(enumerate(pieces, start=1)),
        ended_ns=len(raw) + 1,
        deadline_ns=len(raw) + 1,
    )
    dialect = DIALECTS[expected["dialect"]]
    return decode(exchange, dialect, index=0, phase=Phase.MEASURED, scheduled_ns=0, origin_ns=0), expected


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize("name", NAMES)
def test_stream_says_what_is_written_beside_it(name: str, size: int) -> None:
    sample, expected = decoded(name, size=size)
    del expected["dialect"]
    timings = ServerTimings(**expected.pop("timings", {}))
    said = {key: len(sample.events_ns) if key == "text_events" else getattr(sample, key) for key in expected}
    assert said == expected
    assert sample.timings == timings


def test_every_stream_has_its_expectation_and_no_expectation_is_alone() -> None:
    assert sorted(path.stem for path in STREAMS.glob("*.json")) == NAMES
    assert len(NAMES) >= 5
