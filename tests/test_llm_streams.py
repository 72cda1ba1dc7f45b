"""One table of LLM streams: the client that measures and the backend in front of the LLM make the same of each."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from backend.errors import (
    LlmAbortedError,
    LlmCutError,
    LlmError,
    LlmProtocolError,
    LlmStatusError,
)
from backend.llm import finish as backend_finish
from backend.llm.chat import ChatStream
from backend.llm.chunks import Delta
from ragmeter.clients.answers.decode import decode
from ragmeter.clients.answers.dialects import OpenAiDialect
from ragmeter.clients.connection.transport import Exchange
from ragmeter.core.requests import finish as client_finish
from ragmeter.core.requests.finish import Ending, ending_of
from ragmeter.core.requests.measures import tpot_ms, why_no_tpot
from ragmeter.core.requests.records import ErrorClass, Phase, RequestSample, TokenSource
from tests.llm_streams import MAX_TOKENS, MISSHAPEN, STREAMS, LlmStream

SSE = (("content-type", "text/event-stream"), ("transfer-encoding", "chunked"))
MS = 1_000_000
BACKEND_ERRORS: dict[ErrorClass, type[LlmError]] = {
    ErrorClass.ABORTED: LlmAbortedError,
    ErrorClass.ERROR_EVENT: LlmStatusError,
    ErrorClass.PROTOCOL: LlmProtocolError,
    ErrorClass.TRUNCATED: LlmCutError,
    ErrorClass.EMPTY: LlmProtocolError,
}


def by_event(body: bytes) -> list[bytes]:
    """A piece for each event, or the whole where its events do not end with two LF."""
    parts = body.split(b"\n\n")
    return [part + b"\n\n" for part in parts[:-1]] + [parts[-1]]


def sample_of(body: bytes) -> RequestSample:
    """As the client reads it, an event every 10 ms."""
    chunks = tuple((n * 10 * MS, piece) for n, piece in enumerate(by_event(body), start=1))
    exchange = Exchange(sent_ns=0, status=200, headers=SSE, chunks=chunks, ended_ns=9_000 * MS, deadline_ns=10_000 * MS)
    return decode(
        exchange,
        OpenAiDialect(model="m"),
        index=0,
        phase=Phase.MEASURED,
        scheduled_ns=0,
        origin_ns=0,
        max_tokens=MAX_TOKENS,
    )


class Pieces:
    """A body that comes in pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = [piece for piece in pieces if piece]

    async def read(self) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""


def read_by_backend(pieces: list[bytes]) -> tuple[list[Delta], ChatStream]:
    """Raises LlmError."""

    async def all_of_it() -> tuple[list[Delta], ChatStream]:
        stream, deltas = ChatStream(Pieces(pieces)), []
        while batch := await stream.read():
            deltas += batch
        stream.counts.check(MAX_TOKENS)
        return deltas, stream

    return asyncio.run(all_of_it())


def texts_of(deltas: list[Delta], *, reasoning: bool) -> str:
    return "".join(delta.text for delta in deltas if delta.is_reasoning is reasoning)


WHOLE = {name: stream for name, stream in STREAMS.items() if stream.failure is None}
FAILED = {name: stream for name, stream in (STREAMS | MISSHAPEN).items() if stream.failure is not None}


@pytest.mark.parametrize("stream", WHOLE.values(), ids=WHOLE)
def test_the_client_reads_a_whole_answer(stream: LlmStream) -> None:
    sample = sample_of(stream.body)
    assert sample.ok, f"{sample.error}: {sample.error_message}"
    assert (sample.answer_chars, sample.reasoning_chars) == (len(stream.text), len(stream.reasoning))
    counted = stream.tokens if stream.by_events is None else stream.by_events
    assert (sample.output_tokens, sample.finish_reason) == (counted, stream.finish)
    assert sample.token_source is (TokenSource.USAGE if stream.by_events is None else TokenSource.DELTAS)
    assert sample.reasoning_tokens == stream.reasoning_tokens
    assert sample.cached_tokens == stream.cached
    assert bool(sample.refused) == (stream.refused or stream is STREAMS["zeros against text"])


@pytest.mark.parametrize("stream", WHOLE.values(), ids=WHOLE)
def test_tpot_is_of_the_tokens_between_the_first_and_the_last_text_or_says_why_not(stream: LlmStream) -> None:
    sample = sample_of(stream.body)
    decode_ms = (sample.events_ns[-1] - sample.events_ns[0]) / MS
    later = stream.later if stream.by_events is None else stream.by_events - 1
    known = later is not None and decode_ms > 0
    assert tpot_ms(sample) == (pytest.approx(decode_ms / later) if known and later else None)
    assert (why_no_tpot(sample) is None) == known


@pytest.mark.parametrize("stream", WHOLE.values(), ids=WHOLE)
def test_the_backend_reads_a_whole_answer(stream: LlmStream) -> None:
    deltas, read = read_by_backend(by_event(stream.body))
    assert texts_of(deltas, reasoning=False) == stream.text
    assert texts_of(deltas, reasoning=True) == stream.reasoning
    assert (read.counts.output_tokens, read.finish_reason) == (stream.tokens, stream.finish)
    assert read.counts.reasoning_tokens == stream.reasoning_tokens
    assert read.counts.cached_tokens == stream.cached
    assert read.counts.later_tokens == stream.later
    assert bool(read.counts.refused) == stream.refused


@pytest.mark.parametrize("stream", FAILED.values(), ids=FAILED)
def test_the_client_calls_a_failure_one_with_the_words_of_the_server(stream: LlmStream) -> None:
    sample = sample_of(stream.body)
    assert sample.error is stream.failure, sample.error_message
    assert stream.words in (sample.error_message or "")


@pytest.mark.parametrize("stream", FAILED.values(), ids=FAILED)
def test_the_backend_calls_a_failure_one_with_the_words_of_the_server(stream: LlmStream) -> None:
    assert stream.failure is not None
    if stream.failure is ErrorClass.EMPTY and b"data:" in stream.body:
        deltas, read = read_by_backend(by_event(stream.body))
        assert texts_of(deltas, reasoning=False) == ""
        assert read.elsewhere == stream.words or texts_of(deltas, reasoning=True)
        return
    with pytest.raises(BACKEND_ERRORS[stream.failure]) as raised:
        read_by_backend(by_event(stream.body))
    assert type(raised.value) is BACKEND_ERRORS[stream.failure]
    assert stream.words in str(raised.value)


@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)
@pytest.mark.parametrize("size", [1, 2, 7])
def test_how_the_bytes_are_cut_makes_no_difference_to_the_backend(stream: LlmStream, size: int) -> None:
    def outcome(pieces: list[bytes]) -> object:
        try:
            deltas, read = read_by_backend(pieces)
        except LlmError as error:
            return type(error), str(error)
        return deltas, read.counts, read.finish_reason

    bounds = [*range(0, len(stream.body), size), len(stream.body)]
    assert outcome([stream.body[a:b] for a, b in pairwise(bounds)]) == outcome([stream.body])


def test_client_and_backend_have_one_table_of_terminal_states() -> None:
    failures = client_finish._REASONS[Ending.FAILED]
    assert set(failures) == backend_finish._GIVEN_UP
    for reason in client_finish._ENDINGS:
        assert backend_finish.gave_up(reason.upper()) == (ending_of(reason.upper()) is Ending.FAILED)
    for nothing in (None, "", "null", " None ", 0):
        assert client_finish.finish_reason_of(nothing) is backend_finish.finish_reason_of(nothing) is None
