"""Estimates over values that come in groups, such as the inter-token gaps of each request.

Gaps of one request are correlated, so the unit of every interval is a whole request: an order-statistic interval over
the pooled gaps would be far too narrow, and resampling few requests is (0.88 where 0.95 is promised, at 30 requests).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ragmeter.core.stats import student
from ragmeter.core.stats.estimate import CONFIDENCE, Estimate, Interval, ascending, min_samples, quantile, widened
from ragmeter.core.stats.serial import each_counts

MIN_GROUPS = 10
"""Below this, the spread between groups is hardly known; no interval is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """values: of one group after the other, in the order of time. sizes: how many values each has, those of an empty
    group left out.
    """

    values: NDArray[np.float64]
    sizes: NDArray[np.int64]

    @classmethod
    def of(cls, groups: Sequence[Sequence[float] | NDArray[np.float64]]) -> Self:
        filled = [np.asarray(group, dtype=np.float64) for group in groups if len(group)]
        return cls(
            values=np.concatenate(filled) if filled else np.empty(0),
            sizes=np.asarray([group.size for group in filled], dtype=np.int64),
        )

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """By group, of one number for each value."""
        return np.add.reduceat(values, np.cumsum(self.sizes) - self.sizes)


def estimate_pooled_quantile(groups: Groups, q: float, confidence: float = CONFIDENCE) -> Estimate:
    """A percentile of all values together; ``enough`` needs 10 groups besides the minimum of the percentile."""
    pooled = ascending(groups.values)
    value = quantile(pooled, q)
    low, high = widened(value, *_quantile_interval(groups, pooled, q, confidence))
    enough = pooled.size >= min_samples(q) and groups.sizes.size >= MIN_GROUPS
    return Estimate(value=value, low=low, high=high, n=pooled.size, enough=enough, confidence=confidence)


def estimate_pooled_mean(groups: Groups, confidence: float = CONFIDENCE) -> Estimate:
    """The mean of all values together."""
    pooled = ascending(groups.values)
    value = float(pooled.mean()) if pooled.size else None
    low, high = _mean_interval(groups, value or 0.0, confidence)
    enough = groups.sizes.size >= MIN_GROUPS
    return Estimate(value=value, low=low, high=high, n=pooled.size, enough=enough, confidence=confidence)


def _quantile_interval(groups: Groups, pooled: NDArray[np.float64], q: float, confidence: float) -> Interval:
    """The interval of the share of values up to the quantile, read back through the quantiles (Woodruff 1952).

    An end is None where that share reaches 0 or 1: no value bounds the quantile there. Where it reaches them only
    because requests resemble the ones before them, the least or the greatest value does.
    """
    value = quantile(pooled, q)
    if value is None or groups.sizes.size < MIN_GROUPS:
        return None, None
    up_to = groups.sums((groups.values <= value).astype(np.float64))
    half = _half(up_to, groups.sizes, q, confidence)
    wide = half * _wider(up_to, groups.sizes, q)
    return (
        quantile(pooled, max(q - wide, 0.0)) if half < q else None,
        quantile(pooled, min(q + wide, 1.0)) if q + half < 1 else None,
    )


def _mean_interval(groups: Groups, value: float, confidence: float) -> Interval:
    """Of the logarithm, by the delta method: latencies are skewed."""
    if groups.sizes.size < MIN_GROUPS:
        return None, None
    if value <= 0:
        return value, value
    sums = groups.sums(groups.values)
    half = _half(sums, groups.sizes, value, confidence) * _wider(sums, groups.sizes, value)
    factor = math.exp(half / value)
    return value / factor, value * factor


def ratio_of_sums(tops: Sequence[float], bottoms: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """The interval of sum(tops) / sum(bottoms) with one pair for each request; None below 10 of them."""
    if len(tops) < MIN_GROUPS or not sum(bottoms):
        return None, None
    ratio = math.fsum(tops) / math.fsum(bottoms)
    totals, sizes = np.array(tops, dtype=np.float64), np.array(bottoms, dtype=np.float64)
    half = _half(totals, sizes, ratio, confidence) * _wider(totals, sizes, ratio)
    return ratio - half, ratio + half


def _half(
    totals: NDArray[np.float64], sizes: NDArray[np.float64] | NDArray[np.int64], ratio: float, confidence: float
) -> float:
    """Half the width of the interval of sum(totals) / sum(sizes) = ratio, one of each for a group: the linearised ratio
    estimator with t quantiles (Cochran 1977, 6.3).
    """
    count = len(sizes)
    squares = np.sort((totals - ratio * sizes) ** 2)  # ascending, so that no order of the groups rounds otherwise
    error = math.sqrt(count / (count - 1) * float(squares.sum())) / float(sizes.sum())
    return student.quantile((1 + confidence) / 2, count - 1) * error


def _wider(totals: NDArray[np.float64], sizes: NDArray[np.float64] | NDArray[np.int64], ratio: float) -> float:
    """By what factor the interval is wider, where a group resembles the one before it."""
    return math.sqrt(each_counts(totals - ratio * sizes))
