"""The load client over real sockets: deadlines, cancellation, TLS, IPv6, keep-alive, refusals."""

import asyncio
import contextlib
import gc
import gzip
import os
import resource
import socket
import ssl
import time
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
import uvloop

from ragmeter.clients.clocks import offered_clocks
from ragmeter.clients.http import HttpTransport
from ragmeter.clients.response import ResponseReader
from ragmeter.clients.transport import Exchange, HttpRequest
from ragmeter.core.errors import ConfigError, TargetError
from ragmeter.core.records import ErrorClass
from ragmeter.testing import GroundTruthServer, StreamScript

GET_INFO = HttpRequest(method="GET", path="/info")
STREAM = HttpRequest(method="POST", path="/query/stream", body=b'{"query": "why?"}')
TransportTo = Callable[..., contextlib.AbstractAsyncContextManager[HttpTransport]]
RUNNERS: list[Callable[[Coroutine[Any, Any, Any]], Any]] = [asyncio.run, uvloop.run]


@pytest.fixture(scope="module")
def server() -> Iterator[GroundTruthServer]:
    with GroundTruthServer(StreamScript(ttft_ms=5, itl_ms=1, tokens=5)) as running:
        yield running


async def send(transport: HttpTransport, request: HttpRequest = GET_INFO, *, timeout_s: float = 10) -> Exchange:
    return await transport.exchange(request, deadline_ns=time.monotonic_ns() + int(timeout_s * 1e9))


@contextlib.asynccontextmanager
async def closing(transport: HttpTransport) -> AsyncIterator[HttpTransport]:
    try:
        yield transport
    finally:
        await transport.aclose()


@pytest.fixture(params=offered_clocks())
def transport_to(request: pytest.FixtureRequest) -> TransportTo:
    """Opens a transport, with each clock."""

    def to(*base_urls: str, **options: Any) -> contextlib.AbstractAsyncContextManager[HttpTransport]:
        return closing(HttpTransport(base_urls, clock=request.param, **options))

    return to


@contextlib.asynccontextmanager
async def raw_server(answer: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that answers anything with ``answer`` and closes; with what it was sent."""
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listener:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}", seen


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


@pytest.mark.parametrize("run", RUNNERS, ids=["asyncio", "uvloop"])
def test_server_that_never_shakes_hands_is_given_up_at_the_deadline(
    transport_to: TransportTo, run: Callable[[Coroutine[Any, Any, Any]], Any]
) -> None:
    async def main(url: str) -> Exchange:
        async with transport_to(url) as transport:
            return await send(transport, timeout_s=0.2)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        exchange = run(main(f"https://127.0.0.1:{silent.getsockname()[1]}"))
        accepted, _ = silent.accept()
        with accepted:
            accepted.settimeout(5)
            while accepted.recv(4096):  # the greeting, and then the end: the client has closed its socket
                pass
    assert exchange.failure == (ErrorClass.TIMEOUT, "the deadline passed while connecting")


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


def test_nothing_listens_is_a_failure_to_connect(transport_to: TransportTo) -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"

    async def main() -> Exchange:
        async with transport_to(url) as transport:
            with pytest.raises(TargetError, match="cannot connect to http://127"):
                await transport.connect(2)
            return await send(transport)

    exchange = asyncio.run(main())
    assert exchange.sent_ns is None
    assert exchange.failure is not None
    assert exchange.failure[0] is ErrorClass.CONNECT


def test_no_file_descriptor_left_is_a_failure_to_connect(transport_to: TransportTo, server: GroundTruthServer) -> None:
    async def main() -> Exchange:
        async with transport_to(server.base_url) as transport:
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            free = os.dup(0)
            os.close(free)
            resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
            try:
                return await send(transport)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    failure = asyncio.run(main()).failure
    assert failure is not None
    assert failure[0] is ErrorClass.CONNECT
    assert "Too many open files" in failure[1]


def test_name_that_does_not_resolve_is_a_failure_to_connect(transport_to: TransportTo) -> None:
    async def main() -> Exchange:
        async with transport_to("http://no-such-host.invalid") as transport:
            return await send(transport)

    failure = asyncio.run(main()).failure
    assert failure is not None
    assert failure[0] is ErrorClass.CONNECT
    assert "no-such-host.invalid" in failure[1]


def test_listener_that_never_accepts_is_a_failure_to_connect_in_time(transport_to: TransportTo) -> None:
    async def main(url: str) -> Exchange:
        async with transport_to(url, connect_timeout_s=0.2) as transport:
            return await send(transport)

    with socket.socket() as full, contextlib.ExitStack() as stack:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):  # fill the backlog: the kernel then drops what asks to connect
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(full.getsockname())
        exchange = asyncio.run(main(f"http://127.0.0.1:{full.getsockname()[1]}"))
    assert exchange.failure is not None
    assert exchange.failure[0] is ErrorClass.CONNECT
    assert exchange.failure[1].endswith("within 0.2 s")


def test_ipv6_address_is_reached(transport_to: TransportTo) -> None:
    async def main(url: str) -> Exchange:
        async with transport_to(url) as transport:
            return await send(transport)

    with GroundTruthServer(host="::1") as server:
        assert "[::1]" in server.base_url
        assert asyncio.run(main(server.base_url)).status == 200


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def pem_files(authority: trustme.CA, folder: Path, host: str) -> tuple[Path, Path, Path]:
    certificate, ca_file = folder / "server.pem", folder / "ca.pem"
    key = folder / "key.pem"
    issued = authority.issue_cert(host)
    issued.private_key_pem.write_to_path(str(key))
    certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    authority.cert_pem.write_to_path(str(ca_file))
    return certificate, key, ca_file


@pytest.mark.parametrize("run", RUNNERS, ids=["asyncio", "uvloop"])
def test_tls_is_verified_with_the_given_authority(
    transport_to: TransportTo, authority: trustme.CA, tmp_path: Path, run: Callable[[Coroutine[Any, Any, Any]], Any]
) -> None:
    certificate, key, ca_file = pem_files(authority, tmp_path, "127.0.0.1")

    async def main(url: str) -> list[Exchange]:
        async with transport_to(url, ca_file=ca_file) as transport:
            return [await send(transport, STREAM) for _ in range(2)]

    with GroundTruthServer(certificate=certificate, key=key) as server:
        new, kept = run(main(server.base_url))
        assert len(server.truths()) == 2
    assert new.tls_ns is not None
    assert new.failure is None
    assert kept.tls_ns is None
    assert kept.body.endswith(b"\n\n")


@pytest.mark.parametrize(("host", "trusted"), [("127.0.0.1", False), ("elsewhere.example", True)])
def test_certificate_that_does_not_verify_is_a_tls_failure(
    transport_to: TransportTo, authority: trustme.CA, tmp_path: Path, host: str, trusted: bool
) -> None:
    certificate, key, ca_file = pem_files(authority, tmp_path, host)

    async def main(url: str) -> Exchange:
        async with transport_to(url, ca_file=ca_file if trusted else None) as transport:
            return await send(transport)

    with GroundTruthServer(certificate=certificate, key=key) as server:
        exchange = asyncio.run(main(server.base_url))
    assert exchange.sent_ns is None
    assert exchange.failure is not None
    assert exchange.failure[0] is ErrorClass.TLS
    assert "certificate verify failed" in exchange.failure[1]


def test_plain_server_behind_https_is_a_tls_failure(transport_to: TransportTo, server: GroundTruthServer) -> None:
    async def main() -> Exchange:
        async with transport_to(server.base_url.replace("http:", "https:")) as transport:
            return await send(transport)

    failure = asyncio.run(main()).failure
    assert failure is not None
    assert failure[0] is ErrorClass.TLS


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


def test_request_goes_out_as_it_was_built(transport_to: TransportTo) -> None:
    async def main() -> bytes:
        async with raw_server(b"HTTP/1.1 204 No\r\n\r\n") as (url, seen), transport_to(url + "/api/v1/") as transport:
            await send(transport, HttpRequest(method="POST", path="/v1/models", headers=(("Accept-Encoding", "gzip"),)))
            return seen[0]

    head = asyncio.run(main()).decode().split("\r\n")
    assert head[0] == "POST /api/v1/models HTTP/1.1"
    assert "accept-encoding: gzip" in head
    assert "content-length: 0" in head


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
        HttpTransport(["https://host"], ca_file=tmp_path / "missing.pem")


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


def test_system_authorities_are_used_when_no_file_is_given() -> None:
    transport = HttpTransport(["https://host"])
    context = transport._tls
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
