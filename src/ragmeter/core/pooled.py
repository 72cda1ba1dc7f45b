"""Estimates over values that come in groups, such as the inter-token gaps of each request.

Gaps of one request are correlated, so intervals come from resampling whole requests (cluster bootstrap): an
order-statistic interval over the pooled gaps would be far too narrow.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ragmeter.core.result import Estimate
from ragmeter.core.stats import CONFIDENCE, Interval, ascending, min_samples, quantile, widened

MIN_GROUPS = 10
"""Below this, resampling groups covers far less than it promises; no interval is given."""
RESAMPLES = 400

Groups = Sequence[Sequence[float]]


def estimate_pooled_quantile(
    groups: Groups, q: float, rng: np.random.Generator, confidence: float = CONFIDENCE
) -> Estimate:
    """A percentile of all values together; ``enough`` needs 10 groups besides the minimum of the percentile."""
    pooled = _pool(groups)
    value = quantile(pooled, q)
    low, high = widened(value, *_quantile_interval(groups, pooled, q, rng, confidence))
    enough = pooled.size >= min_samples(q) and _filled(groups) >= MIN_GROUPS
    return Estimate(value=value, low=low, high=high, n=pooled.size, enough=enough, confidence=confidence)


def estimate_pooled_mean(groups: Groups, rng: np.random.Generator, confidence: float = CONFIDENCE) -> Estimate:
    """The mean of all values together."""
    pooled = _pool(groups)
    value = float(pooled.mean()) if pooled.size else None
    low, high = widened(value, *_mean_interval(groups, rng, confidence))
    enough = _filled(groups) >= MIN_GROUPS
    return Estimate(value=value, low=low, high=high, n=pooled.size, enough=enough, confidence=confidence)


def _pool(groups: Groups) -> NDArray[np.float64]:
    return ascending([value for group in groups for value in group])


def _filled(groups: Groups) -> int:
    return sum(1 for group in groups if len(group))


def _quantile_interval(
    groups: Groups, pooled: NDArray[np.float64], q: float, rng: np.random.Generator, confidence: float
) -> Interval:
    """Resampled quantiles are not interpolated, so they may just miss the estimate."""
    filled = [group for group in groups if len(group)]
    if len(filled) < MIN_GROUPS:
        return None, None
    values = np.concatenate([np.asarray(group, dtype=np.float64) for group in filled])
    owners = np.repeat(np.arange(len(filled)), [len(group) for group in filled])[np.argsort(values, kind="stable")]
    resampled = np.empty(RESAMPLES)
    for row, weights in enumerate(_weights(len(filled), rng)):
        ranks = np.cumsum(weights[owners])
        resampled[row] = pooled[np.searchsorted(ranks, q * ranks[-1])]
    return _middle(resampled, confidence)


def _mean_interval(groups: Groups, rng: np.random.Generator, confidence: float) -> Interval:
    filled = [group for group in groups if len(group)]
    if len(filled) < MIN_GROUPS:
        return None, None
    sums = np.array([math.fsum(group) for group in filled])
    sizes = np.array([len(group) for group in filled], dtype=np.float64)
    weights = _weights(len(filled), rng)
    return _middle((weights @ sums) / (weights @ sizes), confidence)


def _weights(groups: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """How often each group is drawn, one row for each resample."""
    return rng.multinomial(groups, np.full(groups, 1 / groups), size=RESAMPLES)


def _middle(resampled: NDArray[np.float64], confidence: float) -> Interval:
    """Percentile interval."""
    tail = (1 - confidence) / 2
    return quantile(resampled, tail), quantile(resampled, 1 - tail)
