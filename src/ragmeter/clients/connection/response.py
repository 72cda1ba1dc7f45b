"""HTTP/1.1 responses, sans I/O: dated bytes in; status, headers and dated body pieces out."""

import zlib
from typing import ClassVar

import httptools

from ragmeter.core.requests.records import ErrorClass

MAX_BODY_BYTES = 64 << 20
"""A stream of answer text is some 100 kB; what exceeds this is not one."""

Failure = tuple[ErrorClass, str]
_GZIP = 31
_COMPRESSIONS = ("deflate", "br", "zstd", "compress", "x-compress", "dcb", "dcz")


class ResponseReader:
    """Reads one response. Informational responses (100 Continue, 103) are skipped.

    received_bytes: all that was fed, framing included. ended_ns: None until the response is over.
    is_chunked: whether the rest of a chunked body is awaited.
    framed: whether the protocol says where a response ends, whatever its headers have.
    reusable: whether another request may follow on the same connection.
    earliest_ns, exact_chunks: see `ragmeter.clients.connection.transport.Exchange`.
    """

    framed: ClassVar[bool] = False

    def __init__(self) -> None:
        self.status: int | None = None
        self.headers: list[tuple[str, str]] = []
        self.chunks: list[tuple[int, bytes]] = []
        self.received_bytes = 0
        self.ended_ns: int | None = None
        self.failure: Failure | None = None
        self.is_chunked = False
        self.reusable = False
        self.earliest_ns: list[int] = []
        self.exact_chunks: set[int] = set()
        self._now_ns = 0
        self._parser: httptools.HttpResponseParser | None = _lenient_parser(self)

    def feed(self, data: bytes, now_ns: int, *, earliest_ns: int | None = None, exact: bool = False) -> bool:
        """Take what came by ``now_ns``; True when the response is over.

        See `ragmeter.clients.connection.connection.Receiver.received`.
        """
        if self._parser is None:
            return True
        self._now_ns = now_ns
        known = len(self.chunks)
        self.received_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.fail(now_ns, ErrorClass.PROTOCOL, "the server switched to another protocol (HTTP 101)")
        except httptools.HttpParserError as error:
            self.reusable = False
            self.fail(now_ns, ErrorClass.PROTOCOL, f"the response is not HTTP/1.1: {error}")
        if self.received_bytes > MAX_BODY_BYTES:
            self.fail(now_ns, ErrorClass.PROTOCOL, f"the response exceeds {MAX_BODY_BYTES} bytes")
        if earliest_ns is not None:
            self._note_arrival(len(self.chunks) - known, earliest_ns, exact=exact)
        return self.ended_ns is not None

    def _note_arrival(self, new: int, earliest_ns: int, *, exact: bool) -> None:
        """The last chunk is not known to end with the read when the response does, too: the end may have come later."""
        self.earliest_ns += [earliest_ns] * new
        if exact and new and self.ended_ns is None:
            self.exact_chunks.add(len(self.chunks) - 1)

    def lost(self, now_ns: int, reason: str) -> None:
        """The connection ended. Without a length and without chunks that is how a body ends, too."""
        if self.status is None:
            self.fail(now_ns, ErrorClass.TRUNCATED, f"{reason} before the response began")
        elif self._ends_with_connection():
            self._end(now_ns)
        else:
            self.fail(now_ns, ErrorClass.TRUNCATED, f"{reason} before the response was complete")

    def fail(self, now_ns: int, error: ErrorClass, message: str) -> None:
        """Note a failure, unless the response was over by then."""
        if self.ended_ns is None:
            self.failure = (error, message)
            self._end(now_ns)

    def _ends_with_connection(self) -> bool:
        return not any(name in ("content-length", "transfer-encoding") for name, _ in self.headers)

    def _end(self, now_ns: int) -> None:
        self.ended_ns = now_ns
        self.is_chunked = False
        self._parser = None  # it holds this object: without the collector, which is off in a run, neither would go

    def on_message_begin(self) -> None:
        if self.ended_ns is not None:
            self.reusable = False  # bytes after the answer to the only request: the next answer would be wrong

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.ended_ns is None:
            self.headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        if self._parser is not None:
            self.status = self._parser.get_status_code()
            self.is_chunked = any(name == "transfer-encoding" for name, _ in self.headers)

    def on_body(self, body: bytes) -> None:
        if self.ended_ns is None:
            self.chunks.append((self._now_ns, body))

    def on_message_complete(self) -> None:
        if self._parser is None:
            return
        if self.status is not None and self.status < 200:
            self.status = None
            self.headers.clear()
            return
        self.reusable = self._parser.should_keep_alive()
        self._end(self._now_ns)


def _lenient_parser(reader: ResponseReader) -> httptools.HttpResponseParser:
    """As lenient as the clients that people use: lines that end with LF alone, and a length beside chunks (the chunks
    count: RFC 9112, 6.3).
    """
    parser = httptools.HttpResponseParser(reader)
    parser.set_dangerous_leniencies(
        lenient_chunked_length=True, lenient_optional_cr_before_lf=True, lenient_optional_lf_after_cr=False
    )
    return parser


def decode_content(
    chunks: list[tuple[int, bytes]], encoding: str | None
) -> tuple[tuple[tuple[int, bytes], ...], Failure | None]:
    """Undo ``content-encoding``; each piece keeps its time and its place, also an empty one.

    A value that names no compression (``none``, ``utf-8``) changes nothing: servers send it so that proxies do not
    compress. Pieces before a fault are kept, the fault is returned.
    """
    coding = (encoding or "identity").strip().lower()
    if coding in ("gzip", "x-gzip"):
        return _gunzip(chunks)
    if coding in _COMPRESSIONS or "," in coding:
        return (), (ErrorClass.PROTOCOL, f"content-encoding {coding!r} was sent although identity was asked for")
    return tuple(chunks), None


def _gunzip(
    chunks: list[tuple[int, bytes]],
) -> tuple[tuple[tuple[int, bytes], ...], Failure | None]:
    inflate = _Gunzip()
    plain: list[tuple[int, bytes]] = []
    room = MAX_BODY_BYTES
    for at_ns, chunk in chunks:
        try:
            piece = inflate.decompress(chunk, room)
        except zlib.error as error:
            return tuple(plain), (ErrorClass.PROTOCOL, f"the body is not gzip: {error}")
        room -= len(piece)
        if room <= 0:
            return tuple(plain), (ErrorClass.PROTOCOL, f"the body exceeds {MAX_BODY_BYTES} bytes")
        plain.append((at_ns, piece))
    early = bool(chunks) and not inflate.at_end
    return tuple(plain), (ErrorClass.TRUNCATED, "the gzip body ends early") if early else None


class _Gunzip:
    """A gzip file is one member or several, one after the other (RFC 1952, 2.2); an event may be one."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=_GZIP)

    @property
    def at_end(self) -> bool:
        return self._member.eof

    def decompress(self, data: bytes, room: int) -> bytes:
        """At most ``room`` bytes. Raises zlib.error."""
        plain = bytearray()
        while data and len(plain) < room:
            if self._member.eof:
                self._member = zlib.decompressobj(wbits=_GZIP)
            plain += self._member.decompress(data, room - len(plain))
            data = self._member.unused_data
        return bytes(plain)
