"""The requests that were waited for longest: which they were, where their time went, and their traces."""

from collections.abc import Iterable, Sequence

from ragmeter.core.attribution import elapsed_stages
from ragmeter.core.measures import ttft_ms
from ragmeter.core.records import ErrorClass, RequestSample
from ragmeter.core.result import SlowRequest
from ragmeter.core.summary import sent_s
from ragmeter.core.urls import trace_link

SHOWN = 10
"""How many are listed by the wait for the first token, and how many by the whole time."""


def slowest_of(
    measured: Sequence[RequestSample], trace_url: str | None = None, llm_round_trip_ms: float | None = None
) -> tuple[SlowRequest, ...]:
    """Of the samples of one phase, without those that we ended ourselves; by the first token, then by the whole time.

    trace_url, llm_round_trip_ms: see `RunPlan.trace_url` and `attribute`.
    """
    mine = [row for row in zip(measured, sent_s(measured), strict=True) if row[0].error is not ErrorClass.INTERRUPTED]
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
        )
        for position in dict.fromkeys((*by_first, *by_end))
        for sample, t_s in (mine[position],)
    )


def elapsed_ms(sample: RequestSample) -> float:
    """t_E - t_send, also of a failed request; since the scheduled time where no connection came up."""
    return (sample.ended_ns - (sample.scheduled_ns if sample.sent_ns is None else sample.sent_ns)) / 1e6


def _ranks(times_ms: Iterable[float | None]) -> dict[int, int]:
    """Position: rank from 1, of the longest, in order."""
    known = [(ms, position) for position, ms in enumerate(times_ms) if ms is not None]
    longest = sorted(known, key=lambda one: -one[0])[:SHOWN]
    return {position: rank for rank, (_, position) in enumerate(longest, start=1)}
