"""The seam between what sends requests and what times them.

A transport delivers bytes and the times at which they came; what they mean is decided after the stream
(`ragmeter.clients.answers.dialects`), so that no parsing delays the next timestamp.
"""

from dataclasses import dataclass, field
from typing import Protocol

from ragmeter.core.requests.records import ErrorClass

_LINE_BREAKERS = "\r\n\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request without its server: the transport puts the base URL of a replica before ``path``.

    headers: added to ``host``, ``content-length`` and ``accept-encoding: identity``; kept out of the repr because
    they may carry a token.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = b""

    def __post_init__(self) -> None:
        if not self.path.startswith("/"):
            raise ValueError(f"request path {self.path!r} must start with /")
        if not _fits(self.method + self.path, without=_LINE_BREAKERS + " "):
            raise ValueError(f"request line {self.method!r} {self.path!r} must be ASCII without spaces")
        for name, value in self.headers:
            if not name or not _fits(name, without=_LINE_BREAKERS + " :") or not _fits(value, without=_LINE_BREAKERS):
                raise ValueError(f"header {name!r} must have a name, and be ASCII without line breaks")


def _fits(text: str, *, without: str) -> bool:
    return text.isascii() and not any(character in text for character in without)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and what came back. Times are ``time.monotonic_ns`` readings, durations ns.

    sent_ns: when the segment with the first byte of the request left; where the kernel does not tell, just before the
        request was handed to it. None if the connection never came up.
    dns_ns, connect_ns, tls_ns: durations of setting up the connection; None when one was reused.
    fallback_ns: what of ``connect_ns`` went to addresses that did not answer in time; None where the first one did.
    headers: of the response, names in lower case, in order.
    by_plugin: whether a plug-in asked, and not HTTP: there is no status.
    framed: whether the protocol says where an answer ends, whatever the headers have.
    chunks: the body without its HTTP framing and content coding, as (arrival, bytes).
    earliest_ns: of each chunk, the time after which its bytes arrived; with the arrival in ``chunks`` it bounds them.
        The same as the arrival where all bytes came at once. None with the user clock, which cannot say.
    exact_chunks: positions in ``chunks`` of those whose last byte arrived at the very time: the kernel stamped the read
        and nothing but framing came behind it in that read.
    ended_ns: when the message was complete, or the moment of failure.
    deadline_ns: what the exchange was given; data that was read later is kept, and is late.
    failure: what the network did; an HTTP status is not a failure here.
    sent_bytes, received_bytes: on the wire with headers and framing, before TLS; with those of a retried send.
    server_address: numeric, of the host that the connection went to; None without a connection.
    rtt_us: the kernel's least round trip of the connection when the exchange ended. retransmits: segments that this
        side sent again since the last send. None where the kernel does not tell.
    """

    sent_ns: int | None
    dns_ns: int | None = None
    connect_ns: int | None = None
    tls_ns: int | None = None
    fallback_ns: int | None = None
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    by_plugin: bool = False
    framed: bool = False
    chunks: tuple[tuple[int, bytes], ...] = ()
    earliest_ns: tuple[int, ...] | None = None
    exact_chunks: frozenset[int] = frozenset()
    ended_ns: int
    deadline_ns: int
    failure: tuple[ErrorClass, str] | None = None
    sent_bytes: int = 0
    received_bytes: int = 0
    server_address: str | None = None
    rtt_us: int | None = None
    retransmits: int | None = None

    def header(self, name: str) -> str | None:
        """The first value of a header, by its name in lower case."""
        return next((value for key, value in self.headers if key == name), None)

    def width_ns(self, position: int, *, to_its_end: bool) -> int | None:
        """How much earlier than the chunk's arrival an event may have come that was complete with that chunk.

        to_its_end: whether the event ends with the chunk. None when nobody can say.
        """
        if self.earliest_ns is None:
            return None
        if to_its_end and position in self.exact_chunks:
            return 0
        return self.chunks[position][0] - self.earliest_ns[position]

    @property
    def body(self) -> bytes:
        """The whole body, as far as it came."""
        return b"".join(chunk for _, chunk in self.chunks)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureLosses:
    """What a capture missed so far: packets dropped by a full ring, and connections whose opening it did not see, which
    have the ``kernel`` clock.
    """

    packets: int
    connections: int


class Transport(Protocol):
    """Sends requests and dates what comes back.

    clock: where arrival times are taken: ``user`` (when this process read the bytes), ``kernel`` or ``capture``; or
        ``plugin``, when a plug-in handed on a message that its own client had read.
    """

    @property
    def clock(self) -> str: ...

    @property
    def capture_losses(self) -> CaptureLosses | None:
        """None where nothing is captured."""
        ...

    async def connect(self, n: int) -> None:
        """Have ``n`` idle connections open, over all replicas. Raises TargetError if one does not come up."""

    async def exchange(self, request: HttpRequest, *, deadline_ns: int) -> Exchange:
        """Send and receive; give up at ``deadline_ns`` (a ``time.monotonic_ns`` reading).

        Never raises for what the network does: that is in ``Exchange.failure``. When cancelled it closes the
        socket and lets the cancellation through.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection. Call it once, when no exchange is under way."""
