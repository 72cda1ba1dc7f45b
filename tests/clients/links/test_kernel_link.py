"""The kernel-stamped link on a real socket: what it says is exact, and what it does when the kernel says nothing."""

import asyncio
import contextlib
import socket
import ssl
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme
import uvloop

from ragmeter.clients.answers.decode import decode
from ragmeter.clients.answers.dialects import RagDialect
from ragmeter.clients.connection.connection import Link
from ragmeter.clients.connection.transport import Exchange, HttpRequest
from ragmeter.clients.http.client import HttpTransport
from ragmeter.clients.links.kernel_link import KernelLink, KernelLinks
from ragmeter.core.inputs.access.tls import TlsFiles
from ragmeter.core.requests.records import ErrorClass, Phase, RequestSample
from ragmeter.testing import GroundTruthServer, StreamScript

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux stamps what a socket receives")

WAIT_S = 60.0


@dataclass(slots=True)
class Inbox:
    """What a link delivered."""

    reads: list[tuple[bytes, int, bool]] = field(default_factory=list)
    lost: list[Exception | None] = field(default_factory=list)
    is_chunked: bool = False

    def received(self, data: bytes, at_ns: int, earliest_ns: int | None, exact: bool) -> None:
        self.reads.append((data, at_ns, exact))

    def disconnected(self, at_ns: int, error: Exception | None) -> None:
        self.lost.append(error)


class Unstamped(socket.socket):
    """Stands in for a kernel that stamps nothing; the test beside it has a real one."""

    def recvmsg(self, *sizes: int) -> Any:
        data, _, flags, address = super().recvmsg(*sizes)
        return data, [], flags, address


@contextlib.asynccontextmanager
async def linked(kind: type[socket.socket] = socket.socket) -> AsyncIterator[tuple[Link, Inbox, socket.socket]]:
    """A link, its inbox and the socket of the other side."""
    inbox = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as listener, kind() as sock:
        sock.connect(listener.getsockname())
        sock.setblocking(False)
        peer, _ = listener.accept()
        link = await KernelLinks().open(sock, inbox, None, "")
        with peer:
            try:
                yield link, inbox, peer
            finally:
                link.abort()


async def until(done: Any) -> None:
    async with asyncio.timeout(WAIT_S):
        while not done():  # noqa: ASYNC110 - what is waited for happens in a callback of the link
            await asyncio.sleep(0.001)


async def stamps_are_on(link_inbox: Inbox, peer: socket.socket) -> None:
    """The kernel begins to stamp some ms after it was asked to."""
    async with asyncio.timeout(WAIT_S):
        while not (link_inbox.reads and link_inbox.reads[-1][2]):
            seen = len(link_inbox.reads)
            peer.send(b"?")
            await until(lambda seen=seen: len(link_inbox.reads) > seen)
    link_inbox.reads.clear()


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_bytes_are_dated_when_they_came_and_not_when_they_were_read(run: Any) -> None:
    async def main() -> None:
        async with linked() as (_, inbox, peer):
            await stamps_are_on(inbox, peer)
            peer.send(b"token")
            sent_ns = time.monotonic_ns()
            time.sleep(0.05)  # noqa: ASYNC251 - the loop is late to read: that is what is tested
            late_ns = time.monotonic_ns()
            await until(lambda: inbox.reads)
            (data, at_ns, exact), *more = inbox.reads
            assert (data, exact, more) == (b"token", True, [])
            assert at_ns < late_ns
            assert late_ns - sent_ns >= 50_000_000

    run(main())


def test_read_without_a_stamp_is_dated_when_it_was_read_and_is_not_exact() -> None:
    async def main() -> None:
        async with linked(Unstamped) as (_, inbox, peer):
            before_ns = time.monotonic_ns()
            peer.send(b"token")
            await until(lambda: inbox.reads)
            data, at_ns, exact = inbox.reads[0]
            assert (data, exact) == (b"token", False)
            assert before_ns <= at_ns <= time.monotonic_ns()

    asyncio.run(main())


def test_read_that_took_all_it_asked_for_is_not_exact() -> None:
    async def main() -> None:
        async with linked() as (_, inbox, peer):
            await stamps_are_on(inbox, peer)
            await asyncio.to_thread(peer.sendall, b"x" * (1 << 18))
            await until(lambda: sum(len(data) for data, _, _ in inbox.reads) == 1 << 18)
            full = [exact for data, _, exact in inbox.reads if len(data) == 1 << 16]
            assert not any(full)
            assert [at_ns for _, at_ns, _ in inbox.reads] == sorted(at_ns for _, at_ns, _ in inbox.reads)

    asyncio.run(main())


def test_request_that_the_kernel_takes_in_parts_arrives_whole_and_in_order() -> None:
    sent = [bytes([n]) * (1 << 20) for n in range(8)]

    async def main() -> bytes:
        async with linked() as (link, _, peer):
            for part in sent:
                link.write(part)
            received = b""
            while len(received) < sum(map(len, sent)):
                received += await asyncio.to_thread(peer.recv, 1 << 20)
            return received

    assert asyncio.run(main()) == b"".join(sent)


def test_end_and_reset_are_told_once() -> None:
    async def main() -> tuple[Inbox, Inbox]:
        async with linked() as (link, ended, peer):
            peer.close()
            await until(lambda: ended.lost)
            link.abort()
        async with linked() as (link, reset, peer):
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            peer.close()
            await until(lambda: reset.lost)
            assert link.is_closing
        return ended, reset

    ended, reset = asyncio.run(main())
    assert ended.lost == [None]
    assert len(reset.lost) == 1
    assert isinstance(reset.lost[0], ConnectionResetError)


def test_kernel_tells_of_the_connection_also_after_it_closed() -> None:
    async def main() -> None:
        async with linked() as (link, _, _):
            known = link.tcp_info()
            link.abort()
            last = link.tcp_info()
        assert known is not None
        assert last is not None
        assert known.rtt_us > 0
        assert known.retransmits == last.retransmits == 0

    asyncio.run(main())


SCRIPT = StreamScript(ttft_ms=20, itl_ms=5, tokens=8)
STREAM = HttpRequest(method="POST", path="/query/stream", body=b'{"query": "why?"}')


async def last_exchange(transport: HttpTransport, *, of: int = 3) -> Exchange:
    """The last of a few, by when the kernel stamps."""
    try:
        deadline_ns = time.monotonic_ns() + int(WAIT_S * 1e9)
        return [await transport.exchange(STREAM, deadline_ns=deadline_ns) for _ in range(of)][-1]
    finally:
        await transport.aclose()


def test_exchange_has_exact_chunks_and_what_the_kernel_knows_of_its_connection() -> None:
    with GroundTruthServer(SCRIPT) as server:
        exchange = asyncio.run(last_exchange(HttpTransport([server.base_url], clock="kernel")))
    assert exchange.exact_chunks
    assert exchange.rtt_us is not None
    assert exchange.retransmits == 0


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_event_that_is_not_exact_lies_in_its_interval(run: Any) -> None:
    """The client is away for longer than the gaps of eight tokens. A token comes before the next one is written."""
    script = StreamScript(ttft_ms=20, itl_ms=5, tokens=60)
    dialect = RagDialect()

    async def main(url: str) -> list[RequestSample]:
        transport = HttpTransport([url], clock="kernel")
        deadline_ns = time.monotonic_ns() + int(WAIT_S * 1e9)
        stalling = asyncio.create_task(stall_for_ever())
        exchanges = await asyncio.gather(
            *(transport.exchange(dialect.request("why?"), deadline_ns=deadline_ns) for _ in range(8))
        )
        stalling.cancel()
        await transport.aclose()
        return [decode(e, dialect, index=0, phase=Phase.MEASURED, scheduled_ns=0, origin_ns=0) for e in exchanges]

    with GroundTruthServer(script, process=True) as server:
        samples = run(main(server.base_url))
        truths = server.truths()
    assert any(sample.inexact_events for sample in samples)
    for sample in samples:
        written = truths[sample.request_id or ""].text_ns
        for position, width_ns in sample.inexact_events or ():
            assert written[position] <= sample.events_ns[position]
            if position + 1 < len(written):
                assert sample.events_ns[position] - width_ns <= written[position + 1]


async def stall_for_ever() -> None:
    while True:
        time.sleep(0.04)  # noqa: ASYNC251 - blocks the loop: that is what it is for
        await asyncio.sleep(0.02)


def test_user_clock_does_not_say_what_is_exact() -> None:
    with GroundTruthServer(SCRIPT) as server:
        exchange = asyncio.run(last_exchange(HttpTransport([server.base_url], clock="user")))
    assert exchange.earliest_ns is None
    assert exchange.rtt_us is not None


@pytest.fixture
def certified(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Certificate, key and authority for 127.0.0.1."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    certificate, key, ca_file = tmp_path / "server.pem", tmp_path / "key.pem", tmp_path / "ca.pem"
    issued.private_key_pem.write_to_path(str(key))
    certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    authority.cert_pem.write_to_path(str(ca_file))
    return certificate, key, ca_file


def test_tls_has_the_kernels_stamps_too(certified: tuple[Path, Path, Path]) -> None:
    certificate, key, ca_file = certified
    with GroundTruthServer(SCRIPT, certificate=certificate, key=key) as server:
        exchange = asyncio.run(
            last_exchange(HttpTransport([server.base_url], tls=TlsFiles(ca=str(ca_file)), clock="kernel"))
        )
    assert exchange.failure is None
    assert exchange.exact_chunks
    assert exchange.body.count(b"event: token") == 8


def test_body_of_many_tls_records_comes_whole(certified: tuple[Path, Path, Path]) -> None:
    """More than a read takes, in records that reads cut anywhere; the server says goodbye with close_notify."""
    certificate, key, ca_file = certified
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    body = bytes(range(256)) * 4096

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    async def main() -> Exchange:
        listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        async with listener:
            url = f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
            return await last_exchange(HttpTransport([url], tls=TlsFiles(ca=str(ca_file)), clock="kernel"), of=1)

    exchange = asyncio.run(main())
    assert exchange.failure is None
    assert exchange.body == body


def test_server_that_hangs_up_in_the_handshake_is_a_tls_failure() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    async def main() -> Exchange:
        listener = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with listener:
            url = f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
            return await last_exchange(HttpTransport([url], clock="kernel"), of=1)

    failure = asyncio.run(main()).failure
    assert failure is not None
    assert failure[0] is ErrorClass.TLS


def test_link_that_closed_holds_nothing_and_delivers_nothing() -> None:
    async def main() -> None:
        async with linked() as (link, inbox, peer):
            assert isinstance(link, KernelLink)
            link.abort()
            link.write(b"too late")
            with contextlib.suppress(OSError):
                peer.send(b"too late")
            await asyncio.sleep(0.01)
            assert inbox.reads == []
            assert inbox.lost == [None]

    asyncio.run(main())
