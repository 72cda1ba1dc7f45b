"""Samples made by hand, in ms, for tests of everything that is computed from them."""

from collections.abc import Sequence
from typing import Any

from ragmeter.core.client.harness import Harness
from ragmeter.core.requests.records import ErrorClass, Phase, RequestSample, ServerTimings

MS = 1_000_000
FIT = Harness(
    clock="user",
    client_cpu_ratio=0.1,
    schedule_lag_p99_ms=None,
    offered_rate_per_s=None,
    achieved_rate_per_s=None,
    peak_concurrency=1,
    effective_decode_concurrency=None,
)
"""A client that was fit to measure."""


def sample(
    *,
    index: int = 0,
    at_ms: float = 0.0,
    ttft_ms: float = 100.0,
    gaps_ms: Sequence[float] = (10.0, 10.0),
    error: ErrorClass | None = None,
    phase: Phase = Phase.MEASURED,
    timings: ServerTimings | None = None,
    **fields: Any,
) -> RequestSample:
    """A request scheduled and sent at ``at_ms`` whose text events came after ``ttft_ms`` and then each gap.

    Tokens are one an event and the stream ends with the last one, unless ``fields`` say otherwise.
    """
    arrivals = [at_ms + ttft_ms]
    for gap in gaps_ms:
        arrivals.append(arrivals[-1] + gap)
    defaults: dict[str, Any] = {
        "scheduled_ns": ns(at_ms),
        "sent_ns": ns(at_ms),
        "events_ns": tuple(ns(moment) for moment in arrivals),
        "ended_ns": ns(arrivals[-1]),
        "output_tokens": len(arrivals),
        "prompt_tokens": 50,
    }
    return RequestSample(
        index=index, phase=phase, error=error, timings=timings or ServerTimings(), **{**defaults, **fields}
    )


def ns(ms: float) -> int:
    return round(ms * MS)
