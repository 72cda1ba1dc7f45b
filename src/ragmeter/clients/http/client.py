"""The load client: kept-alive connections, llhttp, and arrival times by the best clock that the system has.

HTTP/1.1 or HTTP/2 over TCP or TLS. A proxy is used where it is named, and is measured, too; variables of the
environment alone are not obeyed.
"""

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass

from ragmeter.clients.connection.addresses import RESOLVER, Addresses
from ragmeter.clients.connection.connection import Connection
from ragmeter.clients.connection.dial import DialError, dial
from ragmeter.clients.connection.origin import Origin
from ragmeter.clients.connection.pauses import Pauses
from ragmeter.clients.connection.response import ResponseReader, decode_content
from ragmeter.clients.connection.tls_files import HTTP_1, HTTP_2, tls_context
from ragmeter.clients.connection.transport import CaptureLosses, Exchange, HttpRequest
from ragmeter.clients.http.clocks import AUTO, clock_for, links_for
from ragmeter.core.errors import ClientError, ConfigError, TargetError
from ragmeter.core.inputs.access.proxy import DIRECT, Proxies
from ragmeter.core.inputs.access.tls import OF_THE_SYSTEM, TlsFiles
from ragmeter.core.requests.records import ErrorClass

CONNECT_TIMEOUT_S = 10.0
_DIALS_AT_ONCE = 64
STALE_WITHIN_S = 0.1


@dataclass(slots=True)
class _Attempt:
    """What is known of an exchange while it runs; ``earlier_*`` are those of a send that was repeated."""

    connection: Connection | None = None
    reused: bool = False
    earlier_sent_bytes: int = 0


class HttpTransport:
    """Keeps connections alive and takes the replicas in turn.

    A request on a kept-alive connection is sent again, on another one, only when the connection was closed without a
    single response byte and as soon as a server answers that had already closed it (a TCP handshake time and
    ``stale_within_s``): any later the request may have been at work, and its loss is the server's failure.
    ``sent_ns`` is then that of the last send.
    """

    def __init__(
        self,
        base_urls: Sequence[str],
        *,
        tls: TlsFiles = OF_THE_SYSTEM,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        stale_within_s: float = STALE_WITHIN_S,
        clock: str = AUTO,
        local_ports: range | None = None,
        pauses: Pauses | None = None,
        addresses: str = RESOLVER,
        http2: bool = False,
        proxies: Proxies = DIRECT,
    ) -> None:
        """tls: whom to trust, and what to show.
        clock: one of `ragmeter.clients.http.clocks.CLOCKS`.
        local_ports: of this process alone, if several send at once; see `ragmeter.clients.connection.local_ports`.
        pauses: between the sends of a schedule, for what can wait.
        addresses: one of `ragmeter.clients.connection.addresses.CHOICES`.
        http2: HTTP/2 is spoken, with TLS and without, and nothing else. proxies: on the way to the base URLs.

        Raises ConfigError.
        """
        if not base_urls:
            raise ConfigError("no base URL to send requests to")
        self._origins = [Origin.parse(url, proxies, tunnelled=http2) for url in base_urls]
        self._turn = itertools.cycle(self._origins)
        self._idle: dict[tuple[str, str, int], list[Connection]] = {o.endpoint: [] for o in self._origins}
        self._addresses = {origin.endpoint: Addresses(addresses) for origin in self._origins}
        self._made = http2_connection() if http2 else Connection
        protocols = HTTP_2 if http2 else HTTP_1
        self._tls = tls_context(tls, protocols) if any(origin.scheme == "https" for origin in self._origins) else None
        self._connect_timeout_s = connect_timeout_s
        self._stale_within_ns = int(stale_within_s * 1e9)
        self.clock = clock_for(clock)
        ports = {origin.hop[1] for origin in self._origins}
        self._links = links_for(self.clock, server_ports=ports, local_ports=local_ports, pauses=pauses or Pauses())

    @property
    def capture_losses(self) -> CaptureLosses | None:
        """See `ragmeter.clients.connection.transport.Transport.capture_losses`."""
        return self._links.losses()

    async def connect(self, n: int) -> None:
        """Have ``n`` idle connections, spread over the replicas. Raises TargetError with the first refusal:
        ClientError, where it is this machine's.
        """
        missing = max(0, n - sum(connection.usable for idle in self._idle.values() for connection in idle))
        while missing > 0:
            batch = [next(self._turn) for _ in range(min(missing, _DIALS_AT_ONCE))]
            refusals = await asyncio.gather(*(self._open_idle(origin) for origin in batch))
            if refusal := next(filter(None, refusals), None):
                is_own = refusal.error is ErrorClass.CLIENT
                raise (ClientError if is_own else TargetError)(str(refusal)) from refusal
            missing -= len(batch)

    async def exchange(self, request: HttpRequest, *, deadline_ns: int) -> Exchange:
        """See `ragmeter.clients.connection.transport.Transport.exchange`."""
        origin = next(self._turn)
        attempt = _Attempt()
        failure: tuple[ErrorClass, str] | None = None
        try:
            async with asyncio.timeout((deadline_ns - time.monotonic_ns()) / 1e9):
                await self._converse(origin, request, attempt)
        except TimeoutError:
            failure = (ErrorClass.TIMEOUT, _describe_timeout(attempt))
        except DialError as error:
            failure = (error.error, str(error))
        finally:
            self._put_back(origin, attempt.connection)
        return _finished(attempt, failure, deadline_ns=deadline_ns)

    async def aclose(self) -> None:
        """See `ragmeter.clients.connection.transport.Transport.aclose`."""
        idle = [connection for kept in self._idle.values() for connection in kept]
        for kept in self._idle.values():
            kept.clear()
        for connection in idle:
            connection.abort()
        async with asyncio.timeout(self._connect_timeout_s):
            for connection in idle:
                await connection.lost.wait()
        self._links.close()

    async def _converse(self, origin: Origin, request: HttpRequest, attempt: _Attempt) -> None:
        while (idle := self._take_idle(origin)) is not None:
            attempt.connection, attempt.reused = idle, True
            await idle.roundtrip(request, origin)
            if not _was_stale(idle, within_ns=self._stale_within_ns):
                return
            attempt.earlier_sent_bytes += idle.sent_bytes
        attempt.connection, attempt.reused = None, False
        attempt.connection = await self._dial(origin)
        await attempt.connection.roundtrip(request, origin)

    def _take_idle(self, origin: Origin) -> Connection | None:
        """The connection that was used last: it is the least likely to be closed."""
        idle = self._idle[origin.endpoint]
        while idle:
            if (connection := idle.pop()).usable:
                return connection
            connection.abort()
        return None

    def _put_back(self, origin: Origin, connection: Connection | None) -> None:
        if connection is None:
            return
        if connection.usable:
            self._idle[origin.endpoint].append(connection)
        else:
            connection.abort()

    async def _open_idle(self, origin: Origin) -> DialError | None:
        try:
            self._idle[origin.endpoint].append(await self._dial(origin))
        except DialError as error:
            return error
        return None

    async def _dial(self, origin: Origin) -> Connection:
        tls = self._tls if origin.scheme == "https" else None
        addresses = self._addresses[origin.endpoint]
        return await dial(self._made(), origin, tls, self._links, addresses, timeout_s=self._connect_timeout_s)


def http2_connection() -> type[Connection]:
    """The class of HTTP/2. Raises ConfigError without the library that speaks it."""
    try:
        from ragmeter.clients.connection.http2 import Http2Connection
    except ImportError as error:
        raise ConfigError("$.http2: needs the package h2: pip install 'ragmeter[http2]'") from error
    return Http2Connection


def _was_stale(connection: Connection, *, within_ns: int) -> bool:
    """Whether the server had closed this kept-alive connection before the request came."""
    response, sent_ns, setup = connection.response, connection.sent_ns, connection.setup
    if response is None or sent_ns is None or setup is None or response.ended_ns is None:
        return False
    soon = response.ended_ns - sent_ns <= setup.connect_ns + within_ns
    return soon and response.received_bytes == 0 and response.failure is not None


def _describe_timeout(attempt: _Attempt) -> str:
    response = attempt.connection.response if attempt.connection else None
    if response is None:
        return "the deadline passed while connecting"
    if response.status is None:
        return "the deadline passed before the response began"
    return f"the deadline passed after {response.received_bytes} bytes of the response"


def _finished(attempt: _Attempt, failure: tuple[ErrorClass, str] | None, *, deadline_ns: int) -> Exchange:
    connection = attempt.connection
    response = connection.response if connection else None
    if connection is None or response is None:
        return Exchange(
            sent_ns=None,
            ended_ns=time.monotonic_ns(),
            deadline_ns=deadline_ns,
            failure=failure,
            sent_bytes=attempt.earlier_sent_bytes,
        )
    headers = tuple(response.headers)
    encoding = next((value for name, value in headers if name == "content-encoding"), None)
    chunks, undecodable = decode_content(response.chunks, encoding)
    setup = None if attempt.reused else connection.setup
    tcp = connection.tcp_info
    return Exchange(
        sent_ns=connection.sent_ns,
        dns_ns=setup.dns_ns if setup else None,
        connect_ns=setup.connect_ns if setup else None,
        tls_ns=setup.tls_ns if setup else None,
        fallback_ns=setup.fallback_ns if setup else None,
        status=response.status,
        headers=headers,
        framed=response.framed,
        chunks=chunks,
        earliest_ns=_bounds(response),
        exact_chunks=frozenset(response.exact_chunks),
        ended_ns=response.ended_ns or time.monotonic_ns(),
        deadline_ns=deadline_ns,
        failure=failure or response.failure or undecodable,
        sent_bytes=attempt.earlier_sent_bytes + connection.sent_bytes,
        received_bytes=response.received_bytes,
        server_address=connection.setup.address if connection.setup else None,
        rtt_us=tcp.rtt_us if tcp else None,
        retransmits=tcp.retransmits - connection.earlier_retransmits if tcp else None,
    )


def _bounds(response: ResponseReader) -> tuple[int, ...] | None:
    return tuple(response.earliest_ns) if len(response.earliest_ns) == len(response.chunks) else None
