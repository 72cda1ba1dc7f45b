"""Estimates over trials: requests of one trial are correlated, so the number of trials is the n that counts.

Every interval here has a trial as its unit and K - 1 degrees of freedom: a t interval over one figure for each trial
covers what it promises from 3 trials on. Resampling whole trials and taking percentiles covers 62 to 85 % at 3 to 5
trials with nominal 95 %, as experiments/truth shows: few clusters are the known weakness of the cluster bootstrap
(Cameron, Gelbach & Miller 2008).
"""

import math
from collections.abc import Sequence
from statistics import fmean, stdev

from ragmeter.core.stats import student
from ragmeter.core.stats.estimate import CONFIDENCE, Estimate, Interval, wilson

MIN_TO_SHOW = 3
"""Below this, no interval is given: two trials differ, and by how much trials differ stays unknown."""
MIN_TO_CLAIM = 5
"""Below this, an interval is shown and nothing passes by it."""


def mean_over_trials(values: Sequence[float], confidence: float = CONFIDENCE) -> tuple[float, Interval]:
    """The typical trial and its interval: the geometric mean with a t interval of the logarithms, as run-to-run factors
    are (Kalibera & Jones 2013); the arithmetic mean where a trial's figure is 0 or below.

    A trial at +inf makes the mean +inf; then only the lower end is unknown, unless all are. Needs at least one value.
    """
    if any(math.isinf(value) for value in values):
        return math.inf, (math.inf if min(values) == math.inf else None, math.inf)
    if min(values) > 0:
        middle, (low, high) = _t_interval([math.log(value) for value in values], confidence)
        return math.exp(middle), (None if low is None else math.exp(low), None if high is None else math.exp(high))
    return _t_interval(values, confidence)


def _t_interval(values: Sequence[float], confidence: float) -> tuple[float, Interval]:
    middle = fmean(values)
    if len(values) < MIN_TO_SHOW:
        return middle, (None, None)
    half = student.quantile((1 + confidence) / 2, len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return middle, (middle - half, middle + half)


def estimate_over_trials(values: Sequence[float | None], *, n: int, enough: bool) -> Estimate:
    """One figure for each trial to one estimate; None in one trial leaves the whole without an interval.

    n, enough: of the requests behind it. ``enough`` also needs three trials.
    """
    known = [value for value in values if value is not None]
    if not known:
        return Estimate(value=None, low=None, high=None, n=n, enough=False, confidence=CONFIDENCE)
    value, (low, high) = mean_over_trials(known)
    shown = len(known) == len(values) >= MIN_TO_SHOW
    return Estimate(value=value, low=low if shown else None, high=high if shown else None, n=n, enough=enough and shown)


def mean_difference(pairs: Sequence[tuple[float, float]], *, enough: bool) -> Estimate:
    """second - first of the typical trial, in their unit, from one pair a trial: their mean with a paired t interval.

    None as an interval below three trials. Needs at least one pair.
    """
    value, (low, high) = _t_interval([second - first for first, second in pairs], CONFIDENCE)
    return Estimate(value=value, low=low, high=high, n=len(pairs), enough=enough and len(pairs) >= MIN_TO_SHOW)


def quotient_over_trials(tops: Sequence[float], bottoms: Sequence[float], *, n: int) -> Estimate:
    """sum(tops) / sum(bottoms), such as tokens per second, with one pair for each trial and no bottom at 0.

    Interval: delete-one-trial jackknife of the logarithm with t quantiles (Shao & Tu 1995, ch. 2); without the
    logarithm when a quotient is 0. None below three trials.
    """
    whole = sum(tops) / sum(bottoms)
    if len(tops) < MIN_TO_SHOW:
        return Estimate(value=whole, low=None, high=None, n=n, enough=True)
    without = _without_each(tops, bottoms)
    if min(*without, whole) > 0:
        factor = math.exp(_jackknife_half([math.log(value) for value in without]))
        return Estimate(value=whole, low=whole / factor, high=whole * factor, n=n, enough=True)
    half = _jackknife_half(without)
    return Estimate(value=whole, low=max(0.0, whole - half), high=whole + half, n=n, enough=True)


def share_over_trials(successes: Sequence[int], sent: Sequence[int]) -> Estimate:
    """A proportion over all trials: the wider of Wilson's interval and the jackknife's over trials, end by end. The
    jackknife is of the logit with a half added to both counts (Anscombe 1956): a share has walls at 0 and 1.

    Trials that all have no failure say nothing about the spread between trials, and Wilson's interval still does.
    ``enough`` from three trials on; below, and where a trial sent nothing, there is no interval.
    """
    n = sum(sent)
    if len(sent) < MIN_TO_SHOW or min(sent) == 0:
        return Estimate(value=sum(successes) / n if n else None, low=None, high=None, n=n, enough=False)
    total = sum(successes)
    without = [_logit(total - own, n - count) for own, count in zip(successes, sent, strict=True)]
    middle, half = _logit(total, n), _jackknife_half(without)
    low, high = wilson(total, n)
    return Estimate(
        value=total / n,
        low=min(low or 0.0, _share(middle - half)),
        high=max(high or 0.0, _share(middle + half)),
        n=n,
        enough=True,
    )


def _logit(successes: int, sent: int) -> float:
    return math.log((successes + 0.5) / (sent - successes + 0.5))


def _share(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def _without_each(tops: Sequence[float], bottoms: Sequence[float]) -> list[float]:
    top_sum, bottom_sum = sum(tops), sum(bottoms)
    return [(top_sum - top) / (bottom_sum - bottom) for top, bottom in zip(tops, bottoms, strict=True)]


def _jackknife_half(without: Sequence[float]) -> float:
    """Half the width of the interval, from the figures that leave out one trial each."""
    trials = len(without)
    error = stdev(without) * (trials - 1) / math.sqrt(trials)
    return student.quantile((1 + CONFIDENCE) / 2, trials - 1) * error
