"""Times that are kept as numbers read as a tuple of them does."""

import pickle

import pytest

from ragmeter.core.codec import decode_json, encode, to_json
from ragmeter.core.requests.moments import Moments
from ragmeter.core.requests.records import RequestSample
from tests.core.samples import sample

TIMES = (3, 5, 5, 2**62)


@pytest.mark.parametrize("times", [(), (7,), TIMES])
def test_moments_read_as_a_tuple_does(times: tuple[int, ...]) -> None:
    kept = Moments(times)
    assert kept == times
    assert (hash(kept), len(kept), tuple(kept), repr(kept)) == (hash(times), len(times), times, repr(times))
    assert (kept[:2], kept[1:]) == (times[:2], times[1:])
    assert kept.ns.tolist() == list(times)
    assert pickle.loads(pickle.dumps(kept)) == kept == Moments(times)
    assert kept != (*times, 2**63 - 1)
    assert bool(kept) is bool(times)


def test_what_has_more_than_64_bits_is_refused() -> None:
    with pytest.raises(ValueError, match="64 bits"):
        Moments([2**63])


@pytest.mark.parametrize("gaps", [(), (5.0, 7.5)])
def test_sample_is_the_same_from_its_text(gaps: tuple[float, ...]) -> None:
    made = sample(gaps_ms=gaps)
    assert decode_json(RequestSample, to_json(made).encode()) == made
    assert encode(made)["events_ns"] == list(made.events_ns)
    assert pickle.loads(pickle.dumps(made)) == made
