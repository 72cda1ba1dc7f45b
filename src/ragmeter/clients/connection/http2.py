"""One HTTP/2 connection: one request at a time, so that a read holds bytes of one answer and its date is theirs.

https://www.rfc-editor.org/rfc/rfc9113, spoken by the library h2. A client of the field would send several requests at
once over one connection; here each has a connection of its own, as with HTTP/1.1.
"""

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    InformationalResponseReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import H2Error

from ragmeter.clients.connection.connection import Connection
from ragmeter.clients.connection.origin import Origin
from ragmeter.clients.connection.response import MAX_BODY_BYTES, ResponseReader
from ragmeter.clients.connection.transport import HttpRequest
from ragmeter.core.requests.records import ErrorClass

WINDOW_BYTES = 16 << 20
"""What a server may send before it is told that some was read: an answer never waits for this client."""


class Http2Response(ResponseReader):
    """Reads one response from the events of its stream; see `ResponseReader`."""

    framed = True

    def take(self, event: Event, now_ns: int, earliest_ns: int | None) -> None:
        """Enter what came by ``now_ns``."""
        if isinstance(event, ResponseReceived):
            self._begin(event)
        elif isinstance(event, DataReceived) and event.data:
            self.chunks.append((now_ns, event.data))
            if earliest_ns is not None:
                self.earliest_ns.append(earliest_ns)
        elif isinstance(event, StreamEnded):
            self.reusable = True
            self._end(now_ns)
        elif isinstance(event, StreamReset):
            code = event.error_code
            name = code.name if isinstance(code, ErrorCodes) else code
            began = "before the response was complete" if self.status else "before the response began"
            self.fail(now_ns, ErrorClass.TRUNCATED, f"the server reset the stream ({name}) {began}")

    def _begin(self, event: ResponseReceived) -> None:
        headers = [(_text(name), _text(value)) for name, value in event.headers or ()]
        self.status = int(dict(headers)[":status"])
        self.headers = [(name, value) for name, value in headers if not name.startswith(":")]

    def _ends_with_connection(self) -> bool:
        return False


def _text(value: bytes | str) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


class Http2Connection(Connection):
    """See `Connection`."""

    def __init__(self) -> None:
        super().__init__()
        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding=None))
        self._stream = 0
        self._unsent = b""
        self._is_last = False
        self._left: tuple[int | None] | None = None
        """When the request left, as far as it is known, from the moment on at which something else is written."""

    def _begun(self, request: HttpRequest, origin: Origin) -> tuple[ResponseReader, bytes]:
        if not self._stream:
            self._h2.initiate_connection()
            self._h2.increment_flow_control_window(WINDOW_BYTES)
        self._stream = self._h2.get_next_available_stream_id()
        self._h2.send_headers(self._stream, _headers(request, origin), end_stream=not request.body)
        if request.body:
            self._h2.increment_flow_control_window(WINDOW_BYTES, self._stream)
        self._unsent, self._left = request.body, None
        self._push_body()
        return Http2Response(), self._h2.data_to_send()

    def _departed_ns(self) -> int | None:
        return self.link.sent_ns() if self._left is None else self._left[0]

    @property
    def is_chunked(self) -> bool:
        return False

    @property
    def usable(self) -> bool:
        return not self._is_last and super().usable

    def received(self, data: bytes, at_ns: int, earliest_ns: int | None, exact: bool) -> None:  # noqa: ARG002
        """A read may end anywhere in a frame, so none of it is said to be exact."""
        try:
            events = self._h2.receive_data(data)
        except H2Error as error:
            self._fail(at_ns, f"the response is not HTTP/2: {error or type(error).__name__}")
            self.abort()
            return
        response = self.response
        if response is not None:
            response.received_bytes += len(data)
        for event in events:
            self._take(event, at_ns, earliest_ns)
        if response is not None and response.ended_ns is not None:
            self._unsent = b""  # a server may answer before it has read the whole request
        if not self.link.is_closing:
            self._push_body()
            if answer := self._h2.data_to_send():
                self._left = self._left or (self.link.sent_ns(),)
                self.link.write(answer)
        if response is not None and response.ended_ns is not None:
            self._finish()

    def _take(self, event: Event, at_ns: int, earliest_ns: int | None) -> None:
        if isinstance(event, ConnectionTerminated):
            self._is_last = True
        if isinstance(event, DataReceived) and event.flow_controlled_length:
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        of_stream = getattr(event, "stream_id", None) == self._stream
        if not of_stream or self._done is None or isinstance(event, InformationalResponseReceived):
            return
        if isinstance(self.response, Http2Response):
            self.response.take(event, at_ns, earliest_ns)
            if self.response.received_bytes > MAX_BODY_BYTES:
                self._fail(at_ns, f"the response exceeds {MAX_BODY_BYTES} bytes")

    def _fail(self, at_ns: int, words: str) -> None:
        if self._done is not None and self.response is not None:
            self.response.fail(at_ns, ErrorClass.PROTOCOL, words)
            self._finish()

    def _push_body(self) -> None:
        """What of the body the server lets through now; a large one goes on when it has read some."""
        while self._unsent and (room := self._h2.local_flow_control_window(self._stream)) > 0:
            piece = self._unsent[: min(room, self._h2.max_outbound_frame_size)]
            self._unsent = self._unsent[len(piece) :]
            self._h2.send_data(self._stream, piece, end_stream=not self._unsent)


_OF_HTTP_1 = frozenset({"host", "connection", "keep-alive", "transfer-encoding", "upgrade"})


def _headers(request: HttpRequest, origin: Origin) -> list[tuple[str, str]]:
    """A header of the request replaces the one sent by default."""
    plain = {"content-length": str(len(request.body)), "accept-encoding": "identity"}
    plain |= {name.lower(): value for name, value in request.headers}
    authority = plain.get("host", origin.authority)
    own = [
        (":method", request.method),
        (":scheme", origin.scheme),
        (":authority", authority),
        (":path", origin.target(request.path)),
    ]
    return [*own, *((name, value) for name, value in plain.items() if name not in _OF_HTTP_1)]
