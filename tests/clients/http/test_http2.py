"""Gateways that insist on HTTP/2: a real server, which speaks nothing else here, with TLS and without."""

import asyncio
import json
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypercorn.asyncio import serve
from hypercorn.config import Config

from ragmeter.clients.answers.decode import decode
from ragmeter.clients.answers.dialects import OpenAiDialect
from ragmeter.clients.connection.transport import Exchange, HttpRequest
from ragmeter.clients.http.client import HttpTransport
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.access.tls import TlsFiles
from ragmeter.core.requests.records import ErrorClass, Phase
from ragmeter.run.plan.metrics_sources import metrics_sources
from ragmeter.run.plan.target import reach
from ragmeter.testing import GroundTruthServer
from tests.clients.asyncio_thread import served
from tests.clients.http.exchanges import closing, send
from tests.run.cases import provider, workload

LARGE = 3_000_000
"""Bytes of a body that no first window takes."""
OFFSET_NS = 1_000_000
"""By how much the kernel's stamps, which are of the wall clock, may be off on the monotonic one."""
WORDS = ("An ", "answer ", "in ", "frames.")
DIALECT = OpenAiDialect(model="small")


@dataclass(slots=True)
class Gateway:
    """versions: of each request. sent_ns: just before each event of the last answer was handed on."""

    url: str = ""
    ca: str | None = None
    versions: list[str] = field(default_factory=list)
    sent_ns: list[int] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        self.versions.append(scope["http_version"])
        size, more = 0, True
        while more:
            message = await receive()
            size, more = size + len(message.get("body", b"")), message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        if scope["path"] == "/v1/chat/completions":
            await self._stream(send)
        elif scope["path"] == "/silent":
            await asyncio.sleep(3600)
        await send({"type": "http.response.body", "body": str(size).encode() if scope["path"] == "/size" else b""})

    async def _stream(self, send: Any) -> None:
        self.sent_ns.clear()
        deltas = [{"choices": [{"delta": {"content": word}}]} for word in WORDS]
        for event in (*deltas, {"choices": [{"delta": {}, "finish_reason": "stop"}]}):
            await asyncio.sleep(0.02)
            self.sent_ns.append(time.monotonic_ns())
            body = f"data: {json.dumps(event)}\n\n".encode()
            await send({"type": "http.response.body", "body": body, "more_body": True})


@contextmanager
def running(folder: Path, *, tls: bool) -> Iterator[Gateway]:
    """In a thread of this process."""
    gateway, config = Gateway(), Config()
    listener = socket.create_server(("127.0.0.1", 0))
    gateway.url = f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
    config.bind, config.alpn_protocols = [f"fd://{listener.detach()}"], ["h2"]  # the server closes it
    config.graceful_timeout = 0
    if tls:
        authority = trustme.CA()
        issued, gateway.ca = authority.issue_cert("127.0.0.1"), str(folder / "ca.pem")
        authority.cert_pem.write_to_path(gateway.ca)
        config.certfile, config.keyfile = str(folder / "cert.pem"), str(folder / "key.pem")
        issued.cert_chain_pems[0].write_to_path(config.certfile)
        issued.private_key_pem.write_to_path(config.keyfile)

    async def serving(started: Callable[[Gateway], None], stop: asyncio.Event) -> None:
        started(gateway)
        await serve(gateway, config, shutdown_trigger=stop.wait)

    with served(serving):
        yield gateway


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "TLS"])
def gateway(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with running(tmp_path_factory.mktemp("gateway"), tls=request.param) as found:
        yield found


def exchanged(gateway: Gateway, *requests: HttpRequest, clock: str = "auto", timeout_s: float = 60) -> list[Exchange]:
    async def main() -> list[Exchange]:
        transport = HttpTransport([gateway.url], tls=TlsFiles(ca=gateway.ca), clock=clock, http2=True)
        async with closing(transport):
            return [await send(transport, request, timeout_s=timeout_s) for request in requests]

    return asyncio.run(main())


@pytest.mark.parametrize("clock", ["kernel", "user"])
def test_answer_has_the_times_of_its_frames(gateway: Gateway, clock: str) -> None:
    gateway.versions.clear()
    ask = DIALECT.request("Why?")
    new, kept = exchanged(gateway, ask, ask, clock=clock)
    for exchange in (new, kept):
        sent_ns = exchange.sent_ns or 0
        sample = decode(exchange, DIALECT, index=0, phase=Phase.MEASURED, scheduled_ns=sent_ns, origin_ns=0)
        assert sample.error is None, sample.failure
        assert (sample.http_status, sample.answer_chars) == (200, len("".join(WORDS)))
    assert len(sample.events_ns) == len(WORDS)
    for written_ns, arrived_ns in zip(gateway.sent_ns, sample.events_ns, strict=False):
        assert written_ns - OFFSET_NS <= arrived_ns <= time.monotonic_ns()
    assert (new.connect_ns is None, kept.connect_ns is None) == (False, True)
    assert gateway.versions == ["2", "2"]


def test_body_that_fits_no_window_is_sent_whole(gateway: Gateway) -> None:
    (exchange,) = exchanged(gateway, HttpRequest(method="POST", path="/size", body=b"x" * LARGE))
    assert (exchange.status, exchange.body) == (200, str(LARGE).encode())
    assert exchange.framed


def test_answer_that_does_not_come_is_given_up(gateway: Gateway) -> None:
    (exchange,) = exchanged(gateway, HttpRequest(method="GET", path="/silent"), timeout_s=1)
    assert exchange.failure is not None
    assert exchange.failure[0] is ErrorClass.TIMEOUT


def test_control_calls_speak_it_too(gateway: Gateway) -> None:
    gateway.versions.clear()
    reach(provider(gateway.url, tls=TlsFiles(ca=gateway.ca), http2=True), workload())
    assert gateway.versions == ["2"]


def test_service_that_does_not_speak_it_is_a_failure_of_the_protocol() -> None:
    with GroundTruthServer() as server:
        (exchange,) = exchanged(Gateway(url=server.base_url), DIALECT.request("Why?"))
    assert exchange.failure is not None
    assert exchange.failure[0] in (ErrorClass.PROTOCOL, ErrorClass.TRUNCATED)
    assert exchange.status is None


def test_library_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ragmeter.clients.connection.http2", None)
    with pytest.raises(ConfigError, match=r"\$\.http2: needs the package h2: pip install 'ragmeter\[http2\]'"):
        HttpTransport(["http://127.0.0.1:1"], http2=True)


def test_metrics_page_is_read_over_it(gateway: Gateway) -> None:
    gateway.versions.clear()
    mine = provider(gateway.url, tls=TlsFiles(ca=gateway.ca), http2=True, observe=(f"{gateway.url}/metrics",))
    (note,) = metrics_sources(mine, workload()).notes
    assert note.endswith("has none of the metrics that are known")
    assert gateway.versions == ["2"]
