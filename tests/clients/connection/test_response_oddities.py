"""Responses that are a little off and that every client reads: they are read here, too."""

import gzip

import pytest

from ragmeter.clients.connection.response import ResponseReader, decode_content
from ragmeter.core.requests.records import ErrorClass

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = b"3\r\nabc\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + b"content-length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\ncontent-length: 3\n\nabc",
        HEAD + b"transfer-encoding: chunked\r\n\r\n" + CHUNKED,
        HEAD + b"content-length: 99\r\ntransfer-encoding: chunked\r\n\r\n" + CHUNKED,
        HEAD + b"transfer-encoding: chunked\r\ncontent-length: 1\r\n\r\n" + CHUNKED,
    ],
    ids=["plain", "lines end with LF", "chunked", "chunks beside a length", "chunks beside a short length"],
)
def test_a_response_is_read_as_other_clients_read_it(raw: bytes) -> None:
    reader = ResponseReader()
    assert reader.feed(raw, 1)
    assert (reader.status, reader.failure) == (200, None)
    assert b"".join(body for _, body in reader.chunks) == b"abc"


ONE, TWO = gzip.compress(b"one"), gzip.compress(b"two")


@pytest.mark.parametrize(
    ("pieces", "plain"),
    [
        ([ONE], [b"one"]),
        ([ONE, TWO], [b"one", b"two"]),
        ([ONE + TWO], [b"onetwo"]),
        ([ONE + TWO[:4], TWO[4:]], [b"one", b"two"]),
        ([(ONE + TWO)[n : n + 1] for n in range(len(ONE + TWO))], None),
    ],
    ids=["one member", "a member each", "two at once", "cut within the second", "byte by byte"],
)
def test_gzip_of_several_members_is_read_to_its_end(pieces: list[bytes], plain: list[bytes] | None) -> None:
    chunks, failure = decode_content(list(enumerate(pieces)), "gzip")
    assert failure is None
    assert [at for at, _ in chunks] == list(range(len(pieces)))
    assert b"".join(body for _, body in chunks) == b"".join(plain or [b"onetwo"])
    assert plain is None or [body for _, body in chunks] == plain


@pytest.mark.parametrize(
    ("pieces", "kept", "error"),
    [
        ([ONE, TWO[:-9]], b"one", ErrorClass.TRUNCATED),
        ([ONE, b"no gzip"], b"one", ErrorClass.PROTOCOL),
        ([b"plain"], b"", ErrorClass.PROTOCOL),
    ],
)
def test_gzip_that_breaks_off_keeps_what_came(pieces: list[bytes], kept: bytes, error: ErrorClass) -> None:
    chunks, failure = decode_content(list(enumerate(pieces)), "gzip")
    assert failure is not None
    assert failure[0] is error
    assert b"".join(body for _, body in chunks).startswith(kept)


@pytest.mark.parametrize("coding", [None, "identity", "none", "utf-8", "Identity", "", "8bit"])
def test_a_coding_that_compresses_nothing_changes_nothing(coding: str | None) -> None:
    assert decode_content([(1, b"data: a\n\n")], coding) == (((1, b"data: a\n\n"),), None)


@pytest.mark.parametrize("coding", ["br", "deflate", "zstd", "gzip, br"])
def test_a_compression_that_was_not_asked_for_is_refused_by_name(coding: str) -> None:
    chunks, failure = decode_content([(1, b"x")], coding)
    assert chunks == ()
    assert failure is not None
    assert repr(coding) in failure[1]
