"""What one stream said, collected event by event; and the one place where a server's JSON is believed or not."""

import json
import math
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ragmeter.clients.sse import ServerSentEvent
from ragmeter.core.records import ErrorClass, ServerTimings

EXCERPT_CHARS = 200
"""How much of a server's own words goes into an error message."""


@dataclass(slots=True)
class Reading:
    """Filled by a dialect while it reads a stream; nothing is read once it ``is_closed`` or has a ``fault``.

    over_ns: arrival of the last of what ends a stream: ``done``; ``finish_reason``, the usage after it, ``[DONE]``.
    widths_ns: how much earlier each of ``events_ns`` may have been; 0 also where nobody can say.
    is_closed: whether nothing can follow (``done``, ``[DONE]``).
    fault, fault_ns: the first error event or unreadable event.
    unknown: names of the events that the dialect does not know.
    """

    events_ns: list[int] = field(default_factory=list)
    events_tokens: list[int | None] = field(default_factory=list)
    widths_ns: list[int] = field(default_factory=list)
    answer_chars: int = 0
    reasoning_chars: int = 0
    first_source_ns: int | None = None
    documents: tuple[str, ...] = ()
    timings: ServerTimings = field(default_factory=ServerTimings)
    output_tokens: int | None = None
    prompt_tokens: int | None = None
    finish_reason: str | None = None
    request_id: str | None = None
    trace_id: str | None = None
    replica_id: str | None = None
    model_id: str | None = None
    is_predecessor: bool = False
    unknown: list[str] = field(default_factory=list)
    events: int = 0
    over_ns: int | None = None
    is_closed: bool = False
    fault: tuple[ErrorClass, str] | None = None
    fault_ns: int | None = None

    def close(self, at_ns: int) -> None:
        self.over_ns, self.is_closed = at_ns, True

    def add_text(self, text: str | None, at_ns: int, *, tokens: int | None) -> None:
        """Count a piece of the answer; one without text is none, whatever its event was called."""
        if text:
            self.events_ns.append(at_ns)
            self.events_tokens.append(tokens)
            self.answer_chars += len(text)

    def fail(self, error: ErrorClass, message: str, at_ns: int) -> None:
        self.fault, self.fault_ns = (error, excerpt(message)), at_ns

    def json_object(self, event: ServerSentEvent, at_ns: int) -> dict[str, Any] | None:
        """The event's data; None, and a fault, if it is no JSON object. An error event may be plain text."""
        try:
            payload = json.loads(event.data)
        except (ValueError, RecursionError):
            payload = {"message": event.data} if event.event == "error" else None
        if isinstance(payload, dict):
            return payload
        self.fail(ErrorClass.PROTOCOL, f"the data of event {event.event!r} is not a JSON object: {event.data}", at_ns)
        return None


def excerpt(text: str) -> str:
    """At most 200 characters on one line, without what a terminal would obey or UTF-8 cannot hold."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text[: 8 * EXCERPT_CHARS]).split())
    return line if len(line) <= EXCERPT_CHARS else line[: EXCERPT_CHARS - 1] + "…"


def as_text(value: Any) -> str | None:
    """A non-empty string, else None. Half a surrogate pair, which JSON can escape and UTF-8 cannot hold, becomes ?."""
    if not isinstance(value, str) or not value:
        return None
    return value if value.isascii() else value.encode("utf-8", errors="replace").decode("utf-8")


def as_count(value: Any) -> int | None:
    """A whole number from 0 up, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def as_ms(value: Any) -> float | None:
    """A finite number from 0 up, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and value >= 0 else None


def as_timings(value: Any, known: ServerTimings) -> ServerTimings:
    """``known`` with the stage times of ``value`` put in; keys that are not ours are ignored."""
    if not isinstance(value, dict):
        return known
    said = {stage.name: as_ms(value.get(stage.name)) for stage in fields(ServerTimings)}
    return replace(known, **{name: ms for name, ms in said.items() if ms is not None})
