"""Exchanges over real sockets: their times, deadlines, cancellation, connections that are kept, and what is sent."""

import asyncio
import contextlib
import gc
import time
import weakref
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from ragmeter.clients.connection.transport import Exchange, HttpRequest
from ragmeter.clients.http.client import HttpTransport
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.access.tls import TlsFiles
from ragmeter.core.requests.records import ErrorClass
from ragmeter.testing import GroundTruthServer
from tests.clients.http.exchanges import RUNNERS, STREAM, TransportTo, raw_server, send


@pytest.mark.parametrize("run", RUNNERS, ids=["asyncio", "uvloop"])
def test_exchange_is_dated_in_order_and_counts_the_bytes_of_the_wire(
    transport_to: TransportTo, server: GroundTruthServer, run: Callable[[Coroutine[Any, Any, Any]], Any]
) -> None:
    async def main() -> Exchange:
        async with transport_to(server.base_url) as transport:
            return await send(transport, STREAM)

    before_ns = time.monotonic_ns()
    exchange: Exchange = run(main())
    assert exchange.failure is None
    assert exchange.sent_ns is not None
    times = [before_ns, exchange.sent_ns, *(at_ns for at_ns, _ in exchange.chunks), exchange.ended_ns]
    assert times == sorted(times)
    assert exchange.received_bytes > len(exchange.body)
    assert exchange.sent_bytes > len(STREAM.body)


def test_setup_of_a_new_connection_is_reported_and_of_a_kept_one_is_none(
    transport_to: TransportTo, server: GroundTruthServer
) -> None:
    async def main() -> list[Exchange]:
        async with transport_to(server.base_url) as transport:
            return [await send(transport) for _ in range(2)]

    new, kept = asyncio.run(main())
    assert new.dns_ns is not None
    assert new.connect_ns is not None
    assert new.tls_ns is None
    assert (kept.dns_ns, kept.connect_ns, kept.tls_ns) == (None, None, None)
    assert kept.status == 200


def test_connections_opened_before_the_run_are_used(transport_to: TransportTo, server: GroundTruthServer) -> None:
    async def main() -> list[Exchange]:
        async with transport_to(server.base_url) as transport:
            await transport.connect(3)
            return await asyncio.gather(*(send(transport, STREAM) for _ in range(4)))

    setups = [exchange.connect_ns for exchange in asyncio.run(main())]
    assert sum(setup is None for setup in setups) == 3


def test_json_answer_is_kept_whole(transport_to: TransportTo, server: GroundTruthServer) -> None:
    async def main() -> Exchange:
        async with transport_to(server.base_url) as transport:
            return await send(transport)

    exchange = asyncio.run(main())
    assert exchange.header("content-type") == "application/json"
    assert exchange.body.startswith(b'{"version"')


@pytest.mark.parametrize("script", ["hangs_before_headers", "hangs_midway", "trickles_for_ever"])
def test_deadline_holds_for_the_whole_request(
    transport_to: TransportTo, server: GroundTruthServer, script: str
) -> None:
    async def main() -> Exchange:
        async with transport_to(server.url(script)) as transport:
            return await send(transport, STREAM, timeout_s=0.2)

    exchange = asyncio.run(main())
    assert exchange.failure is not None
    assert exchange.failure[0] is ErrorClass.TIMEOUT
    assert exchange.ended_ns >= exchange.deadline_ns - 1_000_000  # uvloop's timers may be early
    assert server.wait_for(lambda truth: truth.script == script and truth.client_left)


@pytest.mark.parametrize("run", RUNNERS, ids=["asyncio", "uvloop"])
def test_cancelled_exchange_closes_its_socket(
    transport_to: TransportTo, run: Callable[[Coroutine[Any, Any, Any]], Any]
) -> None:
    async def main(server: GroundTruthServer) -> None:
        async with transport_to(server.url("trickles_for_ever")) as transport:
            task = asyncio.create_task(send(transport, STREAM))
            await asyncio.to_thread(server.wait_for, lambda truth: len(truth.text_ns) == 3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.to_thread(server.wait_for, lambda truth: truth.client_left)

    with GroundTruthServer() as server:
        run(main(server))


def test_response_is_freed_without_the_garbage_collector(transport_to: TransportTo, server: GroundTruthServer) -> None:
    async def main() -> bool:
        async with transport_to(server.base_url) as transport:
            await send(transport, STREAM)
            kept = next(iter(transport._idle.values()))[0]
            assert kept.response is not None
            response = weakref.ref(kept.response)
            await send(transport, STREAM)
            return response() is None

    gc.disable()
    try:
        assert asyncio.run(main())
    finally:
        gc.enable()


def test_replicas_are_taken_in_turn(transport_to: TransportTo, server: GroundTruthServer) -> None:
    async def main(urls: list[str]) -> list[int | None]:
        async with transport_to(*urls) as transport:
            return [(await send(transport, STREAM)).status for _ in range(4)]

    assert asyncio.run(main([server.base_url, server.url("http_503")])) == [200, 503, 200, 503]


def test_closed_idle_connection_is_replaced_and_the_request_dated_anew(transport_to: TransportTo) -> None:
    async def main(url: str) -> list[Exchange]:
        async with transport_to(url, stale_within_s=5) as transport:
            return [await send(transport, STREAM) for _ in range(2)]

    with GroundTruthServer() as server:
        first, second = asyncio.run(main(server.url("closed_when_reused")))
        dropped, answered = list(server.truths().values())[1:]
    assert second.status == 200
    assert second.sent_ns is not None
    assert dropped.read_ns < second.sent_ns < answered.read_ns
    assert second.sent_bytes == 2 * first.sent_bytes


def test_connection_lost_while_the_server_works_is_not_sent_again(transport_to: TransportTo) -> None:
    """A server that dies half a second after it took the request has failed: sending it again would hide that."""
    requests: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        await asyncio.sleep(0.5)
        writer.close()

    async def main() -> list[Exchange]:
        listener = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        async with listener, transport_to(url, stale_within_s=0.01) as transport:
            return [await send(transport) for _ in range(2)]

    failure = asyncio.run(main())[1].failure
    assert failure == (ErrorClass.TRUNCATED, "the server closed the connection before the response began")
    assert len(requests) == 2


def test_connection_on_which_the_server_spoke_unasked_is_not_used(transport_to: TransportTo) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if first:
            writer.write(b"HTTP/1.1 500 Unasked\r\n\r\n")
            first.clear()
        with contextlib.suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()
        writer.close()

    async def main() -> Exchange:
        listener = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with listener, transport_to(f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}") as transport:
            await transport.connect(1)
            await asyncio.sleep(0.1)
            return await send(transport)

    first = [True]
    exchange = asyncio.run(main())
    assert exchange.status == 204
    assert exchange.connect_ns is not None


def test_request_goes_out_as_it_was_built(transport_to: TransportTo) -> None:
    async def main() -> bytes:
        async with raw_server(b"HTTP/1.1 204 No\r\n\r\n") as (url, seen), transport_to(url + "/api/v1/") as transport:
            await send(transport, HttpRequest(method="POST", path="/v1/models", headers=(("Accept-Encoding", "gzip"),)))
            return seen[0]

    head = asyncio.run(main()).decode().split("\r\n")
    assert head[0] == "POST /api/v1/models HTTP/1.1"
    assert "Accept-Encoding: gzip" in head
    assert "Content-Length: 0" in head


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("localhost:8000", "must be http"),
        ("ftp://host", "must be http"),
        ("http://", "must be http"),
        ("http://host:99999", "Port out of range"),
        ("http://user:secret@host", "use a header"),
        ("http://host/?q=1", "have no place"),
        ("http://host/a b", "percent-encoded"),
    ],
)
def test_base_url_that_cannot_be_is_refused(url: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        HttpTransport([url])
    assert "secret" not in str(caught.value)


def test_transport_without_a_base_url_or_with_a_bad_authority_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no base URL"):
        HttpTransport([])
    with pytest.raises(ConfigError, match=r"missing\.pem"):
        HttpTransport(["https://host"], tls=TlsFiles(ca=str(tmp_path / "missing.pem")))


@pytest.mark.parametrize(
    "parts",
    [
        {"path": "query"},
        {"path": "/a b"},
        {"path": "/a\r\nx: y"},
        {"method": "GET /x HTTP/1.1\r\n"},
        {"headers": (("x", "a\r\nb: c"),)},
        {"headers": (("", "a"),)},
        {"headers": (("a b", "c"),)},
        {"headers": (("x", "☕"),)},
        {"path": "/é"},
    ],
)
def test_request_that_would_break_its_head_is_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must"):
        HttpRequest(**{"method": "GET", "path": "/", **parts})
