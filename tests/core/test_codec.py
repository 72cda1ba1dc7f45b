"""Records to documents and back."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.core.codec import decode, encode, to_json
from ragmeter.core.errors import SchemaError
from ragmeter.core.requests.records import ErrorClass, RequestSample, ServerTimings
from ragmeter.core.stats.estimate import Estimate
from tests.core.samples import sample

some_text = st.text(st.characters(exclude_categories=()), max_size=20)
durations = st.none() | st.floats(0, 1e9)
samples = st.builds(
    sample,
    index=st.integers(0, 10**9),
    at_ms=st.floats(0, 1e6),
    gaps_ms=st.lists(st.floats(0, 1e4), max_size=5),
    error=st.none() | st.sampled_from(ErrorClass),
    error_message=st.none() | some_text,
    documents=st.lists(some_text, max_size=3).map(tuple),
    timings=st.builds(ServerTimings, queue_ms=durations, total_ms=durations),
)


@given(samples)
def test_record_comes_back_as_it_was(record: RequestSample) -> None:
    line = to_json(record)
    assert decode(RequestSample, json.loads(line), where="x") == record
    assert line.isascii()
    assert len(line.splitlines()) == 1


def test_enums_are_their_values_and_tuples_lists() -> None:
    document = encode(sample(error=ErrorClass.TIMEOUT, documents=("a", "b")))
    assert (document["error"], document["phase"], document["documents"]) == ("timeout", "measured", ["a", "b"])


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_number_that_json_does_not_have_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="Out of range float"):
        to_json(Estimate(value=value, low=None, high=None, n=1, enough=False))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"index": "many"}, r"here: \$\.index: Input should be a valid integer"),
        ({"error": "sulk"}, r"here: \$\.error: Input should be 'connect', 'tls'"),
        ({"events_ns": [3, 2]}, r"here: \$: Value error, request 0: events_ns must ascend"),
        ({"timings": {"queue_ms": "long"}}, r"here: \$\.timings\.queue_ms: Input should be a valid number"),
        ({"events_ns": [1, "x"]}, r"here: \$\.events_ns\[1\]: Input should be a valid integer"),
    ],
)
def test_document_that_is_no_record_is_refused_with_its_place(changes: dict[str, object], words: str) -> None:
    with pytest.raises(SchemaError, match=words):
        decode(RequestSample, {**encode(sample()), **changes}, where="here")
