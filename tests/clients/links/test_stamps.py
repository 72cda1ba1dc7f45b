"""Dating a read: which stamps are believed, and what stands in for those that are not."""

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.clients.links.stamps import EARLY_NS, SO_TIMESTAMPNS, STEP_NS, ReadDates, WallOffset, stamp_of

WALL_NS = 1_700_000_000_000_000_000
"""The wall clock when the monotonic clock of these tests says 0."""
MS = 1_000_000


def date(dates: ReadDates, *, stamp_ns: int | None, read_ns: int, step_ns: int = 0) -> tuple[int, bool]:
    """A read at ``read_ns`` with a stamp given on the monotonic clock; ``step_ns``: how far the wall clock was set."""
    stamp = None if stamp_ns is None else WALL_NS + stamp_ns
    return dates.date(stamp, read_ns, WALL_NS + step_ns + read_ns + 50, read_ns + 100)


def test_stamp_is_the_date_however_late_the_read() -> None:
    dates = ReadDates()
    assert date(dates, stamp_ns=10 * MS, read_ns=10 * MS + 5) == (10 * MS, True)
    assert date(dates, stamp_ns=20 * MS, read_ns=90 * MS) == (20 * MS, True)


@pytest.mark.parametrize(
    ("stamp_ns", "why"),
    [
        (None, "no control message"),
        (60 * MS + 200, "in the future"),
        (50 * MS - EARLY_NS - 1, "from before the previous read"),
        (50 * MS, "not after the previous date"),
    ],
)
def test_stamp_that_cannot_be_gives_way_to_the_time_of_the_read(stamp_ns: int | None, why: str) -> None:
    dates = ReadDates()
    assert date(dates, stamp_ns=50 * MS, read_ns=50 * MS + 10) == (50 * MS, True)
    assert date(dates, stamp_ns=stamp_ns, read_ns=60 * MS) == (60 * MS, False), why


@pytest.mark.parametrize("step_ns", [-3600 * 1000 * MS, -MS, 2 * STEP_NS, MS, 3600 * 1000 * MS])
def test_wall_clock_that_is_set_between_stamp_and_read_spoils_that_read_alone(step_ns: int) -> None:
    dates = ReadDates()
    assert date(dates, stamp_ns=10 * MS, read_ns=11 * MS)[1]
    assert date(dates, stamp_ns=20 * MS, read_ns=21 * MS, step_ns=step_ns) == (21 * MS, False)
    assert date(dates, stamp_ns=30 * MS + step_ns, read_ns=31 * MS, step_ns=step_ns) == (30 * MS, True)


def test_process_that_sleeps_between_two_clock_readings_does_not_shift_the_date() -> None:
    dates = ReadDates()
    assert date(dates, stamp_ns=10 * MS, read_ns=11 * MS) == (10 * MS, True)
    at_ns, stamped = dates.date(WALL_NS + 20 * MS, 21 * MS, WALL_NS + 71 * MS, 71 * MS + 100)
    assert stamped
    assert abs(at_ns - 20 * MS) <= 100


@given(st.lists(st.tuples(st.integers(0, 10 * MS), st.integers(0, 10 * MS), st.integers(-MS, MS)), max_size=30))
def test_dates_ascend_and_are_never_after_the_read(steps: list[tuple[int, int, int]]) -> None:
    dates, now_ns, previous_ns = ReadDates(), 0, 0
    for gap_ns, age_ns, step_ns in steps:
        now_ns += gap_ns + 1000
        at_ns, _ = date(dates, stamp_ns=now_ns - age_ns, read_ns=now_ns, step_ns=step_ns)
        assert previous_ns <= at_ns <= now_ns + 100
        previous_ns = at_ns


def test_every_reading_narrows_the_offset() -> None:
    offset = WallOffset()
    assert offset.observe(100, 0, 300) == 200
    assert offset.observe(1190, 1000, 1210) == 200
    assert (offset.low_ns, offset.high_ns) == (190, 210)


def test_stamp_is_found_among_other_control_messages() -> None:
    stamp = struct.pack("@ll", 7, 9)
    other = (socket.SOL_SOCKET, socket.SCM_RIGHTS, stamp)
    assert stamp_of([other, (socket.SOL_SOCKET, SO_TIMESTAMPNS, stamp)]) == 7_000_000_009
    assert stamp_of([other, (socket.IPPROTO_TCP, SO_TIMESTAMPNS, stamp)]) is None
    assert stamp_of([(socket.SOL_SOCKET, SO_TIMESTAMPNS, b"short")]) is None
