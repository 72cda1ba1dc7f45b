"""What is counted of the requests of each trial: what rates and shares are made of."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from ragmeter.core.requests.metrics import METRICS
from ragmeter.core.requests.records import OURS, RequestSample
from ragmeter.core.stats.serial import each_counts


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialCounts:
    """What rates are made of, of one trial. sent: successes and failures, without what we ended ourselves.

    failed_each_counts, good_each_counts: how many of these say as much as an independent one, by whether they failed
    and by whether they were good: see `ragmeter.core.stats.serial`.
    """

    success: int
    sent: int
    good: int
    tokens: int | None
    good_tokens: int | None
    duration_s: float
    failed_each_counts: float
    good_each_counts: float


def trial_counts(samples: Sequence[RequestSample], goodput: Mapping[str, float]) -> list[TrialCounts]:
    by_trial: dict[int, list[RequestSample]] = {}
    for sample in samples:
        by_trial.setdefault(sample.trial, []).append(sample)
    return [_counts_of(trial, goodput) for _, trial in sorted(by_trial.items())]


def _counts_of(trial: Sequence[RequestSample], goodput: Mapping[str, float]) -> TrialCounts:
    sent = sorted((sample for sample in trial if sample.error not in OURS), key=attrgetter("index"))
    are_good = [is_good(sample, goodput) for sample in sent]
    good = [sample for sample, is_one in zip(sent, are_good, strict=True) if is_one]
    return TrialCounts(
        success=sum(1 for sample in trial if sample.ok),
        sent=len(sent),
        good=len(good),
        tokens=sum_known([sample.output_tokens for sample in trial if sample.ok]),
        good_tokens=_tokens(good),
        duration_s=duration_s(trial) or 0.0,
        failed_each_counts=each_counts(np.array([not sample.ok for sample in sent], dtype=np.float64)),
        good_each_counts=each_counts(np.array(are_good, dtype=np.float64)),
    )


def _tokens(good: Sequence[RequestSample]) -> int | None:
    """Where nothing is good, none of the tokens are: 0 is known."""
    return sum_known([sample.output_tokens for sample in good]) if good else 0


def is_good(sample: RequestSample, goodput: Mapping[str, float]) -> bool:
    """Success that meets every bound. A metric that is not known for this request does not meet its bound."""
    return sample.ok and all(_meets(sample, name, bound) for name, bound in goodput.items())


def _meets(sample: RequestSample, name: str, bound: float) -> bool:
    metric = METRICS[name]
    value = metric.measure(sample) if metric.measure else None
    if value is None:
        return False
    return value >= bound if metric.better == "higher" else value <= bound


def duration_s(samples: Sequence[RequestSample]) -> float | None:
    """From the first scheduled send to the last end, summed over trials: the time between trials is not in it.

    A trial that several machines sent together lasted as long as the longest of them, each by its own clock.
    """
    if not samples:
        return None
    parts: defaultdict[tuple[int, int], list[RequestSample]] = defaultdict(list)
    for sample in samples:
        parts[sample.trial, sample.clock_id].append(sample)
    longest_ns: defaultdict[int, int] = defaultdict(int)
    for (trial, _), part in parts.items():
        span_ns = max(sample.ended_ns for sample in part) - min(sample.scheduled_ns for sample in part)
        longest_ns[trial] = max(longest_ns[trial], span_ns)
    return sum(longest_ns.values()) / 1e9


def sum_known(counts: Sequence[int | None]) -> int | None:
    """None as soon as one is unknown, or there are none: a sum over some would pass for the whole."""
    known = [count for count in counts if count is not None]
    return sum(known) if known and len(known) == len(counts) else None
