"""From an exchange to a sample: read the events, then say whether the request succeeded. Pure."""

import json
from collections.abc import Iterable
from http import HTTPStatus

from ragmeter.clients.dialects import Dialect
from ragmeter.clients.reading import Reading, as_text, excerpt
from ragmeter.clients.sse import events_of
from ragmeter.clients.transport import Exchange
from ragmeter.core.records import ErrorClass, Phase, RequestSample

_Fault = tuple[ErrorClass, str, int]


def decode(
    exchange: Exchange,
    dialect: Dialect,
    *,
    index: int,
    phase: Phase,
    trial: int = 0,
    step: int = 0,
    prompt_index: int = 0,
    scheduled_ns: int,
    origin_ns: int,
) -> RequestSample:
    """The sample of one exchange.

    ``scheduled_ns`` and ``origin_ns`` are readings of the clock of the exchange; in the sample every reading is
    relative to ``origin_ns``.

    Success: HTTP 2xx, a terminal event, text, no error event, all before the deadline. What happens after the
    terminal event (a connection that is cut, or never closed) does not undo it, and is not in ``ended_ns``.
    """
    reading = _read(exchange, dialect)
    fault = _first_fault(exchange, reading, dialect)
    tokens = [count for count in reading.events_tokens if count is not None]

    def since(at_ns: int | None) -> int | None:
        return None if at_ns is None else at_ns - origin_ns

    return RequestSample(
        index=index,
        phase=phase,
        trial=trial,
        step=step,
        prompt_index=prompt_index,
        scheduled_ns=scheduled_ns - origin_ns,
        sent_ns=since(exchange.sent_ns),
        dns_ns=exchange.dns_ns,
        connect_ns=exchange.connect_ns,
        tls_ns=exchange.tls_ns,
        first_source_ns=since(reading.first_source_ns),
        events_ns=tuple(at_ns - origin_ns for at_ns in reading.events_ns),
        inexact_events=None if exchange.earliest_ns is None else _inexact(reading.widths_ns),
        events_tokens=tuple(tokens) if tokens and len(tokens) == len(reading.events_ns) else None,
        ended_ns=(fault[2] if fault else reading.over_ns or exchange.ended_ns) - origin_ns,
        error=fault[0] if fault else None,
        error_message=fault[1] if fault else None,
        http_status=exchange.status,
        output_tokens=reading.output_tokens,
        prompt_tokens=reading.prompt_tokens,
        finish_reason=reading.finish_reason,
        answer_chars=reading.answer_chars,
        reasoning_chars=reading.reasoning_chars,
        timings=reading.timings,
        documents=reading.documents,
        request_id=reading.request_id or exchange.header("x-request-id"),
        trace_id=reading.trace_id or _refused_trace_id(exchange),
        replica_id=reading.replica_id,
        model_id=reading.model_id,
        sent_bytes=exchange.sent_bytes,
        received_bytes=exchange.received_bytes,
        rtt_us=exchange.rtt_us,
        retransmits=exchange.retransmits,
    )


def _refused_trace_id(exchange: Exchange) -> str | None:
    """Of a request that was answered with a JSON object about its failure in the place of a stream."""
    if exchange.status is None or _is_2xx(exchange):
        return None
    try:
        told = json.loads(exchange.body)
    except (ValueError, RecursionError):
        return None
    return as_text(told.get("trace_id")) if isinstance(told, dict) else None


def _read(exchange: Exchange, dialect: Dialect) -> Reading:
    reading = Reading()
    if not (_is_2xx(exchange) and _is_event_stream(exchange)):
        return reading
    framed = any(exchange.header(name) is not None for name in ("content-length", "transfer-encoding"))
    bodies = (body for _, body in exchange.chunks)
    for position, event, at_end in events_of(bodies, complete=framed and exchange.failure is None):
        reading.events += 1
        dialect.read(event, exchange.chunks[position][0], reading)
        if len(reading.events_ns) > len(reading.widths_ns):
            reading.widths_ns.append(exchange.width_ns(position, to_its_end=at_end) or 0)
        if reading.is_closed or reading.fault is not None:
            break
    return reading


def _inexact(widths_ns: Iterable[int]) -> tuple[tuple[int, int], ...]:
    return tuple((position, width_ns) for position, width_ns in enumerate(widths_ns) if width_ns > 0)


def _is_2xx(exchange: Exchange) -> bool:
    return exchange.status is not None and 200 <= exchange.status <= 299


def _is_event_stream(exchange: Exchange) -> bool:
    """A response that does not say what it is gets the benefit of the doubt."""
    media_type = (exchange.header("content-type") or "text/event-stream").partition(";")[0]
    return media_type.strip().lower() == "text/event-stream"


def _first_fault(exchange: Exchange, reading: Reading, dialect: Dialect) -> _Fault | None:
    """The first thing that went wrong, in the order in which a response goes by; None for a success."""
    if exchange.status is not None and not _is_2xx(exchange):
        return ErrorClass.HTTP_STATUS, _describe_status(exchange), exchange.ended_ns
    if not _is_event_stream(exchange) and exchange.body:
        return ErrorClass.PROTOCOL, _describe_media_type(exchange), exchange.ended_ns
    if reading.fault is not None and reading.fault_ns is not None:
        return *reading.fault, reading.fault_ns
    if reading.over_ns is None and exchange.failure is not None:
        return *exchange.failure, exchange.ended_ns
    if reading.over_ns is not None and reading.over_ns > exchange.deadline_ns:
        return ErrorClass.TIMEOUT, "the terminal event came after the deadline", reading.over_ns
    unsaid = _what_is_missing(reading, dialect)
    return None if unsaid is None else (*unsaid, exchange.ended_ns)


def _what_is_missing(reading: Reading, dialect: Dialect) -> tuple[ErrorClass, str] | None:
    """Of a response that HTTP calls complete and whose events are all readable."""
    if reading.events == 0:
        return ErrorClass.EMPTY, "the response has no event"
    if reading.events == len(reading.unknown):
        names = ", ".join(sorted(set(reading.unknown))[:5])
        return ErrorClass.PROTOCOL, excerpt(f"no event of a {dialect.name!r} stream, only: {names}")
    if reading.over_ns is None:
        return ErrorClass.TRUNCATED, "the response ended without a terminal event"
    if reading.answer_chars == 0:
        only = "only reasoning text" if reading.reasoning_chars else "no text"
        return ErrorClass.EMPTY, f"the answer has {only}"
    return None


def _describe_status(exchange: Exchange) -> str:
    status = exchange.status or 0
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    if 300 <= status <= 399:
        return excerpt(
            f"HTTP {status} {phrase}: redirects are not followed; the base URL should lead where it points: "
            f"{exchange.header('location')}"
        )
    return f"HTTP {status} {phrase}: {excerpt(exchange.body.decode('utf-8', errors='replace'))}".rstrip(": ")


def _describe_media_type(exchange: Exchange) -> str:
    text = excerpt(exchange.body.decode("utf-8", errors="replace"))
    return f"expected text/event-stream, got {exchange.header('content-type')}: does the path stream? {text}"
