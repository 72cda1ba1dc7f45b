"""Clients that keep to no rule of HTTP: each gets a clear status or is cut, and all others are served."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from backend.http.connections import peer_of
from tests.backend.fake_llm import FakeLlm, drip
from tests.backend.raw_client import HEAD, OPEN_BODY, WHOLE, Answer, RawClient
from tests.backend.running import Backend
from tests.waiting import wait_until

MOST, MOST_OF_A_PEER = 24, 12
SHORT_S = 1.0
DEADLINE_S = 60.0
OTHER = "127.0.0.2"


@pytest.fixture(scope="module")
def narrow(shared_fake: FakeLlm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    backend = Backend(
        data_dir=tmp_path_factory.mktemp("narrow"),
        llm_url=shared_fake.url,
        RAG_MAX_CONNECTIONS=str(MOST),
        RAG_MAX_PEER_CONNECTIONS=str(MOST_OF_A_PEER),
        RAG_HEADER_TIMEOUT_SECONDS=str(SHORT_S),
        RAG_STALL_TIMEOUT_SECONDS=str(SHORT_S),
        RAG_IDLE_TIMEOUT_SECONDS="3",
        RAG_MAX_BODY_BYTES="100000",
    )
    yield backend
    backend.close()


@pytest.fixture
def edges(narrow: Backend) -> Iterator[Backend]:
    """The service. After the test another client is served, no connection is left, and nothing went wrong inside."""
    narrow.http.close()
    wait_until(lambda: not connections_of(narrow), DEADLINE_S)
    yield narrow
    assert ask(narrow, OTHER).status == 200
    wait_until(lambda: not connections_of(narrow), DEADLINE_S)
    assert [line for line in narrow.logs if "traceback" in line] == []


def connections_of(backend: Backend) -> int:
    process = psutil.Process(backend.process.pid)
    port = int(backend.url.rpartition(":")[2])
    return sum(each.laddr.port == port and each.status != psutil.CONN_LISTEN for each in process.net_connections())


def ask(backend: Backend, address: str = "127.0.0.1", request: bytes = WHOLE) -> Answer:
    with RawClient(backend.url, address) as client:
        client.send(request)
        return client.answer()


def opened(backend: Backend, number: int, address: str, first: bytes = b"") -> ExitStack:
    """Connections that have sent `first`, until the stack is closed."""
    with ExitStack() as stack:
        for _ in range(number):
            stack.enter_context(RawClient(backend.url, address)).send(first)
        return stack.pop_all()


def repeated(name: bytes, number: int) -> bytes:
    return b"".join(b"%b%d: 1\r\n" % (name, each) for each in range(number))


QUERY = b"POST /query HTTP/1.1\r\nhost: x\r\n"
REFUSED = {
    "a head without end": (HEAD + b"x-long: " + b"a" * 2_000_000, 431, "the head of the request has more than 32768"),
    "a name without end": (HEAD + b"a" * 2_000_000, 431, "the head of the request has more than 32768"),
    "a head of many bytes": (
        HEAD + b"x-a: " + b"a" * 32_000 + b"\r\nx-b: " + b"b" * 32_000 + b"\r\n\r\n",
        431,
        "the head of the request",
    ),
    "too many fields": (HEAD + repeated(b"x-", 150) + b"\r\n", 431, "the request has more than 100 header fields"),
    "fields without end": (HEAD + repeated(b"x-", 50_000), 431, "the request has more than 100 header fields"),
    "a long URL": (
        b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
        414,
        "the URL has more than 32768 bytes",
    ),
    "a URL without end": (b"GET /" + b"a" * 2_000_000, 414, "the URL has more than 32768 bytes"),
    "empty lines without end": (b"\r\n" * 500_000, 431, "the head of the request has more than 32768 bytes"),
    "a chunk extension without end": (OPEN_BODY + b"1;" + b"x" * 2_000_000, 431, "the head of the request"),
    "trailers without end": (OPEN_BODY + b"0\r\n" + repeated(b"x-", 50_000), 431, "the request has more than 100"),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200, 400, "this is no HTTP/1.1 request"),
    "no method": (b"BREW /pot HTTP/1.1\r\nhost: x\r\n\r\n", 400, "this is no HTTP/1.1 request"),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "this is no HTTP/1.1 request"),
    "a broken field": (HEAD + b"no colon\r\n\r\n", 400, "this is no HTTP/1.1 request"),
    "a length that is none": (QUERY + b"content-length: -1\r\n\r\n", 400, "this is no HTTP/1.1 request"),
    "two lengths": (QUERY + b"content-length: 1\r\ncontent-length: 2\r\n\r\n", 400, "this is no HTTP/1.1 request"),
    "a length and chunks": (
        QUERY + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        "this is no HTTP/1.1 request",
    ),
    "a chunk length that is none": (OPEN_BODY + b"zz\r\n", 400, "this is no HTTP/1.1 request"),
    "a large body": (QUERY + b"content-length: 100001\r\n\r\n" + b" " * 100_001, 413, "the body is longer than 100000"),
    "a body that says it is large": (QUERY + b"content-length: 99999999999\r\n\r\n", 413, "the body is longer than"),
    "a body without end": (
        OPEN_BODY + b"ffff\r\n" + b" " * 65_535 + b"\r\nffff\r\n" + b" " * 65_535,
        413,
        "the body is",
    ),
    "a slow head": (HEAD, 408, "no whole request within 1 s (RAG_HEADER_TIMEOUT_SECONDS)"),
    "one byte": (b"G", 408, "no whole request within 1 s (RAG_HEADER_TIMEOUT_SECONDS)"),
    "a body that stops": (QUERY + b"content-length: 50\r\n\r\n{", 408, "no more of the body for 1 s"),
    "an upload that stops": (
        b"POST /ingest HTTP/1.1\r\nhost: x\r\ncontent-length: 500000\r\n\r\n" + b" " * 100_000,
        408,
        "no more of the body for 1 s",
    ),
}
"""What is sent, the status of the answer, and how its sentence begins."""


@pytest.mark.parametrize("name", REFUSED)
def test_a_request_over_a_limit_gets_its_status_and_a_sentence(edges: Backend, name: str) -> None:
    request, status, sentence = REFUSED[name]
    with RawClient(edges.url) as client:
        client.send(request)
        answer = client.answer()
        assert answer.status == status, answer
        assert (answer.headers["content-type"], set(answer.problem)) == (
            "application/json",
            {"message", "type", "request_id"},
        )
        assert answer.problem["message"].startswith(sentence)


@pytest.mark.parametrize("every_s", [0.1, 0.4])
@pytest.mark.parametrize("first", [HEAD + b"x: ", QUERY + b"content-length: 5000\r\n\r\n"])
def test_a_request_that_comes_in_drops_is_given_up(edges: Backend, first: bytes, every_s: float) -> None:
    with RawClient(edges.url) as client:
        began = time.monotonic()
        client.send(first)
        while client.send(b"a") and time.monotonic() - began < DEADLINE_S:
            client.socket.settimeout(every_s)
            try:
                if client.socket.recv(65536).startswith(b"HTTP/1.1 408"):
                    return
            except TimeoutError:
                continue
    pytest.fail("it was not given up")


def test_a_client_that_takes_nothing_of_its_answers_is_cut(edges: Backend) -> None:
    with RawClient(edges.url) as client:
        while client.send(b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n"):  # until the answers fill both buffers
            client.socket.settimeout(0.5)
        assert not client.send(WHOLE)
        wait_until(lambda: not connections_of(edges), DEADLINE_S)


def test_requests_piled_up_on_one_connection_are_cut(edges: Backend, fake: FakeLlm) -> None:
    with RawClient(edges.url) as client:
        client.send(WHOLE * 5000)
        client.is_closed()
    with RawClient(edges.url) as client:
        client.send(WHOLE * 3)
        assert client.answer().status == 200


def test_connections_that_do_nothing_make_room(edges: Backend) -> None:
    """One peer may have all: what it does not use is taken from it."""
    with opened(edges, 5 * MOST, "127.0.0.1"):
        assert ask(edges).status == 200
        assert ask(edges, OTHER).status == 200
        assert connections_of(edges) <= MOST


def test_connections_kept_open_after_a_request_make_room(edges: Backend) -> None:
    with ExitStack() as stack:
        for number in range(3 * MOST):
            client = stack.enter_context(RawClient(edges.url, f"127.0.1.{number % 9 + 1}"))
            client.send(WHOLE)
            assert client.answer().status == 200
        assert ask(edges, OTHER).status == 200


def test_a_peer_that_uses_all_of_its_own_is_told_and_others_are_served(edges: Backend) -> None:
    with opened(edges, MOST_OF_A_PEER, "127.0.0.1", OPEN_BODY):
        wait_until(lambda: connections_of(edges) == MOST_OF_A_PEER, DEADLINE_S)
        refused = ask(edges)
        assert (refused.status, refused.headers["retry-after"]) == (429, "1")
        assert refused.problem["message"] == "127.0.0.1 has 12 open connections, all in use (RAG_MAX_PEER_CONNECTIONS)"
        assert ask(edges, OTHER).status == 200


def test_many_peers_that_use_all_connections_are_given_up_in_time(edges: Backend) -> None:
    with ExitStack() as stack:
        for number in range(MOST):
            stack.enter_context(RawClient(edges.url, f"127.0.1.{number + 1}")).send(OPEN_BODY)
        refused = ask(edges, OTHER)
        if refused.status != 200:  # on a slow machine the first were given up by then
            assert (refused.status, refused.headers["retry-after"]) == (503, "1")
            assert refused.problem["message"] == "24 connections are open, all in use"
        wait_until(lambda: ask(edges, OTHER).status == 200, DEADLINE_S)


def test_streams_are_no_idle_connections(edges: Backend, fake: FakeLlm) -> None:
    fake.script = drip
    query = b'{"query": "x", "k": 0}'
    request = b"POST /query/stream HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(query), query)
    with RawClient(edges.url) as client:
        client.send(request)
        assert client.answer().status == 200
        with opened(edges, 3 * MOST, client.socket.getsockname()[0]):
            assert client.socket.recv(65536)  # it goes on
        time_is_up = time.monotonic() + 2 * SHORT_S
        while time.monotonic() < time_is_up:  # a limit on requests is none on answers
            assert client.socket.recv(65536)


def test_a_stream_behind_another_answer_is_no_idle_connection(edges: Backend, fake: FakeLlm) -> None:
    fake.script = drip
    query = b'{"query": "x", "k": 0}'
    request = b"POST /query/stream HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(query), query)
    with RawClient(edges.url) as client:
        client.send(WHOLE + request)
        while b"text/event-stream" not in client.socket.recv(65536):
            pass
        with opened(edges, 3 * MOST, client.socket.getsockname()[0]):
            time_is_up = time.monotonic() + SHORT_S
            while time.monotonic() < time_is_up:
                assert client.socket.recv(65536)


def test_a_connection_without_any_request_is_closed(edges: Backend) -> None:
    with RawClient(edges.url) as client:
        assert client.is_closed()


def test_an_endless_head_takes_no_memory(edges: Backend) -> None:
    process = psutil.Process(edges.process.pid)
    before = process.memory_info().rss
    for _ in range(20):
        ask(edges, request=HEAD + b"x: " + b"a" * 10_000_000)
    assert process.memory_info().rss - before < 20_000_000


def test_a_service_with_few_files_has_fewer_connections_and_says_so(fake: FakeLlm, tmp_path: Path) -> None:
    backend = Backend(data_dir=tmp_path, llm_url=fake.url, files="800")
    try:
        with opened(backend, 900, "127.0.0.1"):
            assert ask(backend).status == 200
            assert connections_of(backend) < 800
    finally:
        backend.close()


@pytest.mark.parametrize(
    ("address", "peer"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", "local"),
    ],
)
def test_a_peer_is_an_address_or_the_network_that_a_client_has(address: str, peer: str) -> None:
    assert peer_of(address) == peer
