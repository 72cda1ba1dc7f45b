"""Services behind a proxy: a real one, for load of each clock and for control calls, with TLS and without."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ragmeter.clients.connection.transport import Exchange
from ragmeter.clients.http.client import HttpTransport
from ragmeter.clients.plugins import registry
from ragmeter.clients.plugins.transport import PluginTransport
from ragmeter.core.errors import ConfigError, TargetError
from ragmeter.core.inputs.access.proxy import Proxies, proxies_of
from ragmeter.core.inputs.access.tls import TlsFiles
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.requests.records import ErrorClass
from ragmeter.run.load.single import ask
from ragmeter.run.plan.target import metadata_sources, reach
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.clients.http.exchanges import STREAM, closing, send
from tests.clients.http.real_proxy import RealProxy, real_proxy
from tests.clients.http.test_http2 import Gateway, running
from tests.clients.plugins import own_clients
from tests.privileges import EACH_CLOCK
from tests.run.cases import provider, workload

OFFSET_NS = 1_000_000
"""By how much the kernel's stamps, which are of the wall clock, may be off on the monotonic one."""
SCRIPT = StreamScript(ttft_ms=5, itl_ms=1, tokens=5)


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealProxy]:
    with real_proxy(tmp_path_factory.mktemp("proxy")) as started:
        yield started


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with running(tmp_path_factory.mktemp("gateway"), tls=True) as found:
        yield found


def through(written: str, **environment: str) -> Proxies:
    return proxies_of(written, environment, "mine.yaml: $.proxy")


def asked(url: str, proxies: Proxies, clock: str = "auto", *, gateway: Gateway | None = None) -> list[Exchange]:
    """Twice: over a new connection, and over the same one."""

    async def main() -> list[Exchange]:
        tls = TlsFiles(ca=gateway.ca if gateway else None)
        transport = HttpTransport([url], tls=tls, clock=clock, http2=gateway is not None, proxies=proxies)
        async with closing(transport):
            return [await send(transport, STREAM, timeout_s=60) for _ in range(2)]

    return asyncio.run(main())


@pytest.mark.parametrize("clock", EACH_CLOCK)
def test_proxy_is_asked_for_each_request_without_tls(proxy: RealProxy, clock: str) -> None:
    with GroundTruthServer(SCRIPT) as server:
        exchanges = asked(server.base_url, through(proxy.url), clock)
        truths, host = list(server.truths().values()), server.base_url.removeprefix("http://")
    for exchange, truth in zip(exchanges, truths, strict=True):
        assert (exchange.status, exchange.failure) == (200, None)
        assert exchange.server_address is None
        arrivals = [at_ns for at_ns, _ in exchange.chunks]
        assert truth.text_ns[-1] - OFFSET_NS <= arrivals[-1] <= time.monotonic_ns()
    assert [exchange.connect_ns is None for exchange in exchanges] == [False, True]
    proxy.has_done(f"POST {host}/query/stream")


@pytest.mark.parametrize("clock", EACH_CLOCK)
def test_proxy_opens_a_way_to_a_host_with_tls(proxy: RealProxy, gateway: Gateway, clock: str) -> None:
    new, kept = asked(gateway.url, through(proxy.url), clock, gateway=gateway)
    for exchange in (new, kept):
        assert (exchange.status, exchange.failure) == (200, None)
        assert exchange.sent_ns is not None
        assert exchange.sent_ns <= exchange.ended_ns <= time.monotonic_ns()
    assert (new.tls_ns is None, kept.tls_ns is None, kept.connect_ns) == (False, True, None)
    proxy.has_done(f"CONNECT {gateway.url.removeprefix('https://')}")


def refused(proxies: Proxies, url: str, *, gateway: Gateway | None = None) -> Exchange:
    return asked(url, proxies, gateway=gateway)[0]


def test_proxy_that_does_not_know_who_asks_is_a_failure_that_names_it(proxy: RealProxy, gateway: Gateway) -> None:
    unknown = through(f"http://127.0.0.1:{proxy.port}")
    with GroundTruthServer(SCRIPT) as server:
        assert refused(unknown, server.base_url).status == 407
    failure = refused(unknown, gateway.url, gateway=gateway).failure
    assert failure is not None
    assert failure[0] is ErrorClass.CONNECT
    host = gateway.url.removeprefix("https://")
    assert failure[1] == (
        f"the proxy http://127.0.0.1:{proxy.port} opens no way to {host}: HTTP 407 Proxy Authentication Required"
    )


def nothing_listens() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def test_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    where = f"http://127.0.0.1:{nothing_listens()}"
    for url in ("http://rag.example.com", "https://rag.example.com"):
        failure = refused(through(where), url).failure
        assert failure is not None
        assert failure[0] is ErrorClass.CONNECT
        assert f"cannot connect to the proxy {where}:" in failure[1]
        assert "is set and not used" not in failure[1]
    with pytest.raises(TargetError, match=f"cannot be reached through the proxy {where}: "):
        reach(provider("http://rag.example.com", proxies=through(where)), workload())


ANSWERS = {
    "no HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "answered with no HTTP: b'SSH-2.0-OpenSSH_9.2"),
    "nothing": (b"", "answered with no HTTP: b''"),
    "no end": (b"HTTP/1.1 403 " + b"x" * 40_000, "opens no way to 127.0.0.1:1: HTTP 403 xxx"),
}


@pytest.mark.parametrize(("answer", "words"), ANSWERS.values(), ids=ANSWERS)
def test_proxy_that_answers_with_something_else_is_a_sentence(answer: bytes, words: str) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for _ in range(2):
            client, _ = listener.accept()
            with client:
                client.recv(4096)
                client.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    failure = refused(through(f"http://127.0.0.1:{listener.getsockname()[1]}"), "https://127.0.0.1:1").failure
    thread.join(60)
    listener.close()
    assert failure is not None
    assert words in failure[1]
    assert len(failure[1]) < 20_000


def behind(proxy: RealProxy, url: str, **changes: Any) -> Provider:
    return provider(url, proxies=through(proxy.url), **changes)


def test_control_calls_take_the_same_way_and_the_run_says_so(proxy: RealProxy, gateway: Gateway) -> None:
    reach(behind(proxy, gateway.url, tls=TlsFiles(ca=gateway.ca), http2=True), workload())
    with GroundTruthServer(SCRIPT) as server:
        there = behind(proxy, server.base_url)
        reach(there, workload())
        assert ask(there, workload()).ok
        known = metadata_sources(there, workload(), environment={})
    assert known[0].values["proxy"] == f"http://127.0.0.1:{proxy.port}"
    proxy.has_done(f"GET {str(there.base_url).removeprefix('http://')}/readyz")


def test_plugin_with_a_client_of_its_own_goes_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_named", {})
    speakers: dict[str, Any] = {"own-client": own_clients.OwnClient}
    registry.register(speakers, "tests")
    with pytest.raises(ConfigError, match=r"\$\.proxy: the plug-in 'own-client' has a client of its own"):
        PluginTransport("own-client", "http://127.0.0.1:1", clock="auto", proxies=through("http://127.0.0.1:1"))
