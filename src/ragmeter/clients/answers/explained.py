"""An answer event by event: the bytes as they came beside what was read of them."""

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, fields
from typing import Any

from ragmeter.clients.answers.dialects import Dialect
from ragmeter.clients.answers.framing import parser_of
from ragmeter.clients.answers.reading import Reading
from ragmeter.clients.answers.sse import ServerSentEvent, events_of
from ragmeter.clients.connection.transport import Exchange

_OF_NO_INTEREST = (
    "events",
    "widths_ns",
    "running",
    "counted",
    "said",
    "is_countless",
    "events_tokens",
    "texts",
    "thoughts",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEvent:
    """at_ms: since the send. read: fields of `Reading` that the event changed, by name."""

    at_ms: float
    event: ServerSentEvent
    read: Mapping[str, Any]


def read_events(exchange: Exchange, dialect: Dialect) -> Iterator[ReadEvent]:
    """Every event of an answer in order, also those behind the one that ends it."""
    reading = Reading()
    bodies = (body for _, body in exchange.chunks)
    for position, event, _ in events_of(bodies, complete=exchange.failure is None, parser=parser_of(dialect.framing)):
        at_ns = exchange.chunks[position][0]
        before = _seen(reading)
        if not dialect.is_pause(event) and not reading.is_closed and reading.fault is None:
            dialect.read(event, at_ns, reading)
        changed = {name: value for name, value in _seen(reading).items() if value != before[name]}
        yield ReadEvent(at_ms=(at_ns - (exchange.sent_ns or at_ns)) / 1e6, event=event, read=changed)


def _seen(reading: Reading) -> dict[str, Any]:
    """Lists as they are at the moment."""
    names = (field.name for field in fields(Reading) if field.name not in _OF_NO_INTEREST)
    return {name: copy(getattr(reading, name)) for name in names}
