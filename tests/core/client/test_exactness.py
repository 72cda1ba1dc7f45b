"""How far the times of events may be off, from what each sample says."""

import pytest

from ragmeter.core.client.exactness import exactness
from ragmeter.core.requests.records import ErrorClass
from tests.core.samples import sample

MS = 1_000_000


def test_nothing_is_known_where_the_clock_cannot_say_or_nothing_came() -> None:
    for samples in ([sample()], [sample(events_ns=(), inexact_events=(), error=ErrorClass.EMPTY)], []):
        known = exactness(samples)
        assert (known.exact_ratio, known.width_max_ms, known.ttft_width_p99_ms, known.itl_width_p99_ms) == (None,) * 4


def test_exact_events_are_off_by_nothing() -> None:
    known = exactness([sample(gaps_ms=(1,) * 9, inexact_events=())])
    assert (known.exact_ratio, known.width_max_ms, known.ttft_width_p99_ms, known.itl_width_p99_ms) == (1, 0, 0, 0)


def test_exact_share_is_by_event_over_the_requests_whose_clock_can_say() -> None:
    known = exactness(
        [sample(gaps_ms=(1,) * 8, inexact_events=((2, 5),)), sample(gaps_ms=(), inexact_events=()), sample()]
    )
    assert known.exact_ratio == 0.9


def test_ttft_is_off_by_the_width_of_the_first_event_and_a_gap_by_the_wider_of_its_two() -> None:
    one = sample(gaps_ms=(10, 10, 10), inexact_events=((0, 7 * MS), (2, 3 * MS)))
    known = exactness([one])
    assert known.width_max_ms == 7
    assert known.ttft_width_p99_ms == 7
    assert known.itl_width_p99_ms == pytest.approx(7, rel=0.02)  # gaps off by 7, 3 and 3
    assert exactness([one, *[sample(gaps_ms=(10,), inexact_events=())] * 300]).ttft_width_p99_ms == 0
