"""What is counted of a test, and what is not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netprobe.errors import UnmeasuredError
from netprobe.received import INTERVAL_S, received

BYTES = 2_400_000
"""In 0.2 s of 96 Mbit/s."""
Span = tuple[float, int]


def intervals(*spans: Span) -> list[dict[str, Any]]:
    """Of (seconds, bytes), as iperf3 writes them."""
    found, now = [], 0.0
    for seconds, count in spans:
        found.append({"sum": {"start": now, "end": now + seconds, "seconds": seconds, "bytes": count}})
        now += seconds
    return found


def usual(count: int) -> list[Span]:
    return [(INTERVAL_S, BYTES)] * count


@pytest.mark.parametrize(
    ("spans", "duration_s"),
    [
        (usual(15), 2.0),
        ([(0.2, 9 * BYTES), *usual(14)], 2.0),
        ([*usual(15), (0.2, 0), (0.01, 5)], 2.0),
        ([*usual(3), (0.69, BYTES), (0.11, 5 * BYTES), *usual(8)], 1.4),
        ([*usual(7), (0.6, 0), (0.0, 3 * BYTES), (0.0, 0), *usual(5)], 2.0),
        ([*usual(13), (0.5, BYTES)], 1.6),
    ],
    ids=["all", "slow start", "after the end", "a wait over its begin", "a wait within", "a wait over its end"],
)
def test_only_what_came_in_the_time_counts(spans: list[Span], duration_s: float) -> None:
    found = received(intervals(*spans), 1, 3)
    assert found.duration_s == pytest.approx(duration_s)
    assert found.bits_per_second == pytest.approx(96e6)


@given(wait=st.integers(1, 4), at=st.integers(5, 14))
def test_a_wait_for_a_processor_never_makes_more_of_the_link(wait: int, at: int) -> None:
    burst = [(INTERVAL_S * (wait + 1), 0), (0.0, (wait + 1) * BYTES)]
    spans = [*usual(at), *burst, *usual(max(20 - at - wait, 0))]
    assert received(intervals(*spans), 1, 4).bits_per_second <= 96e6 * 1.0001


def test_a_receiver_that_was_away_too_long_gives_no_number() -> None:
    with pytest.raises(UnmeasuredError, match=r"waited for a processor: 0\.8 of 2 s can be counted"):
        received(intervals(*usual(2), (1.6, 0), (0.0, 9 * BYTES), *usual(5)), 1, 3)


def test_a_receiver_that_is_always_late_on_a_fast_link_is_counted_whole() -> None:
    """Its socket keeps 6 MiB at most, of 2.5 GB."""
    late = [(0.25, 312_500_000), (0.15, 187_500_000)] * 8
    assert received(intervals(*late), 1, 3).bits_per_second == pytest.approx(10e9)
    with pytest.raises(UnmeasuredError, match="waited for a processor"):
        received(intervals(*late), 1, 3, streams=20)


@pytest.mark.parametrize("spans", [[], usual(3)], ids=["none", "of the first second alone"])
def test_without_intervals_of_the_time_there_is_no_number(spans: list[Span]) -> None:
    with pytest.raises(UnmeasuredError, match=r"0\.0 of 2 s"):
        received(intervals(*spans), 1, 3)


def test_no_bytes_are_no_zero() -> None:
    with pytest.raises(UnmeasuredError, match="nothing came through"):
        received(intervals(*[(INTERVAL_S, 0)] * 15), 1, 3)
