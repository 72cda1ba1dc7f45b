"""The slowest of drawn requests, as the run that made them would list them."""

import random
from collections.abc import Sequence
from typing import Any

from ragmeter.core.figures.slowest import SlowRequest, slowest_of
from ragmeter.core.figures.summary import Point
from ragmeter.core.requests.records import ErrorClass, RequestSample, ServerTimings
from tests.core.samples import ns, sample

TRACER = "https://tracer.example/trace/{trace_id}"


def slow_requests(drawn: Sequence[Point], *, traced: bool = False) -> tuple[SlowRequest, ...]:
    """traced: each but every fourth has a trace, which ``TRACER`` shows."""
    rng = random.Random(17)
    return slowest_of([_request(index, point, traced, rng) for index, point in enumerate(drawn)], TRACER)


def _request(index: int, point: Point, traced: bool, rng: random.Random) -> RequestSample:
    told: dict[str, Any] = {"request_id": f"{rng.getrandbits(64):016x}", "prompt_index": rng.randrange(40)}
    if traced and index % 4:
        told["trace_id"] = f"{rng.getrandbits(128):032x}"
    at_ms = point.t_s * 1e3
    if point.ttft_ms is None or point.e2e_ms is None:
        ended_ns = ns(at_ms + rng.choice((800, 3200, 30_000)))
        early = ServerTimings(queue_ms=12.5, embedding_ms=9.1, retrieval_ms=3.3)
        lost: dict[str, Any] = {"events_ns": (), "ended_ns": ended_ns, "output_tokens": None, "prompt_tokens": None}
        return sample(index=index, at_ms=at_ms, error=ErrorClass(str(point.error)), timings=early, **lost, **told)
    gaps_ms = [(point.e2e_ms - point.ttft_ms) / 2] * 2
    timings = _timings(point.ttft_ms, rng)
    counts: dict[str, Any] = {"output_tokens": rng.randint(180, 255), "prompt_tokens": rng.randint(400, 900)}
    return sample(
        index=index, at_ms=at_ms, ttft_ms=point.ttft_ms, gaps_ms=gaps_ms, timings=timings, rtt_us=2100, **counts, **told
    )


def _timings(ttft_ms: float, rng: random.Random) -> ServerTimings:
    queue = rng.choice((0.05, 0.1, 0.6))
    return ServerTimings(
        queue_ms=ttft_ms * queue,
        embedding_ms=9.0,
        retrieval_ms=3.0,
        inference_ttft_ms=ttft_ms * (0.9 - queue),
        ttft_ms=ttft_ms * 0.97,
    )
