"""The capture clock through the whole transport: exact where the ring has seen it, honest where it has not."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import trustme
import uvloop

from ragmeter.clients.answers.decode import decode
from ragmeter.clients.answers.dialects import RagDialect
from ragmeter.clients.capture.ring import PacketRing
from ragmeter.clients.connection.pauses import Pauses
from ragmeter.clients.connection.transport import CaptureLosses, Exchange
from ragmeter.clients.http.client import HttpTransport
from ragmeter.core.inputs.access.tls import TlsFiles
from ragmeter.core.requests.records import Phase, RequestSample
from ragmeter.testing import GroundTruthServer, StreamScript, StreamTruth

pytestmark = pytest.mark.privileged("capture")

SCRIPT = StreamScript(ttft_ms=20, itl_ms=5, tokens=40)
DIALECT = RagDialect()
STALL_S = 0.06
RUNNERS: list[Callable[[Coroutine[Any, Any, Any]], Any]] = [asyncio.run, uvloop.run]


async def sampled(transport: HttpTransport, *, streams: int = 4, stall: bool = False) -> list[RequestSample]:
    async def one() -> Exchange:
        return await transport.exchange(DIALECT.request("why?"), deadline_ns=time.monotonic_ns() + 20 * 10**9)

    stalling = asyncio.create_task(stall_for_ever()) if stall else None
    try:
        exchanges = await asyncio.gather(*(one() for _ in range(streams)))
    finally:
        if stalling is not None:
            stalling.cancel()
        await transport.aclose()
    return [decode(each, DIALECT, index=0, phase=Phase.MEASURED, scheduled_ns=0, origin_ns=0) for each in exchanges]


async def stall_for_ever() -> None:
    while True:
        time.sleep(STALL_S)  # noqa: ASYNC251 - blocks the loop: that is what it is for
        await asyncio.sleep(0.01)


def between_write_and_read(sample: RequestSample, truth: StreamTruth) -> bool:
    """Whether each event is dated after its write and, but for the last, before the write of the next."""
    limits = [*truth.text_ns[1:], truth.ended_ns or 0]
    return all(
        written <= at_ns <= limit for written, at_ns, limit in zip(truth.text_ns, sample.events_ns, limits, strict=True)
    )


@pytest.mark.parametrize("run", RUNNERS, ids=["asyncio", "uvloop"])
def test_events_and_the_send_are_exact_although_the_client_sleeps(
    run: Callable[[Coroutine[Any, Any, Any]], Any],
) -> None:
    """The client is away for longer than the gaps between ten tokens; the server is a process of its own."""
    with GroundTruthServer(SCRIPT, process=True) as server:
        samples = run(sampled(HttpTransport([server.base_url], clock="capture"), stall=True))
        truths = server.truths()
    for sample in samples:
        truth = truths[sample.request_id or ""]
        assert sample.ok, sample.error_message
        assert sample.inexact_events == ()
        assert between_write_and_read(sample, truth)
        assert sample.sent_ns is not None
        assert sample.sent_ns <= truth.read_ns


def test_tls_is_dated_record_by_record(tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    certificate, key, ca_file = tmp_path / "server.pem", tmp_path / "key.pem", tmp_path / "ca.pem"
    issued.private_key_pem.write_to_path(str(key))
    certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    authority.cert_pem.write_to_path(str(ca_file))
    with GroundTruthServer(SCRIPT, process=True, certificate=certificate, key=key) as server:
        transport = HttpTransport([server.base_url], tls=TlsFiles(ca=str(ca_file)), clock="capture")
        samples = asyncio.run(sampled(transport, stall=True))
        truths = server.truths()
    for sample in samples:
        assert sample.inexact_events == ()
        assert between_write_and_read(sample, truths[sample.request_id or ""])


def test_ring_that_is_full_leaves_events_inexact_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def small_ring(ports: set[int], local_ports: range | None) -> PacketRing:
        return PacketRing(ports, local_ports, frames=256)

    monkeypatch.setattr("ragmeter.clients.capture.captured.PacketRing", small_ring)

    async def main(url: str) -> tuple[list[RequestSample], int | None]:
        transport = HttpTransport([url], clock="capture")
        samples = await sampled(transport, streams=64, stall=True)
        losses = transport.capture_losses
        return samples, losses.packets if losses else None

    with GroundTruthServer(StreamScript(ttft_ms=20, itl_ms=1, tokens=60), process=True) as server:
        samples, dropped = asyncio.run(main(server.base_url))
        truths = server.truths()
    inexact = sum(len(sample.inexact_events or ()) for sample in samples)
    assert dropped
    assert inexact
    for sample in samples:
        assert sample.ok, sample.error_message
        truth = truths[sample.request_id or ""]
        widths = dict(sample.inexact_events or ())
        for position, (at_ns, written_ns) in enumerate(zip(sample.events_ns, truth.text_ns, strict=True)):
            if position not in widths:
                assert at_ns >= written_ns


def test_sockets_are_read_between_sends_and_at_last_in_spite_of_one() -> None:
    """A send is always near: the ring is read all the same, before acknowledgements are held back."""

    async def main(url: str) -> list[RequestSample]:
        pauses = Pauses()
        pauses.until(time.monotonic_ns())
        sending = asyncio.create_task(sends_all_the_time(pauses))
        try:
            return await sampled(HttpTransport([url], clock="capture", pauses=pauses))
        finally:
            sending.cancel()

    with GroundTruthServer(SCRIPT, process=True) as server:
        samples = asyncio.run(main(server.base_url))
    assert all(sample.ok and sample.inexact_events == () for sample in samples)


async def sends_all_the_time(pauses: Pauses) -> None:
    while True:
        pauses.until(time.monotonic_ns())
        await asyncio.sleep(0.001)


def test_connection_whose_greeting_was_not_captured_gets_a_kernel_link(monkeypatch: pytest.MonkeyPatch) -> None:
    """As behind a translation of addresses; here the ring listens to another port."""
    monkeypatch.setattr("ragmeter.clients.capture.captured.PacketRing", lambda *_: PacketRing({9}))
    with GroundTruthServer(SCRIPT) as server:
        transport = HttpTransport([server.base_url], clock="capture")
        samples = asyncio.run(sampled(transport))
    assert transport.capture_losses == CaptureLosses(packets=0, connections=4)
    assert all(sample.ok and sample.inexact_events is not None for sample in samples)
