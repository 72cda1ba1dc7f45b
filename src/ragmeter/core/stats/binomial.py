"""The binomial distribution, as far as order statistics need it: without scipy, to the last digits, for any n."""

import math

import numpy as np
from numpy.typing import NDArray


def pmf_window(n: int, p: float) -> tuple[int, NDArray[np.float64]]:
    """(first count, probabilities from it on) of Binomial(n, p) around its mode.

    Log ratios of neighbours are summed outward from the mode and normalised, so nothing under- or overflows.
    The window is 12 standard deviations and 40 counts to each side: what lies outside is below 1e-30.
    """
    if not 0.0 < p < 1.0:
        raise ValueError(f"a binomial probability must lie between 0 and 1, got {p}")
    reach = 12 * math.sqrt(n * p * (1 - p)) + 40
    mode = min(n, math.floor((n + 1) * p))
    first, last = max(0, math.floor(mode - reach)), min(n, math.ceil(mode + reach))
    counts = np.arange(first, last, dtype=np.float64)
    steps = np.log((n - counts) / (counts + 1)) + math.log(p) - math.log1p(-p)
    logs = np.concatenate(([0.0], np.cumsum(steps)))
    masses = np.exp(logs - logs.max())
    return first, masses / masses.sum()


def cdf(k: int, n: int, p: float) -> float:
    """P(Binomial(n, p) <= k)."""
    first, masses = pmf_window(n, p)
    return float(min(1.0, masses[: max(0, k - first + 1)].sum()))


def bracketing_counts(n: int, p: float, tail: float) -> tuple[int | None, int | None]:
    """(l, u): the largest l with P(B < l) <= tail and the smallest u with P(B >= u) <= tail, both in 1..n.

    None where no such count exists.
    """
    first, masses = pmf_window(n, p)
    below = np.cumsum(masses)  # below[i] = P(B <= first + i)
    above = np.cumsum(masses[::-1])[::-1]  # above[i] = P(B >= first + i)
    lower = first + int(np.searchsorted(below, tail, side="right"))
    upper = first + int(np.count_nonzero(above > tail))
    return (lower if lower >= 1 else None), (upper if upper <= n else None)
