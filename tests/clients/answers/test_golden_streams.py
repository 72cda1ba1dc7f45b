"""Recorded byte streams of real servers, with what they say written beside them."""

import pytest

from ragmeter.core import codec
from ragmeter.core.requests.records import ServerTimings
from ragmeter.run.plan.catalog import known
from tests.clients.answers.golden import NAMES, STREAMS, dialect_of, expectation, sample_of


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize("name", NAMES)
def test_stream_says_what_is_written_beside_it(name: str, size: int) -> None:
    expected = expectation(name)
    raw = (STREAMS / f"{name}.sse").read_bytes()
    sample = sample_of(raw, dialect_of(expected.pop("dialect")), size=size)
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
