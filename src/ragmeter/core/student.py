"""Student's t distribution for whole degrees of freedom: without scipy, which every start of pytest would pay for."""

import math
from functools import cache


def cdf(t: float, df: int) -> float:
    """P(T <= t), in closed form (Abramowitz & Stegun 26.7.3 and 26.7.4)."""
    if df < 1:
        raise ValueError(f"Student's t needs at least 1 degree of freedom, got {df}")
    if math.isinf(t):
        return 1.0 if t > 0 else 0.0
    angle = math.atan2(t, math.sqrt(df))
    return min(1.0, max(0.0, 0.5 + 0.5 * (_odd(angle, df) if df % 2 else _even(angle, df))))


def _odd(angle: float, df: int) -> float:
    term, total = math.cos(angle), 0.0
    for k in range(1, (df - 1) // 2 + 1):
        total += term
        term *= math.cos(angle) ** 2 * (2 * k) / (2 * k + 1)
    return 2 / math.pi * (angle + math.sin(angle) * total)


def _even(angle: float, df: int) -> float:
    term, total = 1.0, 0.0
    for k in range(1, df // 2 + 1):
        total += term
        term *= math.cos(angle) ** 2 * (2 * k - 1) / (2 * k)
    return math.sin(angle) * total


def two_sided_p(t: float, df: int) -> float:
    """P(|T| >= |t|)."""
    return 2 * cdf(-abs(t), df)


@cache
def quantile(share: float, df: int) -> float:
    """The t with P(T <= t) = share, by bisection to 1e-12 of its size."""
    if not 0.0 < share < 1.0:
        raise ValueError(f"a quantile of Student's t needs a share between 0 and 1, got {share}")
    if share < 0.5:
        return -quantile(1 - share, df)
    low, high = 0.0, 1.0
    while cdf(high, df) < share:
        low, high = high, high * 2
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if cdf(middle, df) < share else (low, middle)
    return high
