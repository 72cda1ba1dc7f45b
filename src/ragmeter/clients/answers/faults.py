"""Why a request failed: the first thing that went wrong, in the order in which a response goes by."""

from collections.abc import Sequence
from http import HTTPStatus

from ragmeter.clients.answers.dialects import Dialect
from ragmeter.clients.answers.reading import Reading
from ragmeter.clients.answers.told import failure_words, parsed
from ragmeter.clients.connection.transport import Exchange
from ragmeter.core.requests.records import ErrorClass

Fault = tuple[ErrorClass, str, int]
"""Its class, the words for it, and when it was."""


def first_fault(exchange: Exchange, reading: Reading, stray: Sequence[str], dialect: Dialect) -> Fault | None:
    """None for a success. stray: lines of the body that are of no event."""
    if exchange.status is not None and not is_2xx(exchange):
        return ErrorClass.HTTP_STATUS, _describe_status(exchange, reading), exchange.ended_ns
    if reading.fault is not None and reading.fault_ns is not None:
        return *reading.fault, reading.fault_ns
    if (words := _unframed(stray, reading)) is not None:
        return ErrorClass.ERROR_EVENT, words, exchange.ended_ns
    if dialect.framing == "sse" and not reading.events and not is_event_stream(exchange) and exchange.body:
        return ErrorClass.PROTOCOL, _describe_media_type(exchange, reading), exchange.ended_ns
    return _unfinished(exchange, reading, stray, dialect)


def _unfinished(exchange: Exchange, reading: Reading, stray: Sequence[str], dialect: Dialect) -> Fault | None:
    """Of a response in which nothing says that it failed."""
    if reading.over_ns is None and exchange.failure is not None:
        return *exchange.failure, exchange.ended_ns
    if reading.over_ns is not None and reading.over_ns > exchange.deadline_ns:
        return ErrorClass.TIMEOUT, "the terminal event came after the deadline", reading.over_ns
    unsaid = _what_is_missing(reading, stray, dialect)
    return None if unsaid is None else (*unsaid, exchange.ended_ns)


def is_2xx(exchange: Exchange) -> bool:
    """Whether there is an answer to read; where HTTP was not spoken, there is."""
    return exchange.by_plugin or (exchange.status is not None and 200 <= exchange.status <= 299)


def is_event_stream(exchange: Exchange) -> bool:
    """A response that does not say what it is gets the benefit of the doubt."""
    media_type = (exchange.header("content-type") or "text/event-stream").partition(";")[0]
    return media_type.strip().lower() == "text/event-stream"


def _unframed(stray: Sequence[str], reading: Reading) -> str | None:
    """The words of an error that a server wrote into a stream as it was, without making an event of it."""
    found = parsed("\n".join(stray)) if stray else None
    candidates = [found] if isinstance(found, dict) else [parsed(line) for line in stray]
    said = (failure_words(each) for each in candidates if isinstance(each, dict) and not each.get("choices"))
    return next((reading.excerpt(words) for words in said if words), None)


def _what_is_missing(reading: Reading, stray: Sequence[str], dialect: Dialect) -> tuple[ErrorClass, str] | None:
    """Of a response that HTTP calls complete and whose events are all readable."""
    if reading.events == 0:
        return ErrorClass.EMPTY, _with_stray("the response has no event", stray, reading)
    if reading.events == len(reading.unknown):
        names = ", ".join(sorted(set(reading.unknown))[:5])
        return ErrorClass.PROTOCOL, reading.excerpt(f"no event of a {dialect.name!r} stream, only: {names}")
    if reading.over_ns is None:
        return ErrorClass.TRUNCATED, _with_stray("the response ended without a terminal event", stray, reading)
    if reading.answer_chars == 0:
        return ErrorClass.EMPTY, _no_text(reading, dialect)
    return None


def _with_stray(words: str, stray: Sequence[str], reading: Reading) -> str:
    return reading.excerpt(f"{words}, only: {' '.join(stray)}") if stray else words


def _no_text(reading: Reading, dialect: Dialect) -> str:
    """With where there was some: at a place from which no client of a chat stream takes the answer."""
    if reading.elsewhere:
        place, text = next(iter(reading.elsewhere.items()))
        return reading.excerpt(f"the answer has no text in {dialect.text_at}; {place} has: {text}")
    if not reading.reasoning_chars:
        return "the answer has no text"
    capped = " and was cut by max_tokens" if reading.finish_reason == "length" else ""
    return f"the answer has only reasoning text{capped}"


def _describe_status(exchange: Exchange, reading: Reading) -> str:
    status = exchange.status or 0
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    if 300 <= status <= 399:
        return reading.excerpt(
            f"HTTP {status} {phrase}: redirects are not followed; the base URL should lead where it points: "
            f"{exchange.header('location')}"
        )
    told = parsed(exchange.body)
    words = failure_words(told) if isinstance(told, dict) else None
    body = words or exchange.body.decode("utf-8", errors="replace")
    return f"HTTP {status} {phrase}: {reading.excerpt(body)}".rstrip(": ")


def _describe_media_type(exchange: Exchange, reading: Reading) -> str:
    text = reading.excerpt(exchange.body.decode("utf-8", errors="replace"))
    return f"expected text/event-stream, got {exchange.header('content-type')}: does the path stream? {text}"
