"""Estimates with their uncertainty: percentiles, ratios, means.

Everything here takes +inf (a failed request in a failure-aware metric) and refuses nan. An interval end that
does not exist is None, which reads "unbounded".
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ragmeter.core.stats.binomial import bracketing_counts
from ragmeter.core.stats.serial import each_counts, each_counts_of_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure with its uncertainty.

    value: None without samples. low, high: the confidence interval; None where it is unbounded or unknown.
    enough: whether n reaches the minimum for this statistic (MLPerf early stopping, c = 0.99).
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    enough: bool
    confidence: float = 0.95


CONFIDENCE = 0.95
EARLY_STOPPING = 0.01
"""MLPerf early stopping: 1 - c with c = 0.99."""
MEAN_MIN_SAMPLES = 10
"""Below this, no resampling of a mean covers what it promises; no interval is given."""
BOOTSTRAP_RESAMPLES = 1000
NORMAL_ABOVE = 5000
"""From here on the studentised bootstrap and the normal interval agree to well under 1 % of their width."""
BLOCK_CELLS = 2_000_000

Values = Sequence[float] | NDArray[np.float64]
Interval = tuple[float | None, float | None]


def ascending(values: Values) -> NDArray[np.float64]:
    """The values as a sorted array, itself where it is one. ValueError for nan."""
    array = np.asarray(values, dtype=np.float64)
    if not (array[1:] >= array[:-1]).all():
        array = np.sort(array)
    if array.size and np.isnan(array[-1]):  # nan sorts last
        raise ValueError("nan is not a measurement")
    return array


def quantile(values: Values, q: float) -> float | None:
    """Linear interpolation between order statistics at (n - 1)·q (Hyndman & Fan 1996, type 7; numpy's default).

    None without values. Unlike numpy's, defined for infinite values: inf as soon as inf takes part.
    """
    _check_share(q)
    array = ascending(values)
    return _between(array, (array.size - 1) * q) if array.size else None


def unbiased_quantile(values: Values, q: float) -> float | None:
    """The median-unbiased quantile at (n + 1/3)·q + 1/3 (Hyndman & Fan 1996, type 8, the one they recommend).

    For figures of several trials: type 7 is too low in the upper tail of a small trial, by the same in each, so that
    no number of trials averages it out. None without values; inf as soon as inf takes part.
    """
    _check_share(q)
    array = ascending(values)
    if not array.size:
        return None
    return _between(array, min(max((array.size + 1 / 3) * q - 2 / 3, 0.0), array.size - 1))


def _between(array: NDArray[np.float64], position: float) -> float:
    """Linear interpolation between the order statistics beside a position that begins with 0."""
    below = math.floor(position)
    weight = position - below
    low = float(array[below])
    if weight == 0 or low == (high := float(array[below + 1])):
        return low
    return min(high, low + weight * (high - low))


def quantile_interval(
    values: Values, q: float, confidence: float = CONFIDENCE, *, each_counts: float = 1.0
) -> Interval:
    """Distribution-free interval of a quantile: the order statistics x(l), x(u) with P(l <= Binomial(n, q) < u) >=
    confidence, equal tails (Conover, Practical Nonparametric Statistics, 3.2; David & Nagaraja, Order Statistics, 7.1).

    Conservative: covers at least ``confidence`` for independent values. An end is None where that order statistic
    does not exist: one sample bounds its median on neither side, and p99 has no upper bound below 368 samples. With
    two or three samples an extreme quantile's estimate may lie outside its bounds; they are then widened to it.
    each_counts: how many values say as much as an independent one; both ranks are the square root of it further from
    n·q, and at most at the ends of what was seen: no end is lost that independent values would have.
    """
    _check_share(q)
    array = ascending(values)
    if not array.size or q in (0.0, 1.0):
        return None, None
    lower, upper = _apart(*bracketing_counts(array.size, q, (1 - confidence) / 2), array.size, q, each_counts)
    return widened(
        quantile(array, q),
        None if lower is None else float(array[lower - 1]),
        None if upper is None else float(array[upper - 1]),
    )


def _apart(lower: int | None, upper: int | None, n: int, q: float, each_counts: float) -> tuple[int | None, int | None]:
    if each_counts == 1:
        return lower, upper
    factor = math.sqrt(each_counts)
    low = None if lower is None else math.floor(n * q - (n * q - lower) * factor)
    high = None if upper is None else math.ceil(n * q + (upper - n * q) * factor)
    return (None if low is None else max(low, 1)), (None if high is None else min(high, n))


def widened(value: float | None, low: float | None, high: float | None) -> Interval:
    """The interval, made wide enough to contain its estimate; an open end stays open."""
    if value is None:
        return low, high
    return (None if low is None else min(low, value)), (None if high is None else max(high, value))


def min_samples(q: float) -> int:
    """How many samples the q-quantile needs before it is an estimate or is gated.

    The smallest n with P(Binomial(n, 1 - q) <= 1) <= 0.01: among n samples, at least two lie beyond the true quantile
    with 99 % confidence, so the tail was seen and not just its nearest edge. This is MLPerf's early stopping
    (c = 0.99): p50 11, p90 64, p95 130, p99 662, p99.9 6636. For q < 0.5 the lower tail counts.
    """
    if not 0.0 < q < 1.0:
        raise ValueError(f"a quantile that can be estimated lies between 0 and 1, got {q}")
    tail = min(q, 1 - q)
    high = 2
    while _at_most_one(high, tail) > EARLY_STOPPING:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _at_most_one(middle, tail) <= EARLY_STOPPING else (middle, high)
    return high


def _at_most_one(n: int, p: float) -> float:
    """P(Binomial(n, p) <= 1), in closed form."""
    return math.exp(n * math.log1p(-p)) * (1 + n * p / (1 - p))


def wilson(successes: float, n: float, confidence: float = CONFIDENCE) -> Interval:
    """Wilson's score interval of a proportion (Wilson 1927; Brown, Cai & DasGupta 2001), within 0..1.

    ``successes`` may be a sum of shares in 0..1: their variance is at most that of a 0/1 variable of the same mean,
    so the interval is then conservative, and it does not collapse when all shares are 1.
    """
    if n == 0:
        return None, None
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n}")
    z = _z(confidence)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return min(low, share), max(high, share)


def bootstrap_mean(values: Values, rng: np.random.Generator, confidence: float = CONFIDENCE) -> Interval:
    """Studentised (bootstrap-t) interval of a mean: second-order correct, so it keeps its promise on skewed latencies
    (Efron & Tibshirani 1993, ch. 12). Above 5,000 values the normal interval, which is then the same.

    (None, None) below 10 values. An end is None where resamples without any spread leave it open (all values
    equal but a few). With a value of +inf, the mean is +inf and so are both ends.
    """
    array = ascending(values)
    n = array.size
    if n < MEAN_MIN_SAMPLES:
        return None, None
    if np.isinf(array[-1]):
        return math.inf, math.inf
    mean, error = float(array.mean()), float(array.std(ddof=1)) / math.sqrt(n)
    if array[0] == array[-1]:
        return mean, mean
    if n > NORMAL_ABOVE:
        z = _z(confidence)
        return mean - z * error, mean + z * error
    pivots = np.sort(_studentised(array, mean, rng))
    cut = math.floor((1 - confidence) / 2 * pivots.size)
    low, high = mean - float(pivots[-1 - cut]) * error, mean - float(pivots[cut]) * error
    return (low if math.isfinite(low) else None), (high if math.isfinite(high) else None)


def _studentised(array: NDArray[np.float64], mean: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """(mean* - mean) / error* of each resample; ±inf for a resample without spread."""
    n = array.size
    pivots: list[NDArray[np.float64]] = []
    remaining = BOOTSTRAP_RESAMPLES
    while remaining:
        rows = min(remaining, max(1, BLOCK_CELLS // n))
        resamples = array[rng.integers(0, n, size=(rows, n))]
        shifts = resamples.mean(axis=1) - mean
        errors = resamples.std(axis=1, ddof=1) / math.sqrt(n)
        flat = resamples.min(axis=1) == resamples.max(axis=1)
        pivots.append(np.where(flat, np.copysign(np.inf, shifts), shifts / np.where(flat, 1.0, errors)))
        remaining -= rows
    return np.concatenate(pivots)


def estimate_quantile(
    values: Values, q: float, confidence: float = CONFIDENCE, *, in_time: NDArray[np.float64] | None = None
) -> Estimate:
    """A percentile with its order-statistic interval.

    in_time: the same values in the order of time, where they resemble the ones before them; None for independent ones.
    """
    array = ascending(values)
    each = 1.0 if in_time is None else each_counts_of_quantile(in_time, q)
    low, high = quantile_interval(array, q, confidence, each_counts=each)
    enough = array.size >= min_samples(q)
    return Estimate(value=quantile(array, q), low=low, high=high, n=array.size, enough=enough, confidence=confidence)


def estimate_mean(
    values: Values,
    rng: np.random.Generator,
    confidence: float = CONFIDENCE,
    *,
    in_time: NDArray[np.float64] | None = None,
) -> Estimate:
    """A mean with its studentised bootstrap interval. in_time: see `estimate_quantile`."""
    array = ascending(values)
    low, high = bootstrap_mean(array, rng, confidence)
    value = float(array.mean()) if array.size else None
    if in_time is not None and value is not None and math.isfinite(value):
        factor = math.sqrt(each_counts(in_time))
        low, high = (None if end is None else value + (end - value) * factor for end in (low, high))
    enough = array.size >= MEAN_MIN_SAMPLES
    return Estimate(value=value, low=low, high=high, n=array.size, enough=enough, confidence=confidence)


def estimate_ratio(successes: float, n: int, confidence: float = CONFIDENCE, *, each_counts: float = 1.0) -> Estimate:
    """A proportion with Wilson's interval; its width alone says whether n is large enough.

    each_counts: how many of the n say as much as one that is independent of the others.
    """
    low, high = wilson(successes / each_counts, n / each_counts, confidence)
    value = successes / n if n else None
    return Estimate(value=value, low=low, high=high, n=n, enough=n > 0, confidence=confidence)


def estimate_exact(value: float | None, n: int) -> Estimate:
    """A figure of this very phase, counted or divided and not sampled: it has no interval."""
    return Estimate(value=value, low=None, high=None, n=n, enough=value is not None)


def rising(at: Estimate, figure: Callable[[float], float]) -> Estimate:
    """A figure that rises with an estimate, with both ends of its interval carried over."""
    value, low, high = (None if end is None else figure(end) for end in (at.value, at.low, at.high))
    return replace(at, value=value, low=low, high=high)


def falling(at: Estimate, figure: Callable[[float], float]) -> Estimate:
    """A figure that falls with an estimate: the upper end gives the lower one. One of 0 gives none: a price of what
    nothing is made of is unbounded.
    """
    value, low, high = (figure(end) if end else None for end in (at.value, at.high, at.low))
    return replace(at, value=value, low=low, high=high)


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _check_share(q: float) -> None:
    if not 0.0 <= q <= 1.0:
        raise ValueError(f"a quantile is a share in 0..1, got {q}")
