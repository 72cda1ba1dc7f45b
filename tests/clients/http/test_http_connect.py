"""How connections begin, and what keeps one from beginning: nobody there, no descriptor, no name, no room."""

import asyncio
import contextlib
import errno
import os
import re
import resource
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from ragmeter.clients.connection.own_limits import own_fault
from ragmeter.clients.connection.transport import Exchange
from ragmeter.core.errors import TargetError
from ragmeter.core.requests.records import ErrorClass
from ragmeter.testing import GroundTruthServer
from tests.clients.http.exchanges import RUNNERS, TransportTo, send
from tests.ports import needs_ipv6


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


def test_no_file_descriptor_left_is_a_fault_of_this_machine(
    transport_to: TransportTo, server: GroundTruthServer
) -> None:
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
    assert failure[0] is ErrorClass.CLIENT
    assert re.search(r"Too many open files: this process may open \d+ files \(ulimit -n\)", failure[1])


def test_this_machine_has_a_route_to_itself() -> None:
    assert own_fault(OSError(errno.EHOSTUNREACH, "No route to host"), ("127.0.0.1", 80)) is None


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


@needs_ipv6
def test_ipv6_address_is_reached(transport_to: TransportTo) -> None:
    async def main(url: str) -> Exchange:
        async with transport_to(url) as transport:
            return await send(transport)

    with GroundTruthServer(host="::1") as server:
        assert "[::1]" in server.base_url
        assert asyncio.run(main(server.base_url)).status == 200


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
