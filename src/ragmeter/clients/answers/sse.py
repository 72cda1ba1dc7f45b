"""Server-Sent Events, sans I/O: bytes in, events out.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"[\r\n]")
_FIELDS = frozenset(("data", "event", "id", "retry", ""))
_STRAY_LINES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSentEvent:
    """One dispatched event. ``id`` is the last event id of the stream at that point, as the standard has it."""

    event: str
    data: str
    id: str | None = None


class SseParser:
    """Splits a byte stream into events; how the bytes were cut into reads makes no difference.

    An event is complete with the byte that ends its blank line. Of a CRLF pair that is the CR, so that the time of
    an event never waits for a LF which may come with a later read.

    ends_with_event: whether the bytes so far end with the byte that completed an event (or the LF of its CRLF).
    stray: the first lines that are of no event: a server that fails may write its error without any framing.
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._at_start = True
        self._after_cr = False
        self._event = ""
        self._data: list[str] = []
        self._id: str | None = None
        self.ends_with_event = False
        self.stray: list[str] = []

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """The events that ``data`` completes, in order."""
        if self._after_cr and data:
            self._after_cr = False
            data = data.removeprefix(b"\n")
        if not data:
            return []
        self.ends_with_event = False
        if not _LINE_END.search(data):
            self._line += data
            return []
        lines = (bytes(self._line) + data if self._line else data).splitlines(keepends=True)
        self._line.clear()
        if not lines[-1].endswith((b"\r", b"\n")):
            self._line += lines.pop()
        elif lines[-1].endswith(b"\r"):
            self._after_cr = True
        taken = [self._take_line(line.rstrip(b"\r\n")) for line in lines]
        self.ends_with_event = taken[-1] is not None and not self._line
        return [event for event in taken if event is not None]

    def finish(self) -> ServerSentEvent | None:
        """The event that a complete response left without its blank line, if any.

        The standard discards it, because a browser cannot tell the end of a stream from a cut. HTTP framing can:
        call this only when the message was complete. Servers that end with ``data: [DONE]`` exist.
        """
        last, self._line = bytes(self._line), bytearray()
        if last:
            self._take_line(last)
        return self._dispatch()

    def _take_line(self, line: bytes) -> ServerSentEvent | None:
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(_BOM)
        if not line:
            return self._dispatch()
        text = line.decode("utf-8", errors="replace")
        name, _, value = text.partition(":")
        if not self._take_field(name, value.removeprefix(" ")) and len(self.stray) < _STRAY_LINES:
            self.stray.append(text)
        return None

    def _take_field(self, name: str, value: str) -> bool:
        """Whether it is a field of the standard. A comment is one without a name, and ignored like ``retry``."""
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id" and "\0" not in value:
            self._id = value
        return name in _FIELDS

    def _dispatch(self) -> ServerSentEvent | None:
        event, data = self._event or "message", self._data
        self._event, self._data = "", []
        return ServerSentEvent(event=event, data="\n".join(data), id=self._id) if data else None


class Parser(Protocol):
    """Splits a byte stream into events, as `SseParser` does."""

    ends_with_event: bool
    stray: list[str]

    def feed(self, data: bytes) -> list[ServerSentEvent]: ...

    def finish(self) -> ServerSentEvent | None: ...


def events_of(
    chunks: Iterable[bytes], *, complete: bool, parser: Parser | None = None
) -> Iterator[tuple[int, ServerSentEvent, bool]]:
    """Each event with the position of the chunk that completed it, and whether that chunk ends with the event.

    complete: whether the response ended as HTTP says it must; only then an event without its blank line counts.
    parser: a fresh one, for those who want to know what was no event.
    """
    parser = parser or SseParser()
    position = 0
    for position, chunk in enumerate(chunks):
        events = parser.feed(chunk)
        for event in events[:-1]:
            yield position, event, False
        for event in events[-1:]:
            yield position, event, parser.ends_with_event
    if complete and (last := parser.finish()) is not None:
        yield position, last, False
