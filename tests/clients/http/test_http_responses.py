"""Where a response ends, and what of one is refused."""

import asyncio
import gzip

import pytest

from ragmeter.clients.connection.response import ResponseReader
from ragmeter.clients.connection.transport import Exchange
from ragmeter.core.requests.records import ErrorClass
from tests.clients.http.exchanges import TransportTo, raw_server, send

_GZIPPED = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "error", "body"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nabc", None, b"abc"),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 3\r\n\r\nabc", None, b"abc"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\na", None, b"a"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", None, b""),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc", ErrorClass.TRUNCATED, b"abc"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", ErrorClass.TRUNCATED, b"abc"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", ErrorClass.TRUNCATED, b"abc"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n", ErrorClass.PROTOCOL, b""),
        (b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", ErrorClass.PROTOCOL, b""),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabcHTTP/1.1 500 No\r\n\r\n", None, b"abc"),
        (b"", ErrorClass.TRUNCATED, b""),
        (b"HTTP/1.1 200", ErrorClass.TRUNCATED, b""),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: 1\r\n\r\na", ErrorClass.PROTOCOL, b""),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nab", ErrorClass.PROTOCOL, b""),
        (_GZIPPED + gzip.compress(b"a", mtime=0)[:-4], ErrorClass.TRUNCATED, b"a"),
        (_GZIPPED + gzip.compress(b"abc", mtime=0), None, b"abc"),
    ],
)  # fmt: skip
def test_response_ends_where_http_says(
    transport_to: TransportTo, answer: bytes, error: ErrorClass | None, body: bytes
) -> None:
    async def main() -> Exchange:
        async with raw_server(answer) as (url, _), transport_to(url) as transport:
            return await send(transport)

    exchange = asyncio.run(main())
    assert (exchange.failure[0] if exchange.failure else None, exchange.body) == (error, body), exchange.failure


def test_chunk_is_exact_when_it_ends_its_read_and_the_response_goes_on() -> None:
    reader = ResponseReader()
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    reader.feed(head + b"1\r\na\r\n", 10, earliest_ns=9, exact=True)
    reader.feed(b"1\r\nb\r\n1\r\nc\r\n", 20, earliest_ns=18, exact=True)
    reader.feed(b"1\r\nd\r\n", 30, earliest_ns=27, exact=False)
    reader.feed(b"1\r\n", 40, earliest_ns=36, exact=True)
    assert reader.feed(b"e\r\n0\r\n\r\n", 50, earliest_ns=45, exact=True)
    assert [body for _, body in reader.chunks] == [b"a", b"b", b"c", b"d", b"e"]
    assert reader.earliest_ns == [9, 18, 18, 27, 45]
    assert reader.exact_chunks == {0, 2}


def test_endless_body_is_refused_while_it_comes() -> None:
    reader = ResponseReader()
    assert not reader.feed(b"HTTP/1.1 200 OK\r\n\r\n", 1)
    megabyte = b"x" * (1 << 20)
    fed = next(n for n in range(2, 100) if reader.feed(megabyte, n))
    assert fed == 65
    assert reader.ended_ns == fed
    assert reader.failure is not None
    assert reader.failure[0] is ErrorClass.PROTOCOL


def test_gzip_bomb_is_refused(transport_to: TransportTo) -> None:
    bomb = gzip.compress(b"\0" * (65 << 20), compresslevel=1)

    async def main() -> Exchange:
        async with (
            raw_server(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n" + bomb) as (url, _),
            transport_to(url) as transport,
        ):
            return await send(transport)

    failure = asyncio.run(main()).failure
    assert failure is not None
    assert failure[0] is ErrorClass.PROTOCOL
