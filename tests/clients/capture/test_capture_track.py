"""When a byte could be read: whatever is lost, repeated, reordered or merged on the way, and beyond 2**32."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.clients.capture.track import ByteTimes

WHOLE = 1 << 32


class Seen(NamedTuple):
    start: int
    size: int
    at_ns: int


def fed(segments: list[Seen], *, first_seq: int = 0) -> ByteTimes:
    times = ByteTimes(first_seq)
    for segment in segments:
        times.add((first_seq + segment.start) % WHOLE, segment.size, segment.at_ns)
    return times


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        ([Seen(0, 5, 10), Seen(5, 5, 20)], [(5, 10, True), (10, 20, True)]),
        ([Seen(0, 5, 10), Seen(0, 5, 15), Seen(5, 5, 20)], [(5, 10, True), (10, 20, True)]),  # seen twice
        ([Seen(0, 5, 10), Seen(0, 10, 20)], [(5, 10, True), (10, 20, True)]),  # repeated with what follows
        ([Seen(5, 5, 10), Seen(0, 5, 20)], [(5, 20, True), (10, 20, True)]),  # reordered: the hole holds it back
        ([Seen(6, 4, 10), Seen(3, 3, 11), Seen(0, 3, 20)], [(3, 20, True), (6, 20, True), (10, 20, True)]),
        ([Seen(0, 10, 10)], [(10, 10, True)]),  # merged by the network card
        ([Seen(0, 4, 10), Seen(6, 4, 12)], [(4, 10, True), (10, 99, False)]),  # one was not captured
        ([], [(10, 99, False)]),
    ],
)  # fmt: skip
def test_ten_bytes_are_dated(segments: list[Seen], expected: list[tuple[int, int, bool]]) -> None:
    assert fed(segments).take(10, 99) == expected


def test_segment_is_dated_also_when_it_is_read_in_parts() -> None:
    times = fed([Seen(0, 10, 7)])
    assert [times.take(end, 99) for end in (3, 3, 10)] == [[(3, 7, True)], [], [(10, 7, True)]]


def test_what_follows_a_lost_segment_is_dated_again() -> None:
    times = fed([Seen(0, 4, 10), Seen(6, 4, 12), Seen(10, 5, 13)])
    assert times.take(8, 50) == [(4, 10, True), (8, 50, False)]
    assert times.take(15, 99) == [(10, 50, True), (15, 50, True)]
    times.add(15, 5, 60)
    assert times.take(20, 99) == [(20, 60, True)]


@given(
    first_seq=st.integers(0, WHOLE - 1),
    sizes=st.lists(st.integers(1, 1 << 16), min_size=1, max_size=20),
    data=st.data(),
)
def test_any_order_and_repetition_gives_each_byte_the_time_at_which_all_before_it_had_come(
    first_seq: int, sizes: list[int], data: st.DataObject
) -> None:
    ends = [sum(sizes[: n + 1]) for n in range(len(sizes))]
    parts = [(end - size, size) for end, size in zip(ends, sizes, strict=True)]
    order = data.draw(st.permutations(parts + data.draw(st.lists(st.sampled_from(parts), max_size=10))))
    segments = [Seen(start, size, at_ns) for at_ns, (start, size) in enumerate(order, start=1)]
    first_ns = {start: min(s.at_ns for s in segments if s.start == start) for start, _ in parts}
    expected = [(end, max(first_ns[start] for start, _ in parts[: n + 1]), True) for n, end in enumerate(ends)]
    assert fed(segments, first_seq=first_seq).take(ends[-1], 10**9) == expected


@given(
    captured=st.lists(st.booleans(), min_size=1, max_size=30),
    reads=st.lists(st.integers(1, 300), max_size=30),
)
def test_times_ascend_and_nothing_that_was_missed_is_called_captured(captured: list[bool], reads: list[int]) -> None:
    """Segments of 10 bytes, one every 10 ns; each read comes after what it reads."""
    times, position, pieces = ByteTimes(WHOLE - 15), 0, []
    for n, is_captured in enumerate(captured):
        if is_captured:
            times.add((WHOLE - 15 + 10 * n) % WHOLE, 10, 10 * n)
    for size in [*reads, 10 * len(captured)]:
        position = min(position + size, 10 * len(captured))
        pieces += times.take(position, 10 * (position // 10))
    assert [at_ns for _, at_ns, _ in pieces] == sorted(at_ns for _, at_ns, _ in pieces)
    start = 0
    for end, _, exact in pieces:
        assert not exact or all(captured[start // 10 : (end + 9) // 10])
        start = end
    assert start == 10 * len(captured)
