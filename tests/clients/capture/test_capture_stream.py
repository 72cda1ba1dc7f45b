"""From segments to events, sans I/O: however an answer was cut and whenever it was read, its dates are the same."""

import bisect
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ragmeter.clients.answers.decode import decode
from ragmeter.clients.answers.dialects import RagDialect
from ragmeter.clients.capture.track import ByteTimes
from ragmeter.clients.connection.response import ResponseReader
from ragmeter.clients.connection.transport import Exchange
from ragmeter.core.requests.records import Phase, RequestSample

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
TOKENS = [f'event: token\ndata: {{"text":"{word}"}}\n\n'.encode() for word in ("time ", "to ", "naïve ", "☕")]
DONE = b'event: done\ndata: {"token_count":4}\n\n'


def answer() -> tuple[bytes, list[int]]:
    """The bytes of an answer, and for each token the position of the byte that completes its event."""
    wire, ends = HEAD, []
    for event in [*TOKENS, DONE]:
        wire += b"%x\r\n%b" % (len(event), event)
        ends.append(len(wire) - 1)
        wire += b"\r\n"
    return wire + b"0\r\n\r\n", ends[:-1]


WIRE, ENDS = answer()
cuts = st.lists(st.integers(1, len(WIRE) - 1), max_size=40, unique=True).map(lambda at: [0, *sorted(at), len(WIRE)])


def sampled(segments: list[int], reads: list[int]) -> RequestSample:
    """The answer in segments that came 10 ns apart, read up to each of ``reads``."""
    times, reader = ByteTimes(2**32 - 7), ResponseReader()
    for n, (start, end) in enumerate(pairwise(segments)):
        times.add((2**32 - 7 + start) % 2**32, end - start, 10 * n)
    done = 0
    for read in reads[1:]:
        for end, at_ns, exact in times.take(read, 10**6):
            reader.feed(WIRE[done:end], at_ns, earliest_ns=at_ns, exact=exact)
            done = end
    exchange = Exchange(
        sent_ns=0,
        status=reader.status,
        headers=tuple(reader.headers),
        chunks=tuple(reader.chunks),
        earliest_ns=tuple(reader.earliest_ns),
        exact_chunks=frozenset(reader.exact_chunks),
        ended_ns=reader.ended_ns or 0,
        deadline_ns=10**9,
        failure=reader.failure,
    )
    return decode(exchange, RagDialect(), index=0, phase=Phase.MEASURED, scheduled_ns=0, origin_ns=0)


@given(segments=cuts, reads=cuts)
def test_each_event_has_the_time_of_the_segment_that_completed_it(segments: list[int], reads: list[int]) -> None:
    sample = sampled(segments, reads)
    assert sample.ok, sample.error_message
    assert sample.inexact_events == ()
    assert sample.events_ns == tuple(10 * (bisect.bisect_right(segments, end) - 1) for end in ENDS)
