"""A phase over its time: what is in which part of it."""

import pytest

from ragmeter.core.figures.timeline import MOST_BINS, timeline_of
from ragmeter.core.requests.records import ErrorClass
from tests.core.samples import ns, sample


def test_no_request_and_no_time_have_no_timeline() -> None:
    assert timeline_of([], open_loop=True) is None
    at_once = sample(ttft_ms=0, gaps_ms=(), ended_ns=0, events_ns=())
    assert timeline_of([at_once], open_loop=True) is None


def test_one_request_is_a_timeline_of_one_or_more_parts_that_hold_it_once() -> None:
    found = timeline_of([sample()], open_loop=True)
    assert found is not None
    assert sum(found.sent_per_s) * found.bin_s == pytest.approx(1, abs=1e-3)


def test_requests_are_counted_where_they_were_wanted_sent_and_ended() -> None:
    """One a second, each lasting half a second, sent 100 ms late; every fourth fails."""
    samples = [
        sample(
            index=at,
            at_ms=at * 1000,
            sent_ns=ns(at * 1000 + 100),
            ttft_ms=300,
            gaps_ms=(300,),
            error=ErrorClass.HTTP_STATUS if at % 4 == 3 else None,
        )
        for at in range(40)
    ]
    found = timeline_of(samples, open_loop=True)
    assert found is not None
    total = {
        name: sum(getattr(found, name)) * found.bin_s
        for name in ("offered_per_s", "sent_per_s", "answered_per_s", "failed_per_s", "in_flight")
    }
    assert total == pytest.approx(
        {"offered_per_s": 40, "sent_per_s": 40, "answered_per_s": 30, "failed_per_s": 10, "in_flight": 40 * 0.5},
        abs=0.01,
    )
    assert found.bin_s == 2
    assert set(found.ttft_p50_ms) == set(found.ttft_max_ms) == {200.0}


def test_a_closed_loop_offers_nothing_and_what_we_ended_is_no_failure() -> None:
    samples = [sample(index=at, at_ms=at * 1000, error=ErrorClass.INTERRUPTED) for at in range(8)]
    found = timeline_of(samples, open_loop=False)
    assert found is not None
    assert found.offered_per_s == ()
    assert not any(found.failed_per_s)
    assert set(found.ttft_p50_ms) == {None}


@pytest.mark.parametrize("requests", [1, 7, 500, 20_000])
def test_parts_are_few_and_all_as_many(requests: int) -> None:
    found = timeline_of([sample(index=at, at_ms=at * 37.0) for at in range(requests)], open_loop=True)
    assert found is not None
    lengths = {len(getattr(found, name)) for name in ("offered_per_s", "in_flight", "ttft_p50_ms", "failed_per_s")}
    assert len(lengths) == 1
    assert lengths.pop() <= MOST_BINS


def test_a_request_whose_connection_never_came_up_is_not_sent_and_fails() -> None:
    refused = sample(index=1, at_ms=10, sent_ns=None, events_ns=(), ended_ns=ns(30), error=ErrorClass.CONNECT)
    found = timeline_of([sample(), refused], open_loop=True)
    assert found is not None
    assert sum(found.sent_per_s) * found.bin_s == pytest.approx(1, abs=1e-3)
    assert sum(found.failed_per_s) * found.bin_s == pytest.approx(1, abs=1e-3)
