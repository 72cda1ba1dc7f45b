"""What a server's counts are worth: which are figures, which cannot be, and which tokens were seen in the stream.

A token of text is at least one byte of it. So a count above the bytes of the text is no count of that text: it holds
reasoning that was not shown, or is wrong; and a count above what was asked for, which the events do not show, is wrong.
"""

from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate

from ragmeter.clients.answers.reading import Reading
from ragmeter.clients.tokenizer import Ends
from ragmeter.core.requests.measures import REASONING_UNTOLD
from ragmeter.core.requests.records import TokenSource

SPECIAL_TOKENS = 8
"""Tokens without text that an answer may have: its end, the marks around reasoning."""
KNOWN_WITHIN = 0.05
"""Tokens that the events leave open are special ones, up to this share of the answer."""
PLAIN_BYTES = 2.0
"""Plain ASCII text has more bytes a token than that, where events hold several: below it, some were not in the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The token fields of a sample: see `ragmeter.core.requests.records.RequestSample`."""

    output_tokens: int | None
    token_source: TokenSource
    reasoning_tokens: int | None
    events_tokens: tuple[int, ...] | None
    token_doubt: str | None = None
    refused: tuple[str, ...] = ()


def counts_of(reading: Reading, max_tokens: int | None, *, is_whole: bool, ends: Ends | None = None) -> Counts:
    """max_tokens: what the request allowed. is_whole: whether it succeeded; of one that did not, the text is no check.
    ends: of the workload's tokenizer.

    Tokens are counted by usage where the server says anything of it, else by the tokenizer, else by the events with
    text.
    """
    of_events = _all_known(reading.events_tokens)
    by_usage = reading.output_tokens
    if by_usage is None and is_whole and of_events is not None:
        by_usage = sum(of_events) + sum(_all_known(reading.running) or ())
    if not is_whole:
        return Counts(
            output_tokens=by_usage,
            token_source=TokenSource.USAGE,
            reasoning_tokens=reading.reasoning_told,
            events_tokens=of_events,
            refused=tuple(reading.refused),
        )
    if (words := _impossible(reading, by_usage, of_events, max_tokens)) is not None:
        reading.refuse(words)
        by_usage = of_events = None
    elif by_usage is None and not reading.count_refused:
        if ends is not None:
            return _by_tokenizer(reading, ends)
        if not reading.is_countless:
            return _by_events(reading)
    thought = _reasoning(reading, by_usage, of_events)
    return Counts(
        output_tokens=by_usage,
        token_source=TokenSource.USAGE,
        reasoning_tokens=thought,
        events_tokens=of_events,
        token_doubt=None if of_events else _doubt(reading, by_usage, thought),
        refused=tuple(reading.refused),
    )


def _all_known(counts: list[int | None]) -> tuple[int, ...] | None:
    """None as soon as one is not known, or there are none."""
    known = tuple(count for count in counts if count is not None)
    return known if known and len(known) == len(counts) else None


def _by_events(reading: Reading) -> Counts:
    """One for each event with text, reasoning included, as a usage block would have it."""
    if reading.zero_told:
        reading.refuse(f"0 output tokens were told for {reading.answer_bytes} bytes of text: counted by events instead")
    return Counts(
        output_tokens=len(reading.events_ns) + reading.reasoning_events,
        token_source=TokenSource.DELTAS,
        reasoning_tokens=reading.reasoning_events or None,
        events_tokens=None,
        refused=tuple(reading.refused),
    )


def _by_tokenizer(reading: Reading, ends: Ends) -> Counts:
    """Of the text as it was read. A token that several events carried is one of the event in which it ended."""
    if reading.zero_told:
        reading.refuse(
            f"0 output tokens were told for {reading.answer_bytes} bytes of text: counted by tokenizer instead"
        )
    bounds = list(accumulate(map(len, reading.texts)))
    of_events = [0] * len(reading.texts)
    for end in ends("".join(reading.texts)):
        of_events[bisect_left(bounds, end)] += 1
    thought = len(ends("".join(reading.thoughts)))
    return Counts(
        output_tokens=sum(of_events) + thought,
        token_source=TokenSource.TOKENIZER,
        reasoning_tokens=thought or None,
        events_tokens=tuple(of_events),
        refused=tuple(reading.refused),
    )


def _impossible(
    reading: Reading, tokens: int | None, of_events: tuple[int, ...] | None, max_tokens: int | None
) -> str | None:
    """Why the count cannot be; None when it can."""
    if tokens is None:
        return None
    shown = len(reading.events_ns) + reading.reasoning_events
    thought = reading.reasoning_told or 0
    if max_tokens is not None and tokens - thought > max(max_tokens + 1, shown):
        return f"{tokens} output tokens were told where {max_tokens} were allowed"
    if of_events is not None and sum(of_events) > tokens:
        return f"{tokens} output tokens were told, and {sum(of_events)} event by event"
    if thought > tokens:
        return f"{thought} reasoning tokens were told of {tokens} output tokens"
    has_more = any(place.startswith("delta.") for place in reading.elsewhere)
    room = reading.answer_bytes + (0 if thought else reading.reasoning_bytes) + SPECIAL_TOKENS
    if tokens - thought > room and not has_more:
        return (
            f"{tokens - thought} output tokens were told for {room - SPECIAL_TOKENS} bytes of text: a token has at "
            "least one; hidden reasoning must be told as reasoning_tokens"
        )
    return None


def _reasoning(reading: Reading, tokens: int | None, of_events: tuple[int, ...] | None) -> int | None:
    """Told, or seen event by event, or what the events leave where each of them can only have held one token."""
    if not reading.reasoning_events or reading.reasoning_told:
        return reading.reasoning_told
    if (running := _all_known(reading.running)) is not None:
        return sum(running)
    if tokens is None:
        return None
    if of_events is not None:
        return max(0, tokens - sum(of_events))
    texts = len(reading.events_ns)
    left = tokens - reading.reasoning_events - texts
    return tokens - texts if 0 <= left <= KNOWN_WITHIN * texts else None


def _doubt(reading: Reading, tokens: int | None, thought: int | None) -> str | None:
    """Why nobody can say how many tokens came between the first and the last text; None when it can be said."""
    if tokens is None:
        return None
    if reading.reasoning_events and thought is None:
        return REASONING_UNTOLD
    seen, events = tokens - (thought or 0), len(reading.events_ns)
    plain = reading.answer_bytes == reading.answer_chars
    if plain and events > 1 and seen >= 2 * events and reading.answer_bytes + SPECIAL_TOKENS < PLAIN_BYTES * seen:
        return (
            f"{seen} tokens were told for {reading.answer_bytes} bytes of text in {events} events: probably hidden "
            "reasoning is in the count"
        )
    return None
