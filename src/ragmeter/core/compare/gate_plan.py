"""What a gate will be able to decide, before anything is sent.

A gate decides about a change when it calls one of twice that size, and passes a system that is the same, each in 80 %
of the runs. Passing takes the more: the whole interval has to exclude the change.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, stdev
from typing import Final

from ragmeter.core.formatting import percent
from ragmeter.core.requests.figure import Figure
from ragmeter.core.stats import student
from ragmeter.core.stats.contrast import MAX_TRIALS, POWER, critical, unbiasing
from ragmeter.core.stats.sessions import EXPECTED, MIN_SESSIONS, between
from ragmeter.core.stats.trials import MIN_TO_CLAIM, MIN_TO_SHOW

ASSUMED_SPREAD: Final = 0.05
"""Standard deviation of the log figure between trials of a system, where no saved run tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """value: standard deviation of a log figure between trials. df: of the trials that tell it; None where it is
    assumed.
    """

    value: float
    df: float | None

    def at(self, share: float) -> float:
        """What the true one exceeds in this share of the cases."""
        if self.df is None:
            return self.value
        return self.value * unbiasing(self.df, NormalDist().inv_cdf(share)) / unbiasing(self.df)


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """trials: that decide about the figure. low, high: by how well the spread is known. None for more than 1,000."""

    figure: Figure
    trials: int | None
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """change_ratio: the smallest change of the figure that the saved sessions can decide about."""

    figure: Figure
    change_ratio: float


def spread_of(trials: Sequence[float | None]) -> Spread | None:
    """Between the trials of one run, of the log figure; None below three, and where one of them has no positive one."""
    known = [math.log(value) for value in trials if value is not None and value > 0]
    if len(known) < MIN_TO_SHOW or len(known) < len(trials):
        return None
    return Spread(value=stdev(known) * unbiasing(len(known) - 1), df=len(known) - 1)


def of_both(one: Spread | None, other: Spread | None) -> Spread:
    """Of the log ratio of two systems; None where it has to be assumed, and then so is that of both.

    Degrees of freedom by Welch & Satterthwaite.
    """
    values = [ASSUMED_SPREAD if each is None else each.value for each in (one, other)]
    if one is None or other is None or one.df is None or other.df is None:
        return Spread(value=math.hypot(*values), df=None)
    parts = sum(each.value**4 / each.df for each in (one, other) if each.df)
    df = (one.value**2 + other.value**2) ** 2 / parts if parts else one.df + other.df
    return Spread(value=math.hypot(*values), df=df)


def needed_for(figure: Figure, spread: Spread, min_effect_ratio: float, family: int) -> Needed:
    """As `trials_to_decide`, with what the spread may be as well.

    The figure that takes the most trials is the one whose spread has turned out large, so that the low end is corrected
    for all figures (Bonferroni).
    """
    beyond = (1 - EXPECTED) / 2
    low, trials, high = (
        trials_to_decide(value, min_effect_ratio, family)
        for value in (spread.at(1 - beyond / family), spread.value, spread.at(beyond))
    )
    return Needed(figure=figure, trials=trials, low=low, high=high)


def trials_to_decide(spread: float, min_effect_ratio: float, family: int) -> int | None:
    """In each of two systems whose trials are pairs, at least five; None: over 1,000.

    spread: of the log ratio within a pair: of both systems together, what a block has in common left out. family: how
    many figures are judged at once.
    """
    needed = bisect_left(
        range(MAX_TRIALS + 1), True, lo=MIN_TO_CLAIM, key=lambda n: _decides(spread, n, min_effect_ratio, family)
    )
    return needed if needed <= MAX_TRIALS else None


def _decides(spread: float, trials: int, min_effect_ratio: float, family: int) -> bool:
    error, df = spread / math.sqrt(trials), trials - 1
    if error == 0:
        return True
    passes = student.power(math.log1p(min_effect_ratio) / error, critical(df, 1), df)
    return passes >= POWER <= student.power(math.log1p(2 * min_effect_ratio) / error, critical(df, family), df)


def smallest_decided(sessions: Sequence[Sequence[float]]) -> float | None:
    """The change that a further session like the saved ones decides about, as a ratio; None below three sessions.

    sessions: one positive figure for each trial of each.
    """
    if len(sessions) < MIN_SESSIONS:
        return None
    variance, df = between(sessions)
    error = math.sqrt(variance * (1 + 1 / len(sessions))) * unbiasing(df)
    return math.expm1(student.detectable(POWER, critical(df, 1), df) * error)


def needed_words(needed: Sequence[Needed], min_effect_ratio: float) -> str:
    """``7 trials (5 to 15) to decide about a change of 5 % of p50(ttft_ms), 31 (17 to 75) of p95(ttft_ms)``: for the
    figure that takes the fewest, and for the one that takes the most.
    """
    ordered = sorted(needed, key=lambda at: math.inf if at.trials is None else at.trials)
    first, last = ordered[0], ordered[-1]
    words = (
        f"{_count(first.trials)} trials{_range(first)} to decide about a change of {percent(min_effect_ratio)} % of "
    )
    words += str(first.figure)
    return words if first.trials == last.trials else f"{words}, {_count(last.trials)}{_range(last)} of {last.figure}"


def decided_words(decided: Sequence[Decided]) -> str:
    """``a change of 4 % of p50(e2e_ms), 18 % of p95(ttft_ms)``: the smallest and the largest."""
    ordered = sorted(decided, key=lambda at: at.change_ratio)
    first, last = ordered[0], ordered[-1]
    words = f"a change of {percent(first.change_ratio)} % of {first.figure}"
    return words if first is last else f"{words}, {percent(last.change_ratio)} % of {last.figure}"


def _range(at: Needed) -> str:
    return "" if at.low == at.high else f" ({_count(at.low)} to {_count(at.high)})"


def _count(trials: int | None) -> str:
    return f"over {MAX_TRIALS:,}" if trials is None else str(trials)
