"""Student's t distribution for whole degrees of freedom: without scipy, which every start of pytest would pay for."""

import math
from functools import cache

STEPS = 160


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


def power(shift: float, critical: float, df: int) -> float:
    """P(|T| >= critical) of the noncentral t with noncentrality ``shift``: how often a t test with that critical value
    calls a true difference of ``shift`` standard errors. By Simpson's rule over what the estimated error can be.
    """
    return math.fsum(
        weight * (_normal_cdf(shift - critical * ratio) + _normal_cdf(-shift - critical * ratio))
        for ratio, weight in _error_ratios(df)
    )


def _normal_cdf(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


@cache
def _error_ratios(df: int) -> tuple[tuple[float, float], ...]:
    """Estimated over true standard error, which is sqrt(chi-square / df): values with their weights."""
    wide = 10 / math.sqrt(2 * df)
    low, high = max(1e-9, 1 - wide), 1 + wide
    ratios = [low + (high - low) * at / STEPS for at in range(STEPS + 1)]
    simpson = [1 if at in {0, STEPS} else 4 if at % 2 else 2 for at in range(STEPS + 1)]
    weights = [
        factor * math.exp((df - 1) * math.log(ratio) - df * (ratio**2 - 1) / 2)
        for factor, ratio in zip(simpson, ratios, strict=True)
    ]
    return tuple((ratio, weight / math.fsum(weights)) for ratio, weight in zip(ratios, weights, strict=True))


@cache
def detectable(wanted: float, critical: float, df: int) -> float:
    """The noncentrality at which the power is ``wanted``, by bisection."""
    low, high = 0.0, critical
    while power(high, critical, df) < wanted:
        low, high = high, high * 2
    while high - low > 1e-6 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if power(middle, critical, df) < wanted else (low, middle)
    return high
