"""Replicas of a service side by side: one that is slower than its siblings is named, and not averaged in.

A replica is what the service calls one (``replica_id``), else the address that the request went to.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, stdev

from ragmeter.core.formatting import number_text
from ragmeter.core.requests.measures import tpot_ms, ttft_ms
from ragmeter.core.requests.records import RequestSample
from ragmeter.core.stats import student
from ragmeter.core.stats.estimate import CONFIDENCE, quantile

SHOWN = 50
"""Replicas that are listed, those with the most requests; an id of its own for each request is none of a replica."""
LEAST_REQUESTS = 125
"""Successes of a replica, and of its siblings together, below which nothing is said of it."""
MOST_BLOCKS, LEAST_BLOCKS = 20, 5
TYPICAL_BLOCK = 25
"""Successes of the smaller side in a block: fewer would still wait in the queue of the block before."""
IN_BLOCK = 5
"""Successes of each side that a block must have."""
MATTERS = 1.05
"""A smaller factor is not named, however sure it is."""

Measure = Callable[[RequestSample], float | None]
MEASURES: Mapping[str, Measure] = {"ttft_ms": ttft_ms, "tpot_ms": tpot_ms}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """By what factor a replica's typical request takes as long as one of its siblings, who were asked at the same time.

    low, high: the interval that holds for all replicas and metrics at once with 95 %.
    """

    value: float
    low: float
    high: float

    @property
    def is_slower(self) -> bool:
        return self.low > 1 and self.value >= MATTERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """What one replica did in the measured phase. ratios: by metric; empty where it answered too few requests.

    slow: the metrics in which it is slower than its siblings.
    """

    name: str
    requests: int
    failed: int
    ttft_p50_ms: float | None
    ttft_p95_ms: float | None
    tpot_p50_ms: float | None
    ratios: dict[str, Ratio]
    slow: tuple[str, ...]


def replicas_of(samples: Sequence[RequestSample]) -> tuple[Replica, ...]:
    """The replicas that answered, the busiest first; empty for fewer than two. samples: of the measured phase."""
    groups = _groups(samples)
    if len(groups) < 2:
        return ()
    ratios = _ratios(groups, samples)
    busiest = sorted(groups, key=lambda name: (-len(groups[name]), name))[:SHOWN]
    return tuple(_replica(name, groups[name], ratios.get(name, {})) for name in busiest)


def caveats_of_replicas(replicas: Sequence[Replica]) -> tuple[str, ...]:
    """A sentence for each replica that is slower than its siblings."""
    return tuple(_sentence(replica, len(replicas)) for replica in replicas if replica.slow)


def _groups(samples: Sequence[RequestSample]) -> dict[str, list[RequestSample]]:
    """By the service's ids where it gives any, and by address otherwise; requests that have neither are left out."""
    named = any(sample.replica_id for sample in samples)
    groups: dict[str, list[RequestSample]] = {}
    for sample in samples:
        name = sample.replica_id if named else sample.server_address
        if name:
            groups.setdefault(name, []).append(sample)
    return groups


def _replica(name: str, own: Sequence[RequestSample], ratios: dict[str, Ratio]) -> Replica:
    def values(measure: Measure) -> list[float]:
        return [value for sample in own if sample.ok and (value := measure(sample)) is not None]

    waits = values(ttft_ms)
    return Replica(
        name=name,
        requests=len(own),
        failed=sum(not sample.ok for sample in own),
        ttft_p50_ms=quantile(waits, 0.5),
        ttft_p95_ms=quantile(waits, 0.95),
        tpot_p50_ms=quantile(values(tpot_ms), 0.5),
        ratios=ratios,
        slow=tuple(metric for metric, ratio in ratios.items() if ratio.is_slower),
    )


def _ratios(
    groups: Mapping[str, Sequence[RequestSample]], samples: Sequence[RequestSample]
) -> dict[str, dict[str, Ratio]]:
    """By replica and metric, of those that answered enough. Bonferroni's correction is for all of them together."""
    found = {
        (name, metric): differences
        for metric, measure in MEASURES.items()
        for name, differences in _differences(groups, samples, measure)
    }
    level = 1 - (1 - CONFIDENCE) / 2 / max(1, _tests(groups, found))
    ratios: dict[str, dict[str, Ratio]] = {}
    for (name, metric), differences in found.items():
        middle = fmean(differences)
        half = student.quantile(level, len(differences) - 1) * stdev(differences) / math.sqrt(len(differences))
        ratio = Ratio(value=math.exp(middle), low=math.exp(middle - half), high=math.exp(middle + half))
        ratios.setdefault(name, {})[metric] = ratio
    return ratios


def _tests(groups: Mapping[str, object], found: Mapping[tuple[str, str], object]) -> int:
    """How many questions are asked: of two replicas, both ask the same one."""
    return len(found) // 2 if len(groups) == 2 else len(found)


def _differences(
    groups: Mapping[str, Sequence[RequestSample]], samples: Sequence[RequestSample], measure: Measure
) -> Iterator[tuple[str, list[float]]]:
    """Of each replica with enough requests: block by block, how much the mean logarithm of its requests is above that
    of its siblings. A block is a stretch of the run: what slows all replicas down at a time is in both, and requests
    that wait in one queue are not taken for independent ones.
    """
    owner = {id(sample): name for name, own in groups.items() for sample in own}
    dated = sorted(samples, key=lambda sample: (sample.trial, sample.step, sample.scheduled_ns))
    logs = [
        (owner[id(sample)], math.log(value))
        for sample in dated
        if id(sample) in owner and sample.ok and (value := measure(sample)) is not None and value > 0
    ]
    counts = Counter(name for name, _ in logs)
    for name in groups:
        fewer = min(counts[name], len(logs) - counts[name])
        if fewer < LEAST_REQUESTS:
            continue
        count = min(MOST_BLOCKS, fewer // TYPICAL_BLOCK)
        edges = [len(logs) * at // count for at in range(count + 1)]
        blocks = (_difference(logs[low:high], name) for low, high in pairwise(edges))
        differences = [difference for difference in blocks if difference is not None]
        if len(differences) >= LEAST_BLOCKS:
            yield name, differences


def _difference(block: Sequence[tuple[str, float]], name: str) -> float | None:
    own = [value for each, value in block if each == name]
    others = [value for each, value in block if each != name]
    return fmean(own) - fmean(others) if min(len(own), len(others)) >= IN_BLOCK else None


_NAMES = {"ttft_ms": "time to the first token", "tpot_ms": "time per output token"}


def _sentence(replica: Replica, count: int) -> str:
    parts = [f"{_NAMES[metric]} {_percent(replica.ratios[metric])}" for metric in replica.slow]
    siblings = "the other replica" if count == 2 else f"the other {count - 1} replicas"
    return (
        f"replica {replica.name} is slower than {siblings}: {' and '.join(parts)}, in {replica.requests} requests; "
        "the figures below are of all replicas together"
    )


def _percent(ratio: Ratio) -> str:
    value, low, high = (number_text(100 * (each - 1), 3) for each in (ratio.value, ratio.low, ratio.high))
    return f"+{value} % (95 % interval +{low} to +{high} %)"
