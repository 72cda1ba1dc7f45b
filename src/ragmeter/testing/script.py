"""What a ground-truth stream is told to do, and what it did."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple


class Contract(StrEnum):
    """The wire format, chosen by the path of the request."""

    RAG = "rag"
    OPENAI = "openai"


class LlmTimes(NamedTuple):
    """What an LLM server would say of one request, in ms, until its first token."""

    queue: float
    prefill: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamScript:
    """One stream with known times and counts.

    ttft_ms: from the request read whole to the first text event. itl_ms: the gaps between text events; one number
    for all, or one per gap. breaks_after: how many text events come before an oddity that ends the stream.
    replica_id: what the stream calls its server.
    llm_queue_ms: the LLM's queue, told with its prefill: the first stream that is played waits for the first of them,
    and so on, over and over; its text begins so much later. Without any, neither is told.
    oddity: a key of `ragmeter.testing.ODDITIES`; None for a stream as it should be.
    """

    ttft_ms: float = 20.0
    itl_ms: float | tuple[float, ...] = 5.0
    tokens: int = 16
    tokens_per_event: int = 1
    prompt_tokens: int = 32
    breaks_after: int = 3
    replica_id: str = "ground-truth-0"
    llm_queue_ms: tuple[float, ...] = ()
    oddity: str | None = None

    def __post_init__(self) -> None:
        gaps = self.itl_ms if isinstance(self.itl_ms, tuple) else (self.itl_ms,)
        if self.ttft_ms < 0 or any(ms < 0 for ms in (*gaps, *self.llm_queue_ms)):
            raise ValueError(
                f"ttft_ms {self.ttft_ms}, itl_ms {self.itl_ms} and llm_queue_ms {self.llm_queue_ms} must be >= 0"
            )
        if self.tokens < 1 or self.tokens_per_event < 1 or self.breaks_after < 0:
            raise ValueError(
                f"tokens {self.tokens} and tokens_per_event {self.tokens_per_event} must be >= 1, "
                f"breaks_after {self.breaks_after} >= 0"
            )
        if isinstance(self.itl_ms, tuple) and len(self.itl_ms) != self.text_events - 1:
            raise ValueError(f"{len(self.itl_ms)} gaps for {self.text_events} text events: one fewer is needed")

    @property
    def text_events(self) -> int:
        return -(-self.tokens // self.tokens_per_event)

    def turn(self, number: int) -> "StreamScript":
        """The script of the stream of this number, from 0: with one queue, which is in its ``ttft_ms``."""
        if not self.llm_queue_ms:
            return self
        queue_ms = self.llm_queue_ms[number % len(self.llm_queue_ms)]
        return replace(self, ttft_ms=self.ttft_ms + queue_ms, llm_queue_ms=(queue_ms,))

    def llm_times_ms(self, contract: Contract) -> LlmTimes:
        """Of one turn. A RAG service spends half of what is no queue before it asks the LLM."""
        queue_ms = self.llm_queue_ms[0] if self.llm_queue_ms else 0.0
        rest_ms = self.ttft_ms - queue_ms
        return LlmTimes(queue=queue_ms, prefill=rest_ms / 2 if contract is Contract.RAG else rest_ms)

    def text_times_ms(self) -> list[float]:
        """When each text event is due, from the request on."""
        gaps = self.itl_ms if isinstance(self.itl_ms, tuple) else (self.itl_ms,) * (self.text_events - 1)
        times = [self.ttft_ms]
        for gap in gaps:
            times.append(times[-1] + gap)
        return times

    def tokens_of(self, event: int) -> int:
        """How many tokens text event ``event`` (from 0) carries."""
        return min(self.tokens_per_event, self.tokens - event * self.tokens_per_event)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamTruth:
    """What the server did for one request; times are ``time.monotonic_ns`` readings of this machine.

    connection: which connection of the server it came on, from 0. read_ns: the request was read whole.
    text_ns: just before the last byte of each text event was handed to the kernel. text_tokens: how many tokens each
    carried. ended_ns: the response was written whole or given up; None while it runs.
    client_left: whether the client closed the connection first.
    """

    request_id: str
    script: str
    contract: Contract
    connection: int
    read_ns: int
    text_ns: tuple[int, ...] = ()
    text_tokens: tuple[int, ...] = ()
    ended_ns: int | None = None
    client_left: bool = False
