"""What is kept of one request. Everything else is computed from a tuple of these and can be computed again.

Clock readings are integer nanoseconds of one monotonic clock since the run's origin; durations that a server
reports are milliseconds, as it sent them. ``None`` means "not known" and is never 0.
"""

from dataclasses import dataclass
from enum import StrEnum


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
    PROTOCOL = "protocol"
    INTERRUPTED = "interrupted"
    """Ended by us (Ctrl-C, end of the phase): neither a success nor the server's failure; counted apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTimings:
    """Stage times the backend reports for one request (``meta``/``done`` events), in ms. Contract: SSE ``timings``."""

    queue_ms: float | None = None
    embedding_ms: float | None = None
    retrieval_ms: float | None = None
    inference_ttft_ms: float | None = None
    inference_ms: float | None = None
    ttft_ms: float | None = None
    total_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSample:
    """One request as the client saw it.

    step: which part of its trial it belongs to, from 0: see `run.PhasePlan`.
    clock_id: which machine's clock its times are of. Times of different clocks are never subtracted from one another.
    scheduled_ns: when the schedule wanted it sent; in a closed loop, when its slot became free.
    sent_ns: first byte of the request handed to the kernel, or on its way out of it; None if the connection never came
        up.
    dns_ns, connect_ns, tls_ns: durations of setting up a new connection; None when one was reused.
    first_source_ns: arrival of ``meta`` with documents.
    events_ns: arrival of each event that carried non-empty answer text, ascending.
    inexact_events: those times that are not exact, as (position in ``events_ns``, width in ns): the event came within
        that width before its time. With the kernel's stamps they are events that came in one read with what followed
        and carry the stamp of its last segment, or that had no usable stamp and are dated when this process read them;
        with the capture ring, those of segments that it missed. HTTP framing behind an event counts as part of it: a
        server that writes it apart makes the event late by that much, unseen. None when the clock is ``user``, which
        cannot say.
    events_tokens: how many tokens each of those carried, where the server says so; else None.
    ended_ns: arrival of the end of the response, or the moment of failure.
    output_tokens: by the server's usage block only; None when it sent none.
    rtt_us: least round trip of the connection in the last minutes, in µs, by the kernel (TCP_INFO).
    retransmits: segments that this side sent again between the send and the end of the request.
    """

    index: int
    phase: Phase
    trial: int = 0
    step: int = 0
    clock_id: int = 0
    prompt_index: int = 0
    scheduled_ns: int
    sent_ns: int | None = None
    dns_ns: int | None = None
    connect_ns: int | None = None
    tls_ns: int | None = None
    first_source_ns: int | None = None
    events_ns: tuple[int, ...] = ()
    inexact_events: tuple[tuple[int, int], ...] | None = None
    events_tokens: tuple[int, ...] | None = None
    ended_ns: int
    error: ErrorClass | None = None
    error_message: str | None = None
    http_status: int | None = None
    output_tokens: int | None = None
    prompt_tokens: int | None = None
    finish_reason: str | None = None
    answer_chars: int = 0
    reasoning_chars: int = 0
    """Reasoning text, which is not answer text but does count in ``output_tokens``."""
    timings: ServerTimings = ServerTimings()
    documents: tuple[str, ...] = ()
    """Ids of the retrieved passages, best first."""
    request_id: str | None = None
    trace_id: str | None = None
    """Of the server's OpenTelemetry trace of this request, if it made one."""
    replica_id: str | None = None
    model_id: str | None = None
    sent_bytes: int = 0
    received_bytes: int = 0
    rtt_us: int | None = None
    retransmits: int | None = None

    def __post_init__(self) -> None:
        if any(later < earlier for earlier, later in zip(self.events_ns, self.events_ns[1:], strict=False)):
            raise ValueError(f"request {self.index}: events_ns must ascend, got {self.events_ns[:8]}…")
        if self.events_tokens is not None and len(self.events_tokens) != len(self.events_ns):
            raise ValueError(
                f"request {self.index}: {len(self.events_tokens)} token counts for {len(self.events_ns)} events"
            )

    @property
    def ok(self) -> bool:
        """Whether the request succeeded: HTTP 2xx, terminal event, non-empty text, no error event, in time."""
        return self.error is None
