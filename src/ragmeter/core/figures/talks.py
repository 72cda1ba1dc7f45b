"""Conversations of a run: how each ended, and its figures turn by turn; and clients that went away."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from ragmeter.core.inputs.talks import Sessions
from ragmeter.core.requests.cache_counts import TrialCounts
from ragmeter.core.requests.measures import e2e_ms, ttft_ms
from ragmeter.core.requests.records import OURS, ErrorClass, RequestSample, TokenSource
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Departures:
    """Requests whose client went away. with_text: those of them to which text had come.

    made_tokens: output tokens that the LLM made by its own counters, up to the end of each trial, beside those of the
    successes: for these requests, and for failed ones. None where it cannot be told. source: whose counters.
    """

    requests: int
    with_text: int
    made_tokens: int | None = None
    source: str | None = None


def departures_of(samples: Sequence[RequestSample], counts: Sequence[TrialCounts] = ()) -> Departures | None:
    """samples: of the measured phase. counts: of its trials. None where no client went away."""
    gone = [sample for sample in samples if sample.error is ErrorClass.LEFT]
    if not gone:
        return None
    made = _made_beside(samples, counts)
    return Departures(
        requests=len(gone),
        with_text=sum(bool(sample.events_ns) for sample in gone),
        made_tokens=made,
        source=None if made is None else counts[0].counts.source,
    )


def _made_beside(samples: Sequence[RequestSample], counts: Sequence[TrialCounts]) -> int | None:
    """None unless every trial was counted, and every success by the LLM itself."""
    grown = [each.counts.made_tokens for each in counts]
    received = [
        sample.output_tokens if sample.token_source is TokenSource.USAGE else None for sample in samples if sample.ok
    ]
    counted = {(each.trial, each.step) for each in counts}
    if not counts or None in grown or None in received or {(at.trial, at.step) for at in samples} - counted:
        return None
    beside = round(sum(made or 0 for made in grown)) - sum(tokens or 0 for tokens in received)
    return beside if beside >= 0 else None


def caveat_of_departures(found: Departures | None, requests: int) -> str | None:
    """requests: of the measured phase."""
    if found is None:
        return None
    work = "what the service still did for them is unknown"
    if found.made_tokens is not None:
        work = (
            f"by the counters of {found.source}, {found.made_tokens} output tokens were made for them and for failed "
            "requests"
        )
    return (
        f"{found.requests} of {requests} requests: their client went away at the time that was drawn, "
        f"{found.with_text} of them after text had come; they are neither successes nor errors, and {work}"
    )
