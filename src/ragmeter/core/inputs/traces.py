"""Recorded traffic: when requests came, and how long they and their answers were. Texts are not part of it.

Read are the columns of public traces, whatever their order:

============================  ==========================  =============  =======================
trace                         time                        input tokens   output tokens
============================  ==========================  =============  =======================
Mooncake (JSONL)              timestamp, in ms            input_length   output_length
Bailian, of Qwen (JSONL)      timestamp, in s             input_length   output_length
BurstGPT (CSV)                Timestamp, in s             Request tokens Response tokens
Azure LLM inference (CSV)     TIMESTAMP, date and time    ContextTokens  GeneratedTokens
============================  ==========================  =============  =======================

Mooncake and Bailian call their columns alike. A trace with chat_id, or with a fraction among its times, is in seconds:
Mooncake's milliseconds are whole numbers.
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


_IN_MS = _Format("timestamp", "input_length", "output_length", lambda value: float(value) / 1e3)
_IN_S = _Format("timestamp", "input_length", "output_length", float)
FORMATS = (
    _IN_MS,
    _Format("Timestamp", "Request tokens", "Response tokens", float),
    _Format("TIMESTAMP", "ContextTokens", "GeneratedTokens", _date),
)


def trace_of(text: str, *, path: str) -> tuple[TracedRequest, ...]:
    """The requests of a trace in order of time, those without an answer left out: they say no length.

    text: JSON Lines, or CSV with a head when ``path`` ends in .csv. Raises ConfigError with the line.
    """
    rows = list(_csv_rows(text, path) if path.removesuffix(".gz").endswith(".csv") else _json_rows(text, path))
    in_s = any(_says_seconds(row) for _, row in rows)
    found = [request for number, row in rows if (request := _request(row, f"{path}:{number}", in_s)) is not None]
    if not found:
        raise ConfigError(f"{path}: has no requests")
    found.sort(key=lambda request: request.at_s)
    first_s = found[0].at_s
    return tuple(TracedRequest(at_s=each.at_s - first_s, lengths=each.lengths) for each in found)


def plan_of(trace: Sequence[TracedRequest]) -> str:
    """What a replay will be: ``181 s at 37 requests/s; inputs of at most 6955 tokens``."""
    span_s, longest = trace[-1].at_s, max(each.lengths.input_tokens or 0 for each in trace)
    rate = f" at {len(trace) / span_s:.3g} requests/s" if span_s else ""
    return f"{len(trace)} requests in {span_s:.4g} s{rate}{f'; inputs of at most {longest} tokens' if longest else ''}"


def _says_seconds(row: Mapping[str, Any]) -> bool:
    at = row.get("timestamp")
    return "chat_id" in row or (isinstance(at, float) and not at.is_integer())


def _variant(row: Mapping[str, Any]) -> str:
    """What a row of another kind of file is."""
    if "text_input" in row or "delay" in row:
        return ": a trace of AIPerf with texts or with turns that wait; one with timestamp and input_length is read"
    if "conversations" in row:
        return ": ShareGPT has no times; `ragmeter dataset import` makes prompts of it"
    if {"traceId", "resourceSpans", "spanId"} & row.keys():
        return ": spans of OpenTelemetry are not read"
    return ""


def _csv_rows(text: str, path: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(text.splitlines())
    try:
        yield from enumerate(reader, start=2)
    except csv.Error as error:
        raise ConfigError(f"{path}:{reader.line_num}: not CSV: {error}") from error


def _json_rows(text: str, path: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{path}:{number}: not JSON: {error}") from error
        if not isinstance(row, dict):
            raise ConfigError(f"{path}:{number}: {line[:80]!r} is not a JSON object")
        yield number, row


def _request(row: Mapping[str, Any], where: str, in_s: bool) -> TracedRequest | None:
    layout = next((each for each in FORMATS if each.time in row and each.input_tokens in row), None)
    if layout is None:
        known = "; ".join(f"{each.time}, {each.input_tokens}, {each.output_tokens}" for each in FORMATS)
        raise ConfigError(
            f"{where}: has none of these columns: {known}; it has {', '.join(map(str, row))}{_variant(row)}"
        )
    layout = _IN_S if layout is _IN_MS and in_s else layout
    try:
        at_s = layout.seconds(row[layout.time])
        lengths = Lengths(
            input_tokens=_count(row, layout.input_tokens), output_tokens=_count(row, layout.output_tokens)
        )
        int(at_s)  # of NaN and infinities a ValueError or an OverflowError
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise ConfigError(f"{where}: {str(dict(row))[:300]}: {error}") from error
    return TracedRequest(at_s=at_s, lengths=lengths) if lengths.input_tokens and lengths.output_tokens else None


def _count(row: Mapping[str, Any], column: str) -> int:
    value = float(row[column])
    if value < 0 or value != int(value):
        raise ValueError(f"{column} {row[column]!r} is not a number of tokens")
    return int(value)


def sped_up(trace: Sequence[TracedRequest], speedup: float) -> tuple[TracedRequest, ...]:
    """The same requests, ``speedup`` times as fast after one another."""
    return tuple(TracedRequest(at_s=each.at_s / speedup, lengths=each.lengths) for each in trace)
