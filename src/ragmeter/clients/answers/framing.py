"""Framings other than Server-Sent Events: bytes in, events out."""

import codecs
from collections.abc import Mapping

from ragmeter.clients.answers.sse import Parser, ServerSentEvent, SseParser
from ragmeter.core.inputs.targets.answer import Framing


class LineParser:
    """A JSON value a line (NDJSON, JSON Lines). The last line needs no end where the response is complete."""

    def __init__(self) -> None:
        self._line = bytearray()
        self.ends_with_event = False
        self.stray: list[str] = []

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        if b"\n" not in data:
            self._line += data
            self.ends_with_event = False
            return []
        *lines, rest = (bytes(self._line) + data).split(b"\n")
        self._line = bytearray(rest)
        self.ends_with_event = not rest
        return [self.event(line) for line in lines]

    def finish(self) -> ServerSentEvent | None:
        return self.event(bytes(self._line)) if self._line else None

    def event(self, line: bytes) -> ServerSentEvent:
        """Of a line without its end."""
        return _event(line)


class NamedLineParser(LineParser):
    """``NAME:JSON`` a line. A line without a name is one of JSON, which is then found to be none."""

    def event(self, line: bytes) -> ServerSentEvent:
        name, colon, data = line.decode("utf-8", errors="replace").partition(":")
        if not colon or not name.isalnum():
            return _event(line)
        return ServerSentEvent(event=name, data=data)


class TextParser:
    """The text as it comes: an event for each read with a whole character."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self.ends_with_event = True
        self.stray: list[str] = []

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        text = self._decoder.decode(data)
        return [ServerSentEvent(event="message", data=text)] if text else []

    def finish(self) -> ServerSentEvent | None:
        text = self._decoder.decode(b"", final=True)
        return ServerSentEvent(event="message", data=text) if text else None


class DocumentParser:
    """One document, which is whole when the response is."""

    def __init__(self) -> None:
        self._body = bytearray()
        self.ends_with_event = False
        self.stray: list[str] = []

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        self._body += data
        return []

    def finish(self) -> ServerSentEvent | None:
        return _event(bytes(self._body)) if self._body else None


class MessageParser:
    """A JSON value each read: where a plug-in hands on messages."""

    def __init__(self) -> None:
        self.ends_with_event = True
        self.stray: list[str] = []

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        return [_event(data)]

    def finish(self) -> None:
        """Nothing is left."""


_PARSERS: Mapping[Framing, type[Parser]] = {
    "sse": SseParser,
    "ndjson": LineParser,
    "named-lines": NamedLineParser,
    "text": TextParser,
    "json": DocumentParser,
    "messages": MessageParser,
}


def parser_of(framing: Framing) -> Parser:
    """A fresh one."""
    return _PARSERS[framing]()


def _event(line: bytes) -> ServerSentEvent:
    return ServerSentEvent(event="message", data=line.decode("utf-8", errors="replace"))
