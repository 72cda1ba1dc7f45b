"""Conversations of a run: how each ended, and its figures turn by turn; and clients that went away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from ragmeter.core.inputs.talks import Sessions
from ragmeter.core.requests.measures import e2e_ms, ttft_ms
from ragmeter.core.requests.records import OURS, ErrorClass, RequestSample
from ragmeter.core.stats.estimate import Estimate, estimate_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnFigures:
    """All questions that were the same turn of their sessions. turn: from 1. Figures are of the successes.

    prompt_tokens, cached_tokens: mean; None where the service does not tell them of every one. cached_ratio: of all
    their prompt tokens.
    """

    turn: int
    requests: int
    success: int
    errors: int
    left: int
    ttft_p50_ms: Estimate
    ttft_p95_ms: Estimate
    latency_p50_ms: Estimate
    prompt_tokens: float | None
    cached_tokens: float | None
    cached_ratio: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkFigures:
    """Sessions of the measured phase. whole: all turns were answered. abandoned: a turn failed, which ended it. left:
    its user went away. unfinished: the phase, or the run, ended before it did.

    not_asked: turns that were planned in sessions that began, and not sent.
    """

    sessions: int
    whole: int
    abandoned: int
    left: int
    unfinished: int
    not_asked: int
    turns: tuple[TurnFigures, ...]


def talks_of(samples: Sequence[RequestSample], sessions: Sessions | None) -> TalkFigures | None:
    """samples: of the measured phase. None without sessions."""
    if sessions is None:
        return None
    talks: dict[tuple[int, int], list[RequestSample]] = {}
    for sample in samples:
        if sample.session is not None:
            talks.setdefault((sample.trial, sample.session), []).append(sample)
    ends = [_end(talk, sessions) for talk in talks.values()]
    return TalkFigures(
        sessions=len(talks),
        whole=ends.count("whole"),
        abandoned=ends.count("abandoned"),
        left=ends.count("left"),
        unfinished=ends.count("unfinished"),
        not_asked=sum(_planned(talk, sessions) - len(talk) for talk in talks.values()),
        turns=_turns(samples),
    )


def _planned(talk: Sequence[RequestSample], sessions: Sessions) -> int:
    return sessions.turns[sessions.script_of(talk[0].prompt_index)]


def _end(talk: Sequence[RequestSample], sessions: Sessions) -> str:
    last = max(talk, key=lambda sample: sample.turn or 0)
    if last.error is ErrorClass.LEFT:
        return "left"
    if not last.ok:
        return "unfinished" if last.error is ErrorClass.INTERRUPTED else "abandoned"
    return "whole" if len(talk) == _planned(talk, sessions) else "unfinished"


def _turns(samples: Sequence[RequestSample]) -> tuple[TurnFigures, ...]:
    by_turn: dict[int, list[RequestSample]] = {}
    for sample in samples:
        if sample.turn is not None:
            by_turn.setdefault(sample.turn, []).append(sample)
    return tuple(_figures(turn, own) for turn, own in sorted(by_turn.items()))


def _figures(turn: int, own: Sequence[RequestSample]) -> TurnFigures:
    successes = [sample for sample in own if sample.ok]
    waits = [value for sample in successes if (value := ttft_ms(sample)) is not None]
    latencies = [value for sample in successes if (value := e2e_ms(sample)) is not None]
    prompt = _mean([sample.prompt_tokens for sample in successes])
    cached = _mean([sample.cached_tokens for sample in successes])
    return TurnFigures(
        turn=turn,
        requests=len(own),
        success=len(successes),
        errors=sum(not sample.ok and sample.error not in OURS for sample in own),
        left=sum(sample.error is ErrorClass.LEFT for sample in own),
        ttft_p50_ms=estimate_quantile(waits, 0.5),
        ttft_p95_ms=estimate_quantile(waits, 0.95),
        latency_p50_ms=estimate_quantile(latencies, 0.5),
        prompt_tokens=prompt,
        cached_tokens=cached,
        cached_ratio=cached / prompt if prompt and cached is not None else None,
    )


def _mean(counts: Sequence[int | None]) -> float | None:
    known = [count for count in counts if count is not None]
    return fmean(known) if known and len(known) == len(counts) else None


def departures(samples: Sequence[RequestSample]) -> Mapping[str, int]:
    """Of requests whose client went away: how many there are, and how many had text by then."""
    gone = [sample for sample in samples if sample.error is ErrorClass.LEFT]
    return {"requests": len(gone), "with_text": sum(bool(sample.events_ns) for sample in gone)}


def caveat_of_departures(samples: Sequence[RequestSample]) -> str | None:
    """samples: of the measured phase."""
    found = departures(samples)
    if not found["requests"]:
        return None
    return (
        f"{found['requests']} of {len(samples)} requests: their client went away at the time that was drawn, "
        f"{found['with_text']} of them after text had come; they are neither successes nor errors, and what the "
        "service still did for them is unknown"
    )
