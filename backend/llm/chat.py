"""The stream of one answer of the LLM: its text, its reasoning, its counts, and how it ended."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any, Protocol

from ..errors import LlmAbortedError, LlmCutError, LlmError, LlmProtocolError, LlmStatusError
from .chunks import Delta, chunk_of, error_text, failure_words, is_chunk, parse_event
from .counting import Counts
from .finish import finish_reason_of, gave_up, is_failure
from .sse import Event, EventReader
from .thoughts import ThoughtSplitter
from .times import NOTHING_TOLD, LlmTimes, says_that_it_began, times_of

_DRAIN_S = 0.5
_MAX_EVENT_BYTES = 2**20
_SHOWN_BYTES = 200
_NOTHING = (b"{}", b"null")
"""Data of an event that has nothing in it."""


class Body(Protocol):
    """The body of an HTTP response."""

    async def read(self) -> bytes:
        """What came since the last call; b"" at the end. Raises LlmError."""
        ...


class ChatStream:
    """The events of one answer, and what the LLM has told of it until now.

    begun_ns: reading of perf_counter_ns when it said that it begins with the prompt. round_trip_ms: of the connection.
    """

    def __init__(self, body: Body, *, round_trip_ms: float | None = None) -> None:
        self.round_trip_ms = round_trip_ms
        self.counts = Counts()
        self.finish_reason: str | None = None
        self.elsewhere: str | None = None
        self.times: LlmTimes = NOTHING_TOLD
        self.begun_ns: int | None = None
        self._body = body
        self._reader = EventReader()
        self._splitter = ThoughtSplitter()
        self._begun = False
        self._done = False

    async def read(self) -> list[Delta]:
        """The texts that came since the last call, at least one; [] at the end. Raises LlmError."""
        while not self._done:
            data = await self._body.read()
            deltas = self._taken(self._reader.feed(data) if data else self._reader.end())
            if self._reader.waiting_bytes > _MAX_EVENT_BYTES:
                raise LlmProtocolError(f"an event of the LLM is longer than {_MAX_EVENT_BYTES} bytes")
            if not data:
                self._end()
            if self._done:
                deltas += self._counted(self._splitter.end())
            if deltas:
                return deltas
        return []

    async def drain(self) -> None:
        """Waits for the end of the chunked coding, which may come after [DONE]: with it, the connection can be kept."""
        if not self._done:
            return
        with suppress(TimeoutError, LlmError):
            async with asyncio.timeout(_DRAIN_S):
                while await self._body.read():
                    pass

    def _end(self) -> None:
        self._check_stray()
        if not self._begun:
            shown = self._reader.begin[:_SHOWN_BYTES]
            raise LlmProtocolError(f"the LLM's answer is no stream of events: {shown!r}")
        if self.finish_reason is None and not self._done:
            raise LlmCutError("the LLM ended its answer without finish_reason and without [DONE]")
        self._done = True

    def _check_stray(self) -> None:
        """An error may come as it is, without the framing of an event."""
        for text in (b"\n".join(self._reader.stray), *self._reader.stray):
            with suppress(ValueError):
                if (words := failure_words(parse_event(text))) is not None:
                    raise LlmStatusError(f"the LLM reports: {words}")

    def _taken(self, events: list[Event]) -> list[Delta]:
        deltas: list[Delta] = []
        for name, data in events:
            self._begun = True
            if data.strip().startswith(b"[DONE]"):
                self._check_stray()
                self._done = True
                break
            deltas += self._event(name, data)
        return deltas

    def _event(self, name: str, data: bytes) -> list[Delta]:
        fails = is_failure(name)
        if name == "message" and data.strip() in _NOTHING:
            return []
        try:
            event = parse_event(data)
            if name != "message" and not fails and not is_chunk(event) and not event.get("error"):
                return []  # a name of its own: somebody else's
            if fails or (words := failure_words(event)) is not None:
                raise LlmStatusError(f"the LLM reports: {error_text(event) if fails else words}")
            return self._chunk(event)
        except ValueError as error:
            if fails:
                raise LlmStatusError(f"the LLM reports: {error_text(data)}") from error
            if name != "message":
                return []
            raise LlmProtocolError(
                f"an event of the LLM is not a chat completion chunk: {error}: {data[:_SHOWN_BYTES]!r}"
            ) from error

    def _chunk(self, event: dict[str, Any]) -> list[Delta]:
        """Raises OddValueError, and LlmAbortedError for a finish reason that says so."""
        chunk = chunk_of(event)
        self.times = times_of(event) or self.times
        if self.begun_ns is None and says_that_it_began(event):
            self.begun_ns = time.perf_counter_ns()
        tokens = None if chunk.usage is None else self.counts.take(chunk.usage)
        self.elsewhere = self.elsewhere or chunk.elsewhere
        reason = finish_reason_of(chunk.finish_reason)
        if reason is not None and gave_up(reason):
            raise LlmAbortedError(f"the LLM gave its answer up: finish_reason {reason!r}")
        self.finish_reason = reason or self.finish_reason
        if chunk.text and chunk.reasoning:
            tokens = None
        thoughts = [Delta(text=chunk.reasoning, tokens=tokens, is_reasoning=True)] if chunk.reasoning else []
        texts = self._splitter.feed(Delta(text=chunk.text, tokens=tokens)) if chunk.text else []
        return self._counted([*thoughts, *texts])

    def _counted(self, deltas: list[Delta]) -> list[Delta]:
        for delta in deltas:
            add = self.counts.add_reasoning if delta.is_reasoning else self.counts.add_text
            add(delta.text, delta.tokens)
        return deltas
