"""One HTTP/1.1 connection: one request at a time, on a link that delivers dated bytes."""

import asyncio
import ssl
import time
from dataclasses import dataclass
from typing import Protocol

from ragmeter.clients.connection.origin import Origin
from ragmeter.clients.connection.response import ResponseReader
from ragmeter.clients.connection.tcp_info import TcpInfo
from ragmeter.clients.connection.transport import HttpRequest
from ragmeter.core.inputs.access.proxy import AUTHORIZATION
from ragmeter.core.requests.records import ErrorClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How long each part of a new connection took; ``tls_ns`` is None without TLS.

    connect_ns: with the way through a proxy. address: numeric, of the host; None behind a proxy, which alone knows it.
    fallback_ns: what of ``connect_ns`` other addresses took that did not answer, or not in time; None where the first
    one did.
    """

    dns_ns: int
    connect_ns: int
    tls_ns: int | None = None
    address: str | None
    fallback_ns: int | None = None


class Link(Protocol):
    """A connected stream of bytes, TLS undone. What comes in goes to the receiver it was made for."""

    @property
    def is_closing(self) -> bool: ...

    def write(self, data: bytes) -> None:
        """Send now what the kernel takes, and the rest as it takes it. A loss is told to the receiver."""

    def abort(self) -> None:
        """Close at once; the receiver is told, soon."""

    def settle(self) -> None:
        """Deliver at once what was read so far; after it `sent_ns` is up to date."""

    def sent_ns(self) -> int | None:
        """When the first byte of what was written last left this host; None when the kernel does not tell."""
        ...

    def tcp_info(self) -> TcpInfo | None:
        """What the kernel knows of the connection, or knew when it closed; None where it does not tell."""
        ...


class Receiver(Protocol):
    """What a link delivers to.

    is_chunked: whether it awaits the rest of a chunked body, and nothing else.
    """

    @property
    def is_chunked(self) -> bool: ...

    def received(self, data: bytes, at_ns: int, earliest_ns: int | None, exact: bool) -> None:
        """Bytes that were read together and arrived from ``earliest_ns`` (None when nobody can say) to ``at_ns``.

        exact: whether the last of them arrived at ``at_ns``.
        """

    def disconnected(self, at_ns: int, error: Exception | None) -> None:
        """The link is gone. Called once; nothing comes after it."""


class Connection:
    """Takes what a link delivers. ``link`` is set once the link is up, before the first request."""

    link: Link

    def __init__(self) -> None:
        self.setup: Setup | None = None
        self.sent_ns: int | None = None
        self.response: ResponseReader | None = None
        self.tcp_info: TcpInfo | None = None
        self.sent_bytes = 0
        self.earlier_retransmits = 0
        self.lost = asyncio.Event()
        self._done: asyncio.Future[None] | None = None

    def received(self, data: bytes, at_ns: int, earliest_ns: int | None, exact: bool) -> None:
        if self._done is None or self.response is None:
            self.abort()  # bytes that nobody asked for: they would be taken for the next answer
        elif self.response.feed(data, at_ns, earliest_ns=earliest_ns, exact=exact):
            self._finish()

    def disconnected(self, at_ns: int, error: Exception | None) -> None:
        self.lost.set()
        if self._done is not None and self.response is not None:
            if isinstance(error, ssl.SSLError) and not self.response.received_bytes:
                # With TLS 1.3 a server looks at the client's certificate when the client's handshake is over.
                self.response.fail(at_ns, ErrorClass.TLS, f"no TLS with the server: {error}")
            self.response.lost(
                at_ns, f"the connection was reset ({error})" if error else "the server closed the connection"
            )
            self._finish()

    def _finish(self) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_result(None)
        self._done = None

    async def roundtrip(self, request: HttpRequest, origin: Origin) -> None:
        """Send a request and wait until its response is over; read it from ``response``, also when cancelled.

        ``sent_bytes`` is the size of the request.
        """
        self.response, wire = self._begun(request, origin)
        self._done = done = asyncio.get_running_loop().create_future()
        self.earlier_retransmits = self.tcp_info.retransmits if self.tcp_info else 0
        self.sent_bytes = len(wire)
        self.sent_ns = time.monotonic_ns()
        self.link.write(wire)
        try:
            await done
        finally:
            self.link.settle()
            self.sent_ns = self._departed_ns() or self.sent_ns
            self.tcp_info = self.link.tcp_info()

    def _begun(self, request: HttpRequest, origin: Origin) -> tuple[ResponseReader, bytes]:
        """What will read the response, and the request as it goes over the wire."""
        return ResponseReader(), encoded(request, origin)

    def _departed_ns(self) -> int | None:
        """When the request left this host; None when the kernel does not tell."""
        return self.link.sent_ns()

    @property
    def is_chunked(self) -> bool:
        return self._done is not None and self.response is not None and self.response.is_chunked

    @property
    def usable(self) -> bool:
        """Whether a request may be sent: nothing under way, nothing left over, not known to be closed."""
        if self.link.is_closing or self._done is not None:
            return False
        return self.response is None or self.response.reusable

    def abort(self) -> None:
        """Close at once. What the response has so far stays readable."""
        self._done = None
        self.link.abort()


def encoded(request: HttpRequest, origin: Origin) -> bytes:
    """The request as HTTP/1.1 has it. A header of the request replaces the one sent by default.

    Names are written as nearly all clients write them: proxies are in use that know no other case of Content-Length.
    """
    headers = {"host": origin.authority, "content-length": str(len(request.body)), "accept-encoding": "identity"}
    if origin.relay is not None and origin.relay.authorization is not None:
        headers[AUTHORIZATION.lower()] = origin.relay.authorization
    headers |= {name.lower(): value for name, value in request.headers}
    lines = [f"{request.method} {origin.target(request.path)} HTTP/1.1"]
    lines += [f"{name.title()}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + request.body
