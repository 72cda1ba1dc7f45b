"""Server-Sent Events from bytes, for the stream of an LLM."""

from __future__ import annotations

from .finish import is_failure

_FIELDS = frozenset((b"data", b"event", b"id", b"retry", b""))
_MAX_STRAY = 100
_BEGIN_BYTES = 1024
_BOM = b"\xef\xbb\xbf"

Event = tuple[str, bytes]
"""Its name, ``message`` without one, and its data."""


class EventReader:
    """stray: the first lines that belong to no event, such as an error that was written without any framing.

    begin: the first bytes of all. waiting_bytes: of the event that is not complete.
    """

    def __init__(self) -> None:
        self.stray: list[bytes] = []
        self.begin = b""
        self.waiting_bytes = 0
        self._begun = False
        self._skip_lf = False
        self._rest = b""
        self._name = ""
        self._data: list[bytes] = []

    def feed(self, data: bytes) -> list[Event]:
        """The events that are complete with these bytes. A line ends with LF, CR or both."""
        if self._skip_lf and data:
            data = data.removeprefix(b"\n")
        if len(self.begin) < _BEGIN_BYTES:
            self.begin += data[:_BEGIN_BYTES]
        lines = (self._rest + data).splitlines(keepends=True)
        self._skip_lf = bool(lines) and lines[-1].endswith(b"\r")
        self._rest = lines.pop() if lines and not lines[-1].endswith((b"\n", b"\r")) else b""
        events = [event for line in lines if (event := self._line(line.rstrip(b"\r\n"))) is not None]
        self.waiting_bytes = len(self._rest) + (sum(map(len, self._data)) if self._data else 0)
        return events

    def end(self) -> list[Event]:
        """The event that the body left without a blank line, if any."""
        last, self._rest = self._line(self._rest), b""
        return [event for event in (last, self._line(b"")) if event is not None]

    def _line(self, line: bytes) -> Event | None:
        if not self._begun:
            self._begun, line = True, line.removeprefix(_BOM)
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
        elif name == b"event":
            self._name = value.strip().decode("utf-8", "replace")
        elif name not in _FIELDS and len(self.stray) < _MAX_STRAY:
            self.stray.append(line)
        return None

    def _dispatch(self) -> Event | None:
        """An event without data is a keep-alive, unless its name is a failure."""
        name, data, is_there = self._name or "message", b"\n".join(self._data), bool(self._data)
        self._name, self._data = "", []
        return (name, data) if data.strip() or (is_there and is_failure(name)) else None
