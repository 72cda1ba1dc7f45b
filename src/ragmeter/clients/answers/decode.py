"""From an exchange to a sample: read the events, then say whether the request succeeded. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ragmeter.clients.answers.counting import counts_of
from ragmeter.clients.answers.dialects import Dialect
from ragmeter.clients.answers.faults import first_fault, is_2xx
from ragmeter.clients.answers.framing import parser_of
from ragmeter.clients.answers.reading import Reading
from ragmeter.clients.answers.sse import events_of
from ragmeter.clients.answers.thoughts import part_thoughts
from ragmeter.clients.answers.told import as_text, parsed, within
from ragmeter.clients.connection.transport import Exchange
from ragmeter.clients.tokenizer import Ends
from ragmeter.core.inputs.masking import NO_SECRETS, Secrets
from ragmeter.core.requests.records import Phase, RequestSample


@dataclass(slots=True)
class Heard:
    """What an answer said, for who reads it. ids, passages: as in `ragmeter.core.figures.quality.scoring.Given`."""

    text: str = ""
    ids: tuple[str, ...] = ()
    passages: tuple[str, ...] | None = None

    def take(self, reading: Reading, *, tells_passages: bool) -> None:
        self.text, self.ids = "".join(reading.texts), reading.documents
        nothing = () if tells_passages and not reading.documents else None
        self.passages = nothing if reading.passages is None else reading.passages


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
    max_tokens: int | None = None,
    secrets: Secrets = NO_SECRETS,
    replica_header: str | None = None,
    ends: Ends | None = None,
    session: int | None = None,
    turn: int | None = None,
    heard: Heard | None = None,
) -> RequestSample:
    """The sample of one exchange.

    ``scheduled_ns`` and ``origin_ns`` are readings of the clock of the exchange; in the sample every reading is
    relative to ``origin_ns``. ``max_tokens``, what the request allowed, and ``ends``, of the workload's tokenizer: see
    `ragmeter.clients.answers.counting`. ``heard`` takes what was said, where somebody wants it.
    ``secrets`` are masked in every word of the server that the sample keeps. ``replica_header`` names the replica where
    the stream does not.

    Success: HTTP 2xx, a terminal event, text, nothing that is not of the dialect, all before the deadline. What happens
    after the terminal event (a connection that is cut, or never closed) does not undo it, and is not in ``ended_ns``.
    """
    reading = Reading(secrets=secrets)
    stray = _read(exchange, dialect, reading)
    part_thoughts(reading)
    fault = first_fault(exchange, reading, stray, dialect)
    if heard is not None:
        heard.take(reading, tells_passages=dialect.tells_passages)
    counts = counts_of(reading, max_tokens, is_whole=fault is None, ends=ends)
    ended_ns = fault[2] if fault else reading.over_ns or exchange.ended_ns
    timings, longer = within(reading.timings, None if exchange.sent_ns is None else (ended_ns - exchange.sent_ns) / 1e6)

    def masked(words: str | None) -> str | None:
        return None if words is None else secrets.mask(words)

    def since(at_ns: int | None) -> int | None:
        return None if at_ns is None else at_ns - origin_ns

    return RequestSample(
        index=index,
        phase=phase,
        trial=trial,
        step=step,
        prompt_index=prompt_index,
        session=session,
        turn=turn,
        scheduled_ns=scheduled_ns - origin_ns,
        sent_ns=since(exchange.sent_ns),
        dns_ns=exchange.dns_ns,
        connect_ns=exchange.connect_ns,
        tls_ns=exchange.tls_ns,
        fallback_ns=exchange.fallback_ns,
        first_source_ns=since(reading.first_source_ns),
        first_reasoning_ns=since(reading.first_reasoning_ns),
        events_ns=tuple(at_ns - origin_ns for at_ns in reading.events_ns),
        inexact_events=None if exchange.earliest_ns is None else _inexact(reading.widths_ns),
        events_tokens=counts.events_tokens,
        ended_ns=ended_ns - origin_ns,
        lingered_ns=None if fault or reading.over_ns is None else exchange.ended_ns - reading.over_ns,
        error=fault[0] if fault else None,
        error_message=masked(fault[1]) if fault else None,
        http_status=exchange.status,
        output_tokens=counts.output_tokens,
        token_source=counts.token_source,
        reasoning_tokens=counts.reasoning_tokens,
        token_doubt=counts.token_doubt,
        refused=(*counts.refused, *longer),
        prompt_tokens=reading.prompt_tokens,
        cached_tokens=reading.cached_tokens,
        finish_reason=masked(reading.finish_reason),
        answer_chars=reading.answer_chars,
        reasoning_chars=reading.reasoning_chars,
        timings=timings,
        documents=tuple(map(secrets.mask, reading.documents)),
        request_id=masked(reading.request_id or exchange.header("x-request-id")),
        trace_id=masked(reading.trace_id or _refused_trace_id(exchange)),
        replica_id=masked(reading.replica_id or (exchange.header(replica_header.lower()) if replica_header else None)),
        server_address=exchange.server_address,
        model_id=masked(reading.model_id),
        sent_bytes=exchange.sent_bytes,
        received_bytes=exchange.received_bytes,
        rtt_us=exchange.rtt_us,
        retransmits=exchange.retransmits,
    )


def _refused_trace_id(exchange: Exchange) -> str | None:
    """Of a request that was answered with a JSON object about its failure instead of a stream."""
    told = None if exchange.status is None or is_2xx(exchange) else parsed(exchange.body)
    return as_text(told.get("trace_id")) if isinstance(told, dict) else None


def _read(exchange: Exchange, dialect: Dialect, reading: Reading) -> Sequence[str]:
    """Enter what the body says; the lines of it that are of no event.

    The body decides whether it is a stream of events, and not its content type, as for the clients that people use.
    """
    parser = parser_of(dialect.framing)
    if not is_2xx(exchange):
        return ()
    framed = exchange.framed or any(
        exchange.header(name) is not None for name in ("content-length", "transfer-encoding")
    )
    bodies = (body for _, body in exchange.chunks)
    is_complete = framed and exchange.failure is None
    for position, event, at_end in events_of(bodies, complete=is_complete, parser=parser):
        if dialect.is_pause(event):
            continue
        reading.events += 1
        dialect.read(event, exchange.chunks[position][0], reading)
        if len(reading.events_ns) > len(reading.widths_ns):
            reading.widths_ns.append(exchange.width_ns(position, to_its_end=at_end) or 0)
        if reading.is_closed or reading.fault is not None:
            break
    if dialect.ends_with_response and is_complete and reading.events and reading.fault is None:
        reading.over_ns = reading.over_ns or exchange.ended_ns
    return parser.stray


def _inexact(widths_ns: Iterable[int]) -> tuple[tuple[int, int], ...]:
    return tuple((position, width_ns) for position, width_ns in enumerate(widths_ns) if width_ns > 0)
