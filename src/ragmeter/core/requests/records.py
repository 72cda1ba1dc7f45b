"""What is kept of one request. Everything else is computed from a tuple of these and can be computed again.

Clock readings are integer nanoseconds of one monotonic clock since the run's origin; durations that a server
reports are milliseconds, as it sent them. ``None`` means "not known" and is never 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final

from ragmeter.core.requests.moments import Moments
from ragmeter.core.requests.scores import AnswerScores


class Phase(StrEnum):
    """Requests of the warm-up and of a search are kept and reported apart; no figure of the measured phase has them."""

    WARMUP = "warmup"
    SEARCH = "search"
    MEASURED = "measured"


class ErrorClass(StrEnum):
    """Why a request failed. Each failed request has exactly one class: the first thing that went wrong."""

    CONNECT = "connect"
    TLS = "tls"
    HTTP_STATUS = "http_status"
    TIMEOUT = "timeout"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    ERROR_EVENT = "error_event"
    ABORTED = "aborted"
    """The answer ended with a finish reason that says the server gave it up: see `ragmeter.core.requests.finish`."""
    PROTOCOL = "protocol"
    CLIENT = "client"
    """A fault of this machine (no file descriptor, no port, no route): says nothing of the service; counted apart."""
    INTERRUPTED = "interrupted"
    """Ended by us (Ctrl-C, end of the phase): neither a success nor the server's failure; counted apart."""

    LEFT = "left"
    """Its client went away at the time that the workload drew: part of the load, and no failure; counted apart."""


OURS = frozenset({ErrorClass.CLIENT, ErrorClass.INTERRUPTED, ErrorClass.LEFT})
"""What ended a request without the service having a part in it: neither a success nor a failure of it."""


class TokenSource(StrEnum):
    """How output tokens were counted. An event may carry several tokens: counts of two sources are not compared."""

    USAGE = "usage"
    """By the LLM, as its usage block says."""
    DELTAS = "deltas"
    """One for each event that carried text, where the server sent no usage block."""
    TOKENIZER = "tokenizer"
    """By the workload's tokenizer, of the text that was read, where the server sent no usage block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTimings:
    """Stage times the backend reports for one request (``meta``/``done`` events), in ms. Contract: SSE ``timings``.

    inference_ttft_ms, inference_ms: what it waited for the LLM server, until the first text and until the end. The
    others with ``llm`` are parts of that: llm_network_ms: the least round trip to the LLM server; llm_queue_ms: until
    that server began with the request; llm_prefill_ms: from there to its first token; llm_decode_ms: all tokens after
    the first.
    further: stages before the first text that have none of these names, in the order in which they were told. later:
    the same of stages of which nobody says that they come before it.
    """

    queue_ms: float | None = None
    embedding_ms: float | None = None
    retrieval_ms: float | None = None
    inference_ttft_ms: float | None = None
    inference_ms: float | None = None
    ttft_ms: float | None = None
    total_ms: float | None = None
    llm_network_ms: float | None = None
    llm_queue_ms: float | None = None
    llm_prefill_ms: float | None = None
    llm_decode_ms: float | None = None
    further: tuple[tuple[str, float], ...] = ()
    later: tuple[tuple[str, float], ...] = ()


STAGE_TIMES: Final = tuple(each.name for each in fields(ServerTimings) if each.name.endswith("_ms"))
"""The names of `ServerTimings` that are times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSample:
    """One request as the client saw it.

    step: which part of its trial it belongs to, from 0: see `core.schedule.plan.PhasePlan`.
    clock_id: which machine's clock its times are of. Times of different clocks are never subtracted from one another.
    scheduled_ns: when the schedule wanted it sent; in a closed loop, when its slot became free.
    sent_ns: first byte of the request handed to the kernel, or on its way out of it; None if the connection never came
        up.
    dns_ns, connect_ns, tls_ns: durations of setting up a new connection; None when one was reused.
    fallback_ns: what of ``connect_ns`` went to addresses of the host that did not answer in time; None where the first
        one did.
    first_source_ns: arrival of ``meta`` with documents.
    first_reasoning_ns: arrival of the first reasoning text; None when there was none.
    events_ns: arrival of each event that carried non-empty answer text, ascending; kept as `Moments`.
    inexact_events: those times that are not exact, as (position in ``events_ns``, width in ns): the event came within
        that width before its time. With the kernel's stamps they are events that came in one read with what followed
        and carry the stamp of its last segment, or that had no usable stamp and are dated when this process read them;
        with the capture ring, those of segments that it missed. HTTP framing behind an event counts as part of it: a
        server that writes it apart makes the event late by that much, unseen. None when the clock is ``user``, which
        cannot say.
    events_tokens: how many tokens each of those carried, where the server says so; else None.
    ended_ns: arrival of the end of the response, or the moment of failure.
    lingered_ns: how long the body stayed open after the terminal event; its connection served nobody else meanwhile.
    output_tokens: by the LLM's usage block; of a success without one, the number of events with text, reasoning
        included, or the tokens of its text by the workload's tokenizer. token_source: which of them it is; it says
        nothing where there is no count.
    reasoning_tokens: how many of them are reasoning; None where nobody tells and the events do not show it.
    token_doubt: why it is not known how many tokens came between the first and the last text; None where it is.
    cached_tokens: prompt tokens that the LLM had in its prefix cache; None where nobody tells.
    refused: what the server told that cannot be and so is no figure, in words.
    rtt_us: least round trip of the connection in the last minutes, in µs, by the kernel (TCP_INFO).
    retransmits: segments that this side sent again between the send and the end of the request.
    """

    index: int
    phase: Phase
    trial: int = 0
    step: int = 0
    clock_id: int = 0
    prompt_index: int = 0
    session: int | None = None
    """Of a conversation: its number in the run, from 0; None where each request is one of its own."""
    turn: int | None = None
    """Of a conversation: which of its questions this is, from 1."""
    scheduled_ns: int
    sent_ns: int | None = None
    dns_ns: int | None = None
    connect_ns: int | None = None
    tls_ns: int | None = None
    fallback_ns: int | None = None
    first_source_ns: int | None = None
    first_reasoning_ns: int | None = None
    events_ns: Sequence[int] = ()
    inexact_events: tuple[tuple[int, int], ...] | None = None
    events_tokens: tuple[int, ...] | None = None
    ended_ns: int
    lingered_ns: int | None = None
    error: ErrorClass | None = None
    error_message: str | None = None
    http_status: int | None = None
    output_tokens: int | None = None
    token_source: TokenSource = TokenSource.USAGE
    reasoning_tokens: int | None = None
    token_doubt: str | None = None
    refused: tuple[str, ...] = ()
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    finish_reason: str | None = None
    answer_chars: int = 0
    reasoning_chars: int = 0
    """Reasoning text, which is not answer text but does count in ``output_tokens``."""
    timings: ServerTimings = ServerTimings()
    documents: tuple[str, ...] = ()
    """Ids of the retrieved passages, best first."""
    scores: AnswerScores | None = None
    """Of the answer's text, where it was read; None of a failure, and in records that were written without them."""
    request_id: str | None = None
    trace_id: str | None = None
    """Of the server's OpenTelemetry trace of this request, if it made one."""
    sent_trace_id: str | None = None
    """That was sent along in ``traceparent``; None where spans are not received."""
    replica_id: str | None = None
    """Of the replica that answered, as the service tells it."""
    server_address: str | None = None
    """Of the host that the connection went to, as a number: one name may stand for several."""
    model_id: str | None = None
    sent_bytes: int = 0
    received_bytes: int = 0
    rtt_us: int | None = None
    retransmits: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.events_ns, Moments):
            object.__setattr__(self, "events_ns", Moments(self.events_ns))
        if list(self.events_ns) != sorted(self.events_ns):
            raise ValueError(f"request {self.index}: events_ns must ascend, got {self.events_ns[:8]}…")
        if self.events_tokens is not None and len(self.events_tokens) != len(self.events_ns):
            raise ValueError(
                f"request {self.index}: {len(self.events_tokens)} token counts for {len(self.events_ns)} events"
            )

    @property
    def moments(self) -> Moments:
        """``events_ns``, of which an array can be had."""
        return self.events_ns if isinstance(self.events_ns, Moments) else Moments(self.events_ns)

    @property
    def ok(self) -> bool:
        """Whether the request succeeded: HTTP 2xx, terminal event, non-empty text, no error event, in time."""
        return self.error is None

    @property
    def failure(self) -> str:
        """``HTTP 401 Unauthorized: token expired``, ``timeout: no response within 2 s``; empty of a success."""
        if self.error is None:
            return ""
        if self.error is ErrorClass.HTTP_STATUS and self.error_message:
            return self.error_message
        said = f": {self.error_message}" if self.error_message else ""
        return f"{self.error.value.replace('_', ' ')}{said}"
