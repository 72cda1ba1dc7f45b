"""The requests that were waited for longest: which they were, where their time went, and their traces."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ragmeter.core.figures.attribution import elapsed_stages
from ragmeter.core.figures.observe.over_time import NOTHING_SERVED, ServedLines
from ragmeter.core.figures.stages import Stage
from ragmeter.core.figures.summary import sent_s
from ragmeter.core.requests.measures import ttft_ms
from ragmeter.core.requests.records import OURS, RequestSample
from ragmeter.core.urls import trace_link


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowRequest:
    """One of the slowest requests of the measured phase.

    ttft_rank, elapsed_rank: its place by the first token and by end-to-end latency, from 1; None where it is not among
    the slowest by it. A failed request has both, as far as it came. t_s: as in `Point`. ttft_ms: None when no text
    came. elapsed_ms: from the send to the end, of a failed request to the failure. stages: of the elapsed time, in
    order; they add up to it. trace_url: of its trace in the user's tracer, where the provider file says the address.
    meanwhile: the largest values that the servers told between its send and its first text, or its end where none came;
    by quantity, of all replicas together.
    """

    index: int
    trial: int
    prompt_index: int
    ttft_rank: int | None
    elapsed_rank: int | None
    t_s: float
    ttft_ms: float | None
    elapsed_ms: float
    prompt_tokens: int | None
    output_tokens: int | None
    stages: tuple[Stage, ...]
    error: str | None
    request_id: str | None
    trace_id: str | None
    trace_url: str | None
    meanwhile: Mapping[str, float] = field(default_factory=dict)


SHOWN = 10
"""How many are listed by the wait for the first token, and how many by end-to-end latency."""


def slowest_of(
    measured: Sequence[RequestSample],
    trace_url: str | None = None,
    llm_round_trip_ms: float | None = None,
    served: ServedLines = NOTHING_SERVED,
) -> tuple[SlowRequest, ...]:
    """Of the samples of one phase, without those that we ended: by the first token, then by end-to-end latency.

    trace_url, llm_round_trip_ms: see `RunPlan.trace_url` and `attribute`. served: on the clock of the samples.
    """
    mine = [row for row in zip(measured, sent_s(measured), strict=True) if row[0].error not in OURS]
    is_one_clock = len({sample.clock_id for sample in measured}) == 1
    by_first = _ranks(ttft_ms(sample) for sample, _ in mine)
    by_end = _ranks(elapsed_ms(sample) for sample, _ in mine)
    return tuple(
        SlowRequest(
            index=sample.index,
            trial=sample.trial,
            prompt_index=sample.prompt_index,
            ttft_rank=by_first.get(position),
            elapsed_rank=by_end.get(position),
            t_s=t_s,
            ttft_ms=ttft_ms(sample),
            elapsed_ms=elapsed_ms(sample),
            prompt_tokens=sample.prompt_tokens,
            output_tokens=sample.output_tokens,
            stages=elapsed_stages(sample, elapsed_ms(sample), llm_round_trip_ms),
            error=sample.error.value if sample.error else None,
            request_id=sample.request_id,
            trace_id=sample.trace_id,
            trace_url=trace_link(trace_url, sample.trace_id),
            meanwhile=_meanwhile(sample, served) if is_one_clock else {},
        )
        for position in dict.fromkeys((*by_first, *by_end))
        for sample, t_s in (mine[position],)
    )


def elapsed_ms(sample: RequestSample) -> float:
    """t_E - t_send, also of a failed request; since the scheduled time where no connection came up."""
    return (sample.ended_ns - (sample.scheduled_ns if sample.sent_ns is None else sample.sent_ns)) / 1e6


def _meanwhile(sample: RequestSample, served: ServedLines) -> dict[str, float]:
    begin_ns = sample.scheduled_ns if sample.sent_ns is None else sample.sent_ns
    return served.most(begin_ns, sample.events_ns[0] if sample.events_ns else sample.ended_ns)


def _ranks(times_ms: Iterable[float | None]) -> dict[int, int]:
    """Position: rank from 1, of the longest, in order."""
    known = [(ms, position) for position, ms in enumerate(times_ms) if ms is not None]
    longest = sorted(known, key=lambda one: -one[0])[:SHOWN]
    return {position: rank for rank, (_, position) in enumerate(longest, start=1)}
