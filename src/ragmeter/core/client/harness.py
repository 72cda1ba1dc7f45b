"""Whether the client could keep up: on time, not starved, and how many streams it kept going."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from ragmeter.core.client.exactness import exactness
from ragmeter.core.client.floor import Calibration
from ragmeter.core.figures.counts import duration_s
from ragmeter.core.requests.answers import own_faults, untrusted_counts
from ragmeter.core.requests.bursts import unjudged
from ragmeter.core.requests.measures import decode_time_ms, ttft_ms
from ragmeter.core.requests.records import RequestSample
from ragmeter.core.stats.estimate import quantile, quantile_interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Harness:
    """Whether the client could keep up, and measured what was declared. ``reasons`` is empty when it did.

    calibration: what it made of a known server before the run; None when it was not asked to. real_time: whether its
    processes had real-time priority; None if not known.

    clock: ``capture``, ``kernel`` or ``user``. exact_stamp_ratio: share of the text events whose arrival is known
    exactly. stamp_width_max_ms: the widest interval in which one of the others came. ttft_width_p99_ms,
    itl_width_p99_ms: p99 of how much the TTFT of a request may be too long and a gap off for that. None when the clock
    cannot say. rtt_mean_ms, retransmits: least round trip and retransmitted segments of the client's own
    connections, by the kernel; None where it does not tell. What the server sent again is not in them.
    """

    clock: str
    client_cpu_ratio: float | None
    schedule_lag_p99_ms: float | None
    offered_rate_per_s: float | None
    achieved_rate_per_s: float | None
    peak_concurrency: int
    effective_decode_concurrency: float | None
    exact_stamp_ratio: float | None = None
    stamp_width_max_ms: float | None = None
    ttft_width_p99_ms: float | None = None
    itl_width_p99_ms: float | None = None
    rtt_mean_ms: float | None = None
    retransmits: int | None = None
    reasons: tuple[str, ...] = ()
    calibration: Calibration | None = None
    real_time: bool | None = None
    unjudged: dict[str, str] = field(default_factory=dict)
    """Metrics that say nothing of the target in this run, and why; of them no SLO is judged."""


RATE_TOLERANCE = 0.02
LAG_TOLERANCE = 0.01
LAG_FLOOR_MS = 1.0
"""A lag below it is not held against the client, however fast the target: on a busy machine a process waits so long
for its core. With real-time priority it keeps to 0.3 ms: see experiments/schedule_lateness.py."""
CPU_LIMIT = 0.85
STOOD_STILL = "the load generator did not run"
"""How the sentence of a client that was stopped, throttled or swapped out begins."""
TIMED_BY_THE_CLIENT = ("user", "plugin", "")
"""Clocks whose arrivals are late where the client is; the kernel's are of the packets. Empty: not known."""


def harness_of(
    samples: Sequence[RequestSample],
    *,
    clock: str,
    open_loop: bool,
    client_cpu_ratio: float | None,
    not_fit: Sequence[str] = (),
) -> Harness:
    """The harness over the samples of one phase.

    Rates and lag are judged in an open loop only: a closed loop has no schedule to miss, and what its client adds is
    seen in the CPU. client_cpu_ratio: share of the core the client ran on; None if not measured. not_fit: what else is
    known against the client.
    """
    sent = [sample for sample in samples if sample.sent_ns is not None]
    duration = duration_s(samples)
    offered = _rate(sent, lambda sample: sample.scheduled_ns) if open_loop else None
    achieved = _rate(sent, _ready_ns) if open_loop else len(sent) / duration if duration else None
    lags = [lag_ms(sample) for sample in sent] if open_loop else []
    known = exactness(samples)
    late = [
        *_rate_reasons(offered, achieved, open_loop=open_loop),
        *_lag_reasons(lags, quantile([ttft for s in sent if s.ok and (ttft := ttft_ms(s)) is not None], 0.5)),
        *_cpu_reasons(client_cpu_ratio),
    ]
    reasons = [*not_fit, *own_faults(samples), *untrusted_counts(samples), *late]
    is_starved = bool(late) or any(STOOD_STILL in words for words in not_fit)
    return Harness(
        clock=clock,
        client_cpu_ratio=client_cpu_ratio,
        schedule_lag_p99_ms=quantile(lags, 0.99),
        offered_rate_per_s=offered,
        achieved_rate_per_s=achieved,
        peak_concurrency=peak_concurrency(sent),
        exact_stamp_ratio=known.exact_ratio,
        stamp_width_max_ms=known.width_max_ms,
        ttft_width_p99_ms=known.ttft_width_p99_ms,
        itl_width_p99_ms=known.itl_width_p99_ms,
        rtt_mean_ms=_mean_rtt_ms(samples),
        retransmits=_retransmits(samples),
        effective_decode_concurrency=_decode_concurrency(samples, duration),
        reasons=tuple(reasons),
        unjudged=unjudged(samples, is_late=is_starved and clock in TIMED_BY_THE_CLIENT),
    )


def lag_ms(sample: RequestSample) -> float:
    """How late the client was: sent - scheduled, less the connection set-up, which is the network's and the target's.

    Raises ValueError for a request that was never sent.
    """
    return (_ready_ns(sample) - sample.scheduled_ns) / 1e6


def peak_concurrency(samples: Iterable[RequestSample]) -> int:
    """Most requests in flight at one moment; one that ends when another begins is not in flight with it.

    The peaks of several machines are added up: whether they were at one moment, no clock can tell.
    """
    by_clock: defaultdict[int, list[RequestSample]] = defaultdict(list)
    for sample in samples:
        by_clock[sample.clock_id].append(sample)
    return sum(_peak(of_clock) for of_clock in by_clock.values())


def _peak(samples: Iterable[RequestSample]) -> int:
    steps = sorted(
        step
        for sample in samples
        if sample.sent_ns is not None
        for step in ((sample.trial, sample.sent_ns, 1), (sample.trial, sample.ended_ns, -1))
    )
    peak = running = 0
    for _, _, step in steps:
        running += step
        peak = max(peak, running)
    return peak


def _mean_rtt_ms(samples: Iterable[RequestSample]) -> float | None:
    """Mean over requests of the least round trip of their connections."""
    known = [sample.rtt_us for sample in samples if sample.rtt_us is not None]
    return sum(known) / len(known) / 1e3 if known else None


def _retransmits(samples: Iterable[RequestSample]) -> int | None:
    known = [sample.retransmits for sample in samples if sample.retransmits is not None]
    return sum(known) if known else None


def _ready_ns(sample: RequestSample) -> int:
    """When the client began to serve the request: sent, less the set-up of its connection."""
    if sample.sent_ns is None:
        raise ValueError(f"request {sample.index} was never sent")
    return sample.sent_ns - sum(part or 0 for part in (sample.dns_ns, sample.connect_ns, sample.tls_ns))


def _rate(samples: Iterable[RequestSample], moment_ns: Callable[[RequestSample], int]) -> float | None:
    """Gaps per second between the first and the last moment of each step of a trial; None without any gap.

    On several machines each has the rate of its own clock, and the rates add up.
    """
    by_clock: defaultdict[int, defaultdict[tuple[int, int], list[int]]] = defaultdict(lambda: defaultdict(list))
    for sample in samples:
        by_clock[sample.clock_id][sample.trial, sample.step].append(moment_ns(sample))
    rates = [rate for parts in by_clock.values() if (rate := _gaps_per_s(parts.values())) is not None]
    return sum(rates) if rates else None


def _gaps_per_s(parts: Collection[Sequence[int]]) -> float | None:
    span_ns = sum(max(part) - min(part) for part in parts)
    return sum(len(part) - 1 for part in parts) / (span_ns / 1e9) if span_ns > 0 else None


def _decode_concurrency(samples: Sequence[RequestSample], duration: float | None) -> float | None:
    """Mean number of streams between t_F and t_L over the phase, failed ones included: they held a slot, too."""
    if not duration:
        return None
    return sum(decode_time_ms(sample) or 0.0 for sample in samples) / 1e3 / duration


def _rate_reasons(offered: float | None, achieved: float | None, *, open_loop: bool) -> list[str]:
    """Against the schedule as drawn, not the nominal rate: a few Poisson gaps are far from their mean by chance."""
    if not open_loop or offered is None or achieved is None:
        return []
    missed = achieved / offered - 1
    if abs(missed) <= RATE_TOLERANCE:
        return []
    return [f"the client sent {achieved:.4g} requests/s where the schedule wanted {offered:.4g} ({missed:+.1%})"]


def _lag_reasons(lags: Sequence[float], median_ttft_ms: float | None) -> list[str]:
    """Judged by the lower end of the p99's interval, as an SLO is: one late request in ten is not a late client."""
    low, _ = quantile_interval(lags, 0.99)
    limit = max(LAG_FLOOR_MS, LAG_TOLERANCE * (median_ttft_ms or 0.0))
    if low is None or low <= limit:
        return []
    return [
        f"requests left up to {quantile(lags, 0.99):.4g} ms late (p99), more than {limit:.4g} ms "
        f"({LAG_TOLERANCE:.0%} of the median TTFT, at least {LAG_FLOOR_MS:g} ms)"
    ]


def _cpu_reasons(client_cpu_ratio: float | None) -> list[str]:
    if client_cpu_ratio is None or client_cpu_ratio <= CPU_LIMIT:
        return []
    return [f"the client used {client_cpu_ratio:.0%} of its core, more than {CPU_LIMIT:.0%}"]
