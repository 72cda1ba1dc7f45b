"""What a capture link holds back is delivered in time: at the end of a response, wherever it is, and at a deadline."""

import asyncio
import contextlib
import time
from collections.abc import Iterable

import pytest

from ragmeter.clients.capture import links as capture_links
from ragmeter.clients.capture.link import CaptureLink
from ragmeter.clients.connection.transport import Exchange, HttpRequest
from ragmeter.clients.http.client import HttpTransport
from ragmeter.core.requests.records import ErrorClass

pytestmark = pytest.mark.privileged("capture")

HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
TOKEN = b"5\r\ntoken\r\n"
PIECE_S = 0.03
"""Longer than the pause between two looks at a socket: each piece is read by itself."""


async def exchanged(pieces: Iterable[bytes], *, timeout_s: float) -> Exchange:
    """One exchange with a server that sends these pieces and closes only after the client."""

    served = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(PIECE_S)
        with contextlib.suppress(ConnectionResetError):
            await reader.read()
        writer.close()
        served.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        transport = HttpTransport([f"http://127.0.0.1:{port}"], clock="capture")
        deadline_ns = time.monotonic_ns() + int(timeout_s * 1e9)
        try:
            return await transport.exchange(HttpRequest(method="GET", path="/"), deadline_ns=deadline_ns)
        finally:
            await transport.aclose()
            await served.wait()


@pytest.mark.parametrize(
    "last",
    [
        [b"0\r\n\r\n"],
        [b"0\r\n", b"\r\n"],
        [b"0\r", b"\n\r\n"],
        [b"0", b"\r\n\r\n"],
        [b"0\r\nx-cache: miss\r\n\r\n"],
        [b"0\r\n\r\n what nobody asked for"],
        [TOKEN + TOKEN + b"0\r\n\r\n"],
    ],
)
@pytest.mark.asyncio
async def test_end_of_a_response_is_seen_however_it_is_cut_and_whatever_follows(last: list[bytes]) -> None:
    exchange = await exchanged([HEAD, TOKEN, TOKEN, *last], timeout_s=20)
    assert exchange.failure is None
    assert exchange.body == b"token" * (2 + b"".join(last).count(b"token"))


@pytest.mark.asyncio
async def test_what_came_before_the_deadline_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture_links, "SETTLE_NS", 10**12)
    exchange = await exchanged([HEAD + TOKEN, TOKEN, TOKEN], timeout_s=1.5)
    assert exchange.failure is not None
    assert exchange.failure[0] is ErrorClass.TIMEOUT
    assert [chunk for _, chunk in exchange.chunks] == [b"token"] * 3
    assert len(exchange.exact_chunks) == 3


@pytest.mark.asyncio
async def test_request_that_is_never_answered_is_dated_when_it_left(monkeypatch: pytest.MonkeyPatch) -> None:
    departures = []
    sent_ns = CaptureLink.sent_ns

    def noted(link: CaptureLink) -> int | None:
        departures.append(sent_ns(link))
        return departures[-1]

    monkeypatch.setattr(CaptureLink, "sent_ns", noted)
    exchange = await exchanged([], timeout_s=1)
    assert exchange.failure is not None
    assert departures[-1] == exchange.sent_ns is not None
