"""Recorded traffic: when requests came, and how long they and their answers were. Texts are not part of it.

Read are the columns of public traces, whatever their order:

============================  ==========================  =============  =======================
trace                         time                        input tokens   output tokens
============================  ==========================  =============  =======================
Mooncake (JSONL)              timestamp, in ms            input_length   output_length
BurstGPT (CSV)                Timestamp, in s             Request tokens Response tokens
Azure LLM inference (CSV)     TIMESTAMP, date and time    ContextTokens  GeneratedTokens
============================  ==========================  =============  =======================
"""

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ragmeter.core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """How long a prompt and its answer are to be, in tokens. None: as it is written; as long as the manifest allows."""

    input_tokens: int | None
    output_tokens: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedRequest:
    """at_s: since the first request of the trace."""

    at_s: float
    lengths: Lengths


@dataclass(frozen=True, slots=True)
class _Format:
    """Names of the columns, and how the time is read, in s."""

    time: str
    input_tokens: str
    output_tokens: str
    seconds: Callable[[Any], float]


def _date(text: Any) -> float:
    """Of a date and time; of a fraction of a second, microseconds at most count. Without a zone it is taken as UTC."""
    whole, dot, rest = str(text).strip().partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    moment = datetime.fromisoformat(f"{whole}{dot}{digits[:6].ljust(6, '0') if dot else ''}{rest[len(digits) :]}")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


FORMATS = (
    _Format("timestamp", "input_length", "output_length", lambda value: float(value) / 1e3),
    _Format("Timestamp", "Request tokens", "Response tokens", float),
    _Format("TIMESTAMP", "ContextTokens", "GeneratedTokens", _date),
)


def trace_of(text: str, *, path: str) -> tuple[TracedRequest, ...]:
    """The requests of a trace in order of time, those without an answer left out: they say no length.

    text: JSON Lines, or CSV with a head when ``path`` ends in .csv. Raises ConfigError with the line.
    """
    rows = _csv_rows(text) if path.endswith(".csv") else _json_rows(text, path)
    found = [request for number, row in rows if (request := _request(row, f"{path}:{number}")) is not None]
    if not found:
        raise ConfigError(f"{path}: has no requests")
    found.sort(key=lambda request: request.at_s)
    first_s = found[0].at_s
    return tuple(TracedRequest(at_s=each.at_s - first_s, lengths=each.lengths) for each in found)


def _csv_rows(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    return enumerate(csv.DictReader(text.splitlines()), start=2)


def _json_rows(text: str, path: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ConfigError(f"{path}:{number}: not JSON: {error}") from error
        if not isinstance(row, dict):
            raise ConfigError(f"{path}:{number}: {line[:80]!r} is not a JSON object")
        yield number, row


def _request(row: Mapping[str, Any], where: str) -> TracedRequest | None:
    layout = next((each for each in FORMATS if each.time in row and each.input_tokens in row), None)
    if layout is None:
        known = "; ".join(f"{each.time}, {each.input_tokens}, {each.output_tokens}" for each in FORMATS)
        raise ConfigError(f"{where}: has none of these columns: {known}; it has {', '.join(map(str, row))}")
    try:
        at_s = layout.seconds(row[layout.time])
        lengths = Lengths(
            input_tokens=_count(row, layout.input_tokens), output_tokens=_count(row, layout.output_tokens)
        )
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigError(f"{where}: {dict(row)!r}: {error}") from error
    return TracedRequest(at_s=at_s, lengths=lengths) if lengths.input_tokens and lengths.output_tokens else None


def _count(row: Mapping[str, Any], column: str) -> int:
    value = float(row[column])
    if value < 0 or value != int(value):
        raise ValueError(f"{column} {row[column]!r} is not a number of tokens")
    return int(value)


def sped_up(trace: Sequence[TracedRequest], speedup: float) -> tuple[TracedRequest, ...]:
    """The same requests, ``speedup`` times as fast after one another."""
    return tuple(TracedRequest(at_s=each.at_s / speedup, lengths=each.lengths) for each in trace)
