"""Names with several addresses: the next one is tried in time, and load goes where it is meant to go."""

import asyncio
import contextlib
import errno
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import psutil
import pytest

from ragmeter.clients.connection.addresses import ATTEMPT_DELAY_S, PINNED, RESOLVER, SPREAD, Address, Addresses
from ragmeter.clients.connection.transport import Exchange, HttpRequest
from ragmeter.clients.http.client import HttpTransport
from ragmeter.core.requests.records import ErrorClass
from ragmeter.testing import GroundTruthServer
from tests.ports import needs_ipv6

V6, V4 = socket.AF_INET6, socket.AF_INET
INFO = HttpRequest(method="GET", path="/info", headers=(("connection", "close"),))
FIRST, SECOND = "127.0.0.1", "127.0.0.2"


def v4(*last: int) -> list[Address]:
    return [(V4, (f"10.0.0.{each}", 80)) for each in last]


def v6(*last: int) -> list[Address]:
    return [(V6, (f"fd00::{each}", 80, 0, 0)) for each in last]


def test_families_take_turns_in_the_order_of_the_resolver() -> None:
    assert Addresses(RESOLVER).ordered([*v6(2, 1), *v4(9)]) == [*v6(2), *v4(9), *v6(1)]
    assert Addresses(RESOLVER).ordered([*v4(9, 8), *v6(1)]) == [*v4(9), *v6(1), *v4(8)]
    assert Addresses(RESOLVER).ordered(v4(3)) == v4(3)


def test_spread_takes_each_first_in_turn_however_the_resolver_turns_them() -> None:
    addresses = Addresses(SPREAD)
    orders = [addresses.ordered(found) for found in (v4(1, 2, 10), v4(10, 1, 2), v4(2, 10, 1), v4(1, 2, 10))]
    assert orders == [v4(1, 2, 10), v4(2, 10, 1), v4(10, 1, 2), v4(1, 2, 10)]


def test_pinned_keeps_to_the_address_that_answered_while_the_name_has_it() -> None:
    addresses = Addresses(PINNED)
    assert addresses.ordered(v4(3, 1, 2)) == v4(1, 2, 3)
    addresses.answered(v4(2)[0])
    assert addresses.ordered(v4(3, 2, 1)) == v4(2)
    assert addresses.ordered(v4(3, 1)) == v4(1, 3)


@pytest.fixture(scope="module")
def server() -> Iterator[GroundTruthServer]:
    with GroundTruthServer(host="0.0.0.0") as running:
        yield running


@contextlib.contextmanager
def black_hole(port: int) -> Iterator[None]:
    """``::1`` takes no further connection on the port, and refuses none: its backlog is full."""
    with socket.socket(V6) as full, contextlib.ExitStack() as stack:
        full.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        full.bind(("::1", port))
        full.listen(0)
        for _ in range(3):
            filler = stack.enter_context(socket.socket(V6))
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(full.getsockname())
        yield


def resolving(monkeypatch: pytest.MonkeyPatch, port: int, *hosts: str) -> None:
    """Every name has these addresses."""
    found = [(V6 if ":" in host else V4, socket.SOCK_STREAM, 6, "", (host, port)) for host in hosts]

    async def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
        return found

    monkeypatch.setattr("asyncio.base_events.BaseEventLoop.getaddrinfo", getaddrinfo)


@contextlib.asynccontextmanager
async def transport_to(port: int, **options: Any) -> AsyncIterator[HttpTransport]:
    transport = HttpTransport([f"http://several.example:{port}"], **options)
    try:
        yield transport
    finally:
        await transport.aclose()


def exchanges(port: int, count: int = 1, **options: Any) -> list[Exchange]:
    async def main() -> list[Exchange]:
        async with transport_to(port, **options) as transport:
            deadline_ns = time.monotonic_ns() + 10_000_000_000
            return [await transport.exchange(INFO, deadline_ns=deadline_ns) for _ in range(count)]

    return asyncio.run(main())


@needs_ipv6
@pytest.mark.parametrize("clock", ["user", "kernel"])
def test_address_that_swallows_everything_costs_a_quarter_of_a_second_and_it_is_said(
    server: GroundTruthServer, monkeypatch: pytest.MonkeyPatch, clock: str
) -> None:
    resolving(monkeypatch, server.port, "::1", FIRST)
    with black_hole(server.port):
        (only,) = exchanges(server.port, clock=clock)
    assert (only.status, only.server_address) == (200, FIRST)
    assert only.fallback_ns is not None
    assert only.connect_ns is not None
    assert ATTEMPT_DELAY_S <= only.fallback_ns / 1e9 <= only.connect_ns / 1e9


@needs_ipv6
def test_address_that_refuses_costs_next_to_nothing(server: GroundTruthServer, monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, server.port, "::1", FIRST)
    found = exchanges(server.port, 8)
    assert {(each.status, each.server_address) for each in found} == {(200, FIRST)}
    cost_ns = [each.fallback_ns for each in found if each.fallback_ns is not None]
    assert len(cost_ns) == 8
    assert min(cost_ns) / 1e9 < ATTEMPT_DELAY_S, "a busy machine adds to some of them"


def test_first_address_that_answers_falls_back_to_none(
    server: GroundTruthServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, server.port, FIRST, "::1")
    (only,) = exchanges(server.port)
    assert (only.status, only.server_address, only.fallback_ns) == (200, FIRST, None)


@pytest.mark.parametrize(
    ("choice", "counts"),
    [(SPREAD, {FIRST: 3, SECOND: 3}), (PINNED, {FIRST: 6}), (RESOLVER, {SECOND: 6})],
)
def test_connections_are_spread_or_pinned(
    server: GroundTruthServer, monkeypatch: pytest.MonkeyPatch, choice: str, counts: dict[str, int]
) -> None:
    resolving(monkeypatch, server.port, SECOND, FIRST)
    found = exchanges(server.port, 6, addresses=choice)
    assert Counter(each.server_address for each in found) == counts


@needs_ipv6
def test_no_address_at_all_is_one_sentence_and_the_last_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind((FIRST, 0))
        port = taken.getsockname()[1]
        resolving(monkeypatch, port, "::1", FIRST, SECOND)
        (only,) = exchanges(port)
    assert only.failure is not None
    assert only.failure[0] is ErrorClass.CONNECT
    assert "cannot connect to http://several.example" in only.failure[1]
    assert only.server_address is None


def test_what_this_machine_lacks_beside_a_refusal_is_not_why(monkeypatch: pytest.MonkeyPatch) -> None:
    async def lacking(*_: Any) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    resolving(monkeypatch, 1, "::1", FIRST)
    monkeypatch.setattr("asyncio.selector_events.BaseSelectorEventLoop.sock_connect", lacking)
    (only,) = exchanges(1)
    assert only.failure is not None
    assert only.failure[0] is ErrorClass.CLIENT


@needs_ipv6
def test_attempts_that_are_given_up_leave_no_socket(server: GroundTruthServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is in this process, too, and closes its ends when it likes."""

    def descriptors() -> set[int]:
        own = psutil.Process().net_connections("tcp")
        return {each.fd for each in own if each.laddr.port != server.port and each.raddr}

    resolving(monkeypatch, server.port, "::1", FIRST)
    with black_hole(server.port):
        before = descriptors()
        exchanges(server.port, 2)
        assert descriptors() <= before
        (gone,) = exchanges_cut_short(server.port)
        assert descriptors() <= before
    assert gone.failure is not None


def exchanges_cut_short(port: int) -> list[Exchange]:
    async def main() -> list[Exchange]:
        async with transport_to(port) as transport:
            return [await transport.exchange(INFO, deadline_ns=time.monotonic_ns() + 100_000_000)]

    return asyncio.run(main())
