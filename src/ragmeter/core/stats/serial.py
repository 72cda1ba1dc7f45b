"""Requests of one trial that resemble the ones before them, and how little such a trial knows.

Requests that wait in one queue are slow together. The interval of n independent values is then too narrow by the square
root of the integrated autocorrelation time: that many requests say as much as one that is independent. A trend is no
such chance: what a service does under a load that it cannot bear, getting slower to the end, is a fact of this run.
"""

import math

import numpy as np
from numpy.typing import NDArray

SIGNIFICANT = 2.326
"""One-sided 1 % point of the normal distribution: of independent values, one series in a hundred is called serial."""
LEAST = 20
"""Below this, not even a strong resemblance can be told from chance."""
TREND = 2
"""Degree of the polynomial of time that is a trend and no resemblance."""
NOTHING = 1e-9
"""A share of the variance below this is of rounding."""

Values = NDArray[np.float64]


def resemblance(in_time: Values) -> float | None:
    """Spearman's correlation of each value with the one before it, in the order of time, without the trend; ties share
    a rank.

    None where it is not positive beyond chance (1 %, one-sided), below 20 values, and where a trend is all that there
    is. Of n independent values it has a standard deviation of 1/√n, and a mean of -1/n for each coefficient fitted.
    """
    n = in_time.size
    if n < LEAST:
        return None
    rest, share = _without_trend(_ranks(in_time))
    correlation = _autocorrelations(rest) if share else None
    if correlation is None or correlation[1] < SIGNIFICANT / math.sqrt(n) - (TREND + 1) / n:
        return None
    return float(correlation[1])


def each_counts(in_time: Values) -> float:
    """How many values say as much of the mean as an independent one; 1 where they do not resemble the ones before."""
    return 1.0 if resemblance(in_time) is None else _without_chance(*_without_trend(in_time))


def each_counts_of_quantile(in_time: Values, q: float) -> float:
    """The same of a quantile, of values that resemble the ones before them."""
    rest, share = _without_trend(_ranks(in_time))
    return _without_chance((rest <= np.quantile(rest, q)).astype(np.float64), share)


def autocorrelation_time(in_time: Values) -> float:
    """How many values say as much as one independent value: 1 + 2 Σ r(k), at least 1 and at most n.

    r(k): their correlation with those k before. The sum ends where two neighbours of them are together no longer
    positive (the initial positive sequence of Geyer 1992). 1 where all values are the same.
    """
    correlation = _autocorrelations(in_time)
    if correlation is None:
        return 1.0
    even = correlation[: correlation.size // 2 * 2]
    pairs = even.reshape(-1, 2).sum(axis=1)
    negative = np.flatnonzero(pairs <= 0)
    positive = pairs[: negative[0]] if negative.size else pairs
    return min(max(2 * float(positive.sum()) - 1, 1.0), float(in_time.size))


def _without_chance(rest: Values, share: float) -> float:
    """share: of the variance, which is not of the trend: only that is known less well."""
    return max(1.0, share * autocorrelation_time(rest))


def _without_trend(values: Values) -> tuple[Values, float]:
    """What the trend leaves, and its share of the variance."""
    centred = values - values.mean()
    whole = float(centred @ centred)
    if not whole:
        return centred, 0.0
    time = np.linspace(-1.0, 1.0, values.size)
    fitted = np.polynomial.Polynomial.fit(time, centred, TREND)(time)
    rest: Values = centred - fitted
    share = float(rest @ rest) / whole
    return rest, share if share > NOTHING else 0.0


def _autocorrelations(values: Values) -> Values | None:
    """At lags 0 to n - 1, each divided by n; None where the values do not differ."""
    centred = values - values.mean()
    if not centred.any():
        return None
    size = 1 << (2 * values.size - 1).bit_length()
    spectrum = np.fft.rfft(centred, size)
    products = np.asarray(np.fft.irfft(np.abs(spectrum) ** 2, size)[: values.size], dtype=np.float64)
    return products / float(products[0])


def _ranks(values: Values) -> Values:
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[which], dtype=np.float64)
