"""Following TLS records: whether a read ends where a record does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.clients.connection.tls import RecordEnds


def record(body_bytes: int) -> bytes:
    return b"\x17\x03\x03" + body_bytes.to_bytes(2, "big") + bytes(body_bytes)


@given(st.lists(st.integers(0, 300), min_size=1, max_size=8), st.data())
def test_stream_ends_with_a_record_at_the_ends_of_records_and_nowhere_else(
    bodies: list[int], data: st.DataObject
) -> None:
    stream = b"".join(record(body) for body in bodies)
    ends = {sum(5 + body for body in bodies[: n + 1]) for n in range(len(bodies))}
    cuts = data.draw(st.lists(st.integers(1, len(stream)), unique=True, min_size=1).map(sorted))
    follower, start = RecordEnds(), 0
    for cut in cuts:
        assert follower.feed(stream[start:cut]) == (cut in ends)
        start = cut


@pytest.mark.parametrize("cut", [1, 4, 5, 6])
def test_part_of_a_record_does_not_end_with_one(cut: int) -> None:
    assert not RecordEnds().feed(record(2)[:cut])
