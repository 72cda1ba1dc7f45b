"""The parser of Server-Sent Events: the examples of the standard, and that cutting the bytes changes nothing."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmeter.clients.answers.sse import ServerSentEvent, SseParser, events_of


def events(raw: bytes) -> list[tuple[str, str]]:
    return [(event.event, event.data) for event in SseParser().feed(raw)]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"data: a\n\n", [("message", "a")]),
        (b"data: a\r\n\r\n", [("message", "a")]),
        (b"data: a\r\r", [("message", "a")]),
        (b"data: a\n\r\n", [("message", "a")]),
        (b"data:a\n\ndata: a\n\ndata:  a\n\n", [("message", "a"), ("message", "a"), ("message", " a")]),
        (b"data: a\ndata: b\n\n", [("message", "a\nb")]),
        (b"data\n\n", [("message", "")]),
        (b"data\ndata\n\n", [("message", "\n")]),
        (b"data:\n\n", [("message", "")]),
        (b"event: token\ndata: a\n\ndata: b\n\n", [("token", "a"), ("message", "b")]),
        (b"event: token\n\ndata: b\n\n", [("message", "b")]),
        (b": a comment\n\n:\n\ndata: a\n: inside\n\n", [("message", "a")]),
        (b"retry: 10\nfoo: bar\ndata: a\n\n", [("message", "a")]),
        (b"data: a: b\n\n", [("message", "a: b")]),
        (b"\xef\xbb\xbfdata: a\n\n", [("message", "a")]),
        (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [("message", "a")]),
        (b"data: \xff\n\n", [("message", "\ufffd")]),
        (b"data: a\x0bb\x0cc\x1cd\xc2\x85e\n\n", [("message", "a\x0bb\x0cc\x1cd\x85e")]),
        (b"data: a\n", []),
        (b"data: a", []),
        (b"", []),
    ],
)
def test_stream_is_read_as_the_standard_says(raw: bytes, expected: list[tuple[str, str]]) -> None:
    assert events(raw) == expected


def test_id_lasts_until_the_next_and_one_with_nul_is_ignored() -> None:
    raw = b"id: 1\ndata: a\n\ndata: b\n\nid: x\0y\ndata: c\n\nid\ndata: d\n\n"
    assert [event.id for event in SseParser().feed(raw)] == ["1", "1", "1", ""]


@pytest.mark.parametrize("raw", [b"data: [DONE]", b"data: [DONE]\n", b"data: [DONE]\r"])
def test_complete_response_ends_its_last_event(raw: bytes) -> None:
    done = ServerSentEvent(event="message", data="[DONE]")
    assert list(events_of([b"", raw], complete=True)) == [(1, done, False)]
    assert list(events_of([b"", raw], complete=False)) == []


def test_event_belongs_to_the_chunk_with_its_last_byte() -> None:
    chunks = [b"data: a", b"\n", b"\ndata: b\n\nda", b"ta: c\r\n\r", b"\ndata: d\n\n"]
    assert [(position, event.data, at_end) for position, event, at_end in events_of(chunks, complete=True)] == [
        (2, "a", False),
        (2, "b", False),
        (3, "c", True),
        (4, "d", True),
    ]


def test_long_line_in_small_reads_is_read_in_linear_time() -> None:
    size = 200_000
    parser = SseParser()
    assert not any(parser.feed(b"x") for _ in range(size))
    assert parser.feed(b"\ndata: a\n\n") == [ServerSentEvent(event="message", data="a")]


_LINE = st.one_of(
    st.sampled_from(["", "", "data", "data: a", "event: token", ": ping", "id: 1", "\ufeffdata: b", "data: é☕𝄞"]),
    st.text(alphabet=st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=8),
)
_STREAM = st.lists(st.tuples(_LINE, st.sampled_from(["\n", "\r\n", "\r"])), max_size=20).map(
    lambda lines: "".join(line + end for line, end in lines).encode()
)


@given(raw=_STREAM, data=st.data())
def test_cutting_the_bytes_anywhere_gives_the_same_events(raw: bytes, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(raw)), max_size=12).map(sorted))
    bounds = [0, *cuts, len(raw)]
    pieces = [raw[start:stop] for start, stop in pairwise(bounds)]
    whole = [event for _, event, _ in events_of([raw], complete=True)]
    assert [event for _, event, _ in events_of(pieces, complete=True)] == whole


@given(raw=_STREAM)
def test_events_are_dated_in_order_and_never_before_their_bytes(raw: bytes) -> None:
    chunks = [raw[position : position + 1] for position in range(len(raw))]
    times = [at for at, _, _ in events_of(chunks, complete=False)]
    assert times == sorted(set(times))
    for at, count in zip(times, range(1, len(times) + 1), strict=True):
        assert len(events(raw[: at + 1])) == count
        assert len(events(raw[:at])) == count - 1
