"""What one request says: one function for each per-request metric.

Times: t_sched when the schedule wanted the request sent, t_send first byte handed to the kernel, t_F first and
t_L last event with answer text, t_E end of the stream; N output tokens by the server's usage block, n_F tokens in
the first text event (1 where the server does not say). None where a part is not known.
"""

import math
from collections.abc import Callable
from statistics import median

from ragmeter.core.records import ErrorClass, RequestSample

STALL_FACTOR = 5

Measure = Callable[[RequestSample], float | None]


def between_ms(start_ns: int | None, end_ns: int | None) -> float | None:
    """None unless both ends are known."""
    return None if start_ns is None or end_ns is None else (end_ns - start_ns) / 1e6


def ttft_ms(sample: RequestSample) -> float | None:
    """t_F - t_send. A role-only chunk, ``meta`` or a source list is never the first token; set-up is connect_ms."""
    return between_ms(sample.sent_ns, _first_ns(sample))


def ttft_scheduled_ms(sample: RequestSample) -> float | None:
    """t_F - t_sched: holds the wait that coordinated omission hides, connection set-up included."""
    return between_ms(sample.scheduled_ns, _first_ns(sample))


def e2e_ms(sample: RequestSample) -> float | None:
    """t_E - t_send. None for a failed request, which ended but did not finish."""
    return between_ms(sample.sent_ns, sample.ended_ns) if sample.ok else None


def e2e_scheduled_ms(sample: RequestSample) -> float | None:
    """t_E - t_sched. None for a failed request."""
    return between_ms(sample.scheduled_ns, sample.ended_ns) if sample.ok else None


def tpot_ms(sample: RequestSample) -> float | None:
    """(t_L - t_F) / (N - n_F). None when N is unknown or N <= n_F, when all text came at one moment,
    and with reasoning text.
    inference-perf, vLLM, SGLang and MLPerf: the same with n_F = 1.
    """
    decode_ms, tokens = decode_time_ms(sample), _decoded_tokens(sample)
    return None if decode_ms is None or tokens is None else decode_ms / tokens


def tokens_per_s(sample: RequestSample) -> float | None:
    """(N - n_F) / (t_L - t_F): decode speed of one stream, without the wait for the first token. 1000 / tpot_ms."""
    per_token_ms = tpot_ms(sample)
    return 1e3 / per_token_ms if per_token_ms else None


def e2e_tokens_per_s(sample: RequestSample) -> float | None:
    """N / (t_E - t_send): what one reader gets per second, the wait for the first token included."""
    whole_ms = e2e_ms(sample)
    return None if sample.output_tokens is None or not whole_ms else sample.output_tokens / whole_ms * 1e3


def itl_gaps_ms(sample: RequestSample) -> tuple[float, ...]:
    """Gaps between successive text events. One event may carry several tokens, so it is what a reader sees."""
    return tuple(
        (later - earlier) / 1e6 for earlier, later in zip(sample.events_ns, sample.events_ns[1:], strict=False)
    )


def max_gap_ms(sample: RequestSample) -> float | None:
    """The longest wait between two text events."""
    return max(itl_gaps_ms(sample), default=None)


def stall_ratio(sample: RequestSample) -> float | None:
    """Share of t_L - t_F spent in gaps longer than 5 times the request's median gap.

    Gaps of 0 (events of one read) are left out of the median. None below two other gaps.
    """
    gaps = [gap for gap in itl_gaps_ms(sample) if gap > 0]
    if len(gaps) < 2:
        return None
    limit = STALL_FACTOR * median(gaps)
    return sum(gap for gap in gaps if gap > limit) / sum(gaps)


def connect_ms(sample: RequestSample) -> float | None:
    """DNS + TCP + TLS of a new connection; None when one was reused."""
    parts = [part for part in (sample.dns_ns, sample.connect_ns, sample.tls_ns) if part is not None]
    return sum(parts) / 1e6 if parts else None


def time_to_first_source_ms(sample: RequestSample) -> float | None:
    """Arrival of ``meta`` with documents - t_send."""
    return between_ms(sample.sent_ns, sample.first_source_ns)


def decode_time_ms(sample: RequestSample) -> float | None:
    """t_L - t_F. None when all text came at one moment: then decoding was not seen."""
    events = sample.events_ns
    return between_ms(events[0], events[-1]) if events and events[-1] > events[0] else None


def output_tokens(sample: RequestSample) -> float | None:
    return sample.output_tokens


def prompt_tokens(sample: RequestSample) -> float | None:
    return sample.prompt_tokens


def failures_as_infinite(measure: Measure) -> Measure:
    """``measure`` for successes, +inf for failures, None for a request that we ended ourselves."""

    def adjusted(sample: RequestSample) -> float | None:
        if sample.error is ErrorClass.INTERRUPTED:
            return None
        return measure(sample) if sample.ok else math.inf

    return adjusted


def _first_ns(sample: RequestSample) -> int | None:
    return sample.events_ns[0] if sample.events_ns else None


def _decoded_tokens(sample: RequestSample) -> int | None:
    """N - n_F where it is positive. None with reasoning text: its tokens are in N and not between t_F and t_L."""
    if sample.output_tokens is None or sample.reasoning_chars:
        return None
    first = sample.events_tokens[0] if sample.events_tokens else 1
    decoded = sample.output_tokens - first
    return decoded if decoded > 0 else None
