"""What one request says: one function for each per-request metric.

Times: t_sched when the schedule wanted the request sent, t_send first byte handed to the kernel, t_F first and
t_L last event with answer text, t_A first token of any kind, t_E end of the stream; N output tokens, R those of them
that are reasoning, n_F tokens in the first text event (1 where the server does not say). Where each event says how many
tokens it carries, N - R is the sum of them. None where a part is not known.
"""

import math
from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING

from ragmeter.core.requests.records import OURS, RequestSample

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STALL_FACTOR = 5

Measure = Callable[[RequestSample], float | None]


def between_ms(start_ns: int | None, end_ns: int | None) -> float | None:
    """None unless both ends are known."""
    return None if start_ns is None or end_ns is None else (end_ns - start_ns) / 1e6


def ttft_ms(sample: RequestSample) -> float | None:
    """t_F - t_send. A role-only chunk, ``meta`` or a source list is never the first token; set-up is connect_ms."""
    return between_ms(sample.sent_ns, _first_ns(sample))


def ttft_any_ms(sample: RequestSample) -> float | None:
    """t_A - t_send: until the first token of any kind, reasoning included. The same as ttft_ms without reasoning."""
    return between_ms(sample.sent_ns, _first_of_any_kind_ns(sample))


def unreported_ttft_ms(sample: RequestSample) -> float | None:
    """What of the TTFT the service did not report itself; None where it reports none."""
    return _less(ttft_ms(sample), sample.timings.ttft_ms)


def unreported_e2e_ms(sample: RequestSample) -> float | None:
    """What of the end-to-end latency the service did not report itself; None where it reports none."""
    return _less(e2e_ms(sample), sample.timings.total_ms)


def _less(whole_ms: float | None, part_ms: float | None) -> float | None:
    return None if whole_ms is None or part_ms is None else whole_ms - part_ms


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
    """(t_L - t_F) / (N - R - n_F). None when N is unknown or no token is left, when all text came at one moment,
    and when it is not known how many of the tokens are reasoning: `why_no_tpot` says which.
    inference-perf, vLLM, SGLang and MLPerf: the same with n_F = 1.
    """
    decode_ms, tokens = decode_time_ms(sample), _decoded_tokens(sample)
    return None if decode_ms is None or not tokens or tokens < 0 else decode_ms / tokens


def tokens_per_s(sample: RequestSample) -> float | None:
    """(N - R - n_F) / (t_L - t_F): decode speed of one stream, without the wait for the first token. 1000 / tpot_ms."""
    per_token_ms = tpot_ms(sample)
    return 1e3 / per_token_ms if per_token_ms else None


def e2e_tokens_per_s(sample: RequestSample) -> float | None:
    """N / (t_E - t_send): what one reader gets per second, the wait for the first token included."""
    whole_ms = e2e_ms(sample)
    return None if sample.output_tokens is None or not whole_ms else sample.output_tokens / whole_ms * 1e3


def itl_gaps_ms(sample: RequestSample) -> "NDArray[np.float64]":
    """Gaps between successive text events. One event may carry several tokens, so it is what a reader sees."""
    times_ns = sample.moments.ns
    return (times_ns[1:] - times_ns[:-1]) / 1e6


def max_gap_ms(sample: RequestSample) -> float | None:
    """The longest wait between two text events."""
    return max(itl_gaps_ms(sample).tolist(), default=None)


def stall_ratio(sample: RequestSample) -> float | None:
    """Share of t_L - t_F spent in gaps longer than 5 times the request's median gap.

    Gaps of 0 (events of one read) are left out of the median. None below two other gaps.
    """
    gaps: list[float] = [gap for gap in itl_gaps_ms(sample).tolist() if gap > 0]
    if len(gaps) < 2:
        return None
    limit = STALL_FACTOR * median(gaps)
    return sum(gap for gap in gaps if gap > limit) / sum(gaps)


def stalled_ms(sample: RequestSample) -> float | None:
    """Time in the gaps that `stall_ratio` is the share of."""
    ratio, whole_ms = stall_ratio(sample), decode_time_ms(sample)
    return None if ratio is None or whole_ms is None else ratio * whole_ms


def connect_ms(sample: RequestSample) -> float | None:
    """DNS + TCP + TLS of a new connection; None when one was reused."""
    parts = [part for part in (sample.dns_ns, sample.connect_ns, sample.tls_ns) if part is not None]
    return sum(parts) / 1e6 if parts else None


def time_to_first_source_ms(sample: RequestSample) -> float | None:
    """Arrival of ``meta`` with documents - t_send."""
    return between_ms(sample.sent_ns, sample.first_source_ns)


def decode_time_ms(sample: RequestSample) -> float | None:
    """t_L - t_F. None when all text came at one moment: then decoding was not seen."""
    first_ns = _first_ns(sample)
    return None if first_ns is None or sample.events_ns[-1] == first_ns else (sample.events_ns[-1] - first_ns) / 1e6


def output_tokens(sample: RequestSample) -> float | None:
    return sample.output_tokens


def reasoning_tokens(sample: RequestSample) -> float | None:
    return sample.reasoning_tokens


def prompt_tokens(sample: RequestSample) -> float | None:
    return sample.prompt_tokens


def cached_tokens(sample: RequestSample) -> float | None:
    return sample.cached_tokens


def failures_as_infinite(measure: Measure) -> Measure:
    """``measure`` for successes, +inf for failures, None for a request that ended by our own doing."""

    def adjusted(sample: RequestSample) -> float | None:
        if sample.error in OURS:
            return None
        return measure(sample) if sample.ok else math.inf

    return adjusted


def _first_of_any_kind_ns(sample: RequestSample) -> int | None:
    known = [at_ns for at_ns in (sample.first_reasoning_ns, _first_ns(sample)) if at_ns is not None]
    return min(known, default=None)


def _first_ns(sample: RequestSample) -> int | None:
    return next(iter(sample.events_ns), None)


def _decoded_tokens(sample: RequestSample) -> int | None:
    """Tokens that came after those of the first text event, as far as it is known; see `why_no_tpot`."""
    if sample.output_tokens is None or sample.token_doubt is not None:
        return None
    if sample.events_tokens:
        return sum(sample.events_tokens[1:])
    if sample.reasoning_chars and sample.reasoning_tokens is None:
        return None
    return sample.output_tokens - (sample.reasoning_tokens or 0) - 1


def why_no_tpot(sample: RequestSample) -> str | None:
    """Why the TPOT of a success is not known, in words; None when it is."""
    if sample.output_tokens is None:
        return sample.refused[0] if sample.refused else "the server told no count of output tokens"
    if sample.token_doubt is not None:
        return sample.token_doubt
    tokens = _decoded_tokens(sample)
    if tokens is None:
        return REASONING_UNTOLD
    if decode_time_ms(sample) is None:
        return "all text came at one moment, so decoding was not seen"
    return None if tokens > 0 else "no token is known to have come after those of the first text event"


REASONING_UNTOLD = "reasoning tokens are in the count of output tokens, and the server does not tell how many"
