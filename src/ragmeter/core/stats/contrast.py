"""Two systems, one figure for each trial: by what factor they differ, how sure that is, and what it takes to know.

Everything is in logarithms, because run-to-run factors multiply: a difference of 0.1 is about 10 %.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from ragmeter.core.stats import student
from ragmeter.core.stats.trials import MIN_TO_CLAIM, MIN_TO_SHOW

ALPHA = 0.05
POWER = 0.8
MAX_TRIALS = 1000
_ROUNDING = 1e-12
"""Means of the same logarithm, over more or fewer trials, differ by less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """log_ratio: of B to A, between their typical trials. error: its standard error, and df its degrees of freedom;
    None below three trials. spread: standard error times the square root of the trials, for planning.
    trials: of the side that has fewer.
    """

    log_ratio: float
    error: float | None
    df: int
    spread: float | None
    trials: int
    paired: bool

    def interval(self, confidence: float = 1 - ALPHA) -> tuple[float | None, float | None]:
        """Of the logarithm."""
        if self.error is None:
            return None, None
        half = student.quantile((1 + confidence) / 2, self.df) * self.error
        return self.log_ratio - half, self.log_ratio + half

    @property
    def p_value(self) -> float | None:
        """Two-sided, of no difference; None below three trials."""
        if self.error is None:
            return None
        if self.error == 0:
            return 1.0 if abs(self.log_ratio) < _ROUNDING else 0.0
        return student.two_sided_p(self.log_ratio / self.error, self.df)

    def detectable(self, family: int) -> float | None:
        """The smallest true log ratio that is called with a power of 80 % when ``family`` figures are tested at once:
        at the strictest level of Holm's correction, from the noncentral t. None below three trials.
        """
        if self.error is None:
            return None
        return student.detectable(POWER, critical(self.df, family), self.df) * self.error * unbiasing(self.df)

    def trials_needed(self, log_ratio: float, family: int) -> int | None:
        """Trials a side until a true ``log_ratio`` is detectable with this spread, at least five; None: over 1,000."""
        if self.spread is None:
            return MIN_TO_CLAIM
        needed = bisect_left(
            range(MAX_TRIALS + 1), True, lo=MIN_TO_CLAIM, key=lambda n: self._reaches(n, log_ratio, family)
        )
        return needed if needed <= MAX_TRIALS else None

    def _reaches(self, trials: int, log_ratio: float, family: int) -> bool:
        """Whether so many trials a side would detect the difference; once true, true for all more."""
        df = trials - 1 if self.paired else 2 * (trials - 1)
        error = (self.spread or 0.0) * unbiasing(self.df) / math.sqrt(trials)
        return error == 0 or student.power(log_ratio / error, critical(df, family), df) >= POWER


def unbiasing(df: float, z: float = 0.0) -> float:
    """From a standard deviation of few trials, which is too small more often than not, to one that is so in half of the
    cases: the median of chi-square by Wilson & Hilferty (1931). z: another quantile than the median, of the normal
    distribution: with -1.645 the true standard deviation is smaller in 95 % of the cases, with 1.645 in 5 %.
    """
    step = 2 / (9 * df)
    return math.pow(1 - step + z * math.sqrt(step), -1.5)


def critical(df: int, family: int) -> float:
    return student.quantile(1 - ALPHA / family / 2, df)


def contrast(a: Sequence[float], b: Sequence[float], *, paired: bool) -> Contrast:
    """From one positive figure for each trial. Paired: trial by trial; else Welch's unequal variances, rounded down to
    whole degrees of freedom. Raises ValueError without trials, or for pairs that do not match.
    """
    if not a or not b or (paired and len(a) != len(b)):
        raise ValueError(f"{len(a)} and {len(b)} trials are no {'pairs' if paired else 'comparison'}")
    logs_a, logs_b = [math.log(value) for value in a], [math.log(value) for value in b]
    fewer = min(len(a), len(b))
    shift = fmean(logs_b) - fmean(logs_a)
    if fewer < MIN_TO_SHOW:
        return Contrast(log_ratio=shift, error=None, df=0, spread=None, trials=fewer, paired=paired)
    if paired:
        spread = stdev(late - early for early, late in zip(logs_a, logs_b, strict=True))
        error = spread / math.sqrt(fewer)
        return Contrast(log_ratio=shift, error=error, df=fewer - 1, spread=spread, trials=fewer, paired=True)
    return _welch(shift, logs_a, logs_b)


def _welch(shift: float, logs_a: Sequence[float], logs_b: Sequence[float]) -> Contrast:
    spread_a, spread_b = stdev(logs_a), stdev(logs_b)
    parts = [(spread_a**2 / len(logs_a), len(logs_a)), (spread_b**2 / len(logs_b), len(logs_b))]
    variance = sum(part for part, _ in parts)
    freedom = sum(part**2 / (count - 1) for part, count in parts)
    return Contrast(
        log_ratio=shift,
        error=math.sqrt(variance),
        df=max(1, math.floor(variance**2 / freedom)) if freedom else min(len(logs_a), len(logs_b)) - 1,
        spread=math.hypot(spread_a, spread_b),
        trials=min(len(logs_a), len(logs_b)),
        paired=False,
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment, in the order given: the family-wise error stays at the level (Holm 1979)."""
    order = sorted(range(len(p_values)), key=lambda at: p_values[at])
    adjusted = [0.0] * len(p_values)
    reached = 0.0
    for rank, at in enumerate(order):
        reached = max(reached, min(1.0, p_values[at] * (len(p_values) - rank)))
        adjusted[at] = reached
    return adjusted
