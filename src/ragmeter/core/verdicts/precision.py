"""Trials until an interval is narrow enough: when to stop, and what that costs in truth.

A rule that looks after each trial and stops as soon as the interval is narrow stops too often when the trials happen to
agree: a t interval with nominal 95 % then covers 92 % in the worst case. Trials that are run after the decision know
nothing of it, and three of them bring the worst case to 94 % (experiments/optional_stopping.py; the idea is
that of Simons, Ann. Math. Statist. 39, 1968).
"""

import math
from collections.abc import Sequence

from ragmeter.core.errors import ConfigError
from ragmeter.core.figures.summary import Figures
from ragmeter.core.inputs.until import Until
from ragmeter.core.requests.figure import Figure, parse_figure
from ragmeter.core.requests.metric import OF_REQUESTS
from ragmeter.core.requests.metrics import METRICS
from ragmeter.core.stats.estimate import Estimate
from ragmeter.core.stats.trials import MIN_TO_CLAIM
from ragmeter.core.verdicts.slo import parse_slo

AFTER_DECISION = 3
"""Trials that are run after the interval was narrow enough for the first time."""


RATES = ("requests_per_s", "output_tokens_per_s", "goodput_rps", "good_ratio", "error_ratio")
"""Figures of a whole phase that have an interval over trials."""


def watched(until: Until, slos: Sequence[tuple[str, str]], origin: str) -> tuple[Figure, ...]:
    """Each figure whose interval has to be narrow.

    slos: (expression, origin) of those that are declared. Raises ConfigError, which begins with ``origin``, when the
    named metric has no interval, or none is named and no SLO has one.
    """
    if until.metric is not None:
        named = parse_figure(until.metric, f"{origin}: $.until.metric")
        if not _has_interval(named):
            raise ConfigError(f"{origin}: $.until.metric: {until.metric!r} has no interval over trials")
        return (named,)
    parsed = [parse_slo(expression, where) for expression, where in slos]
    found = dict.fromkeys(slo.figure for slo in parsed)
    subjects = tuple(subject for subject in found if _has_interval(subject))
    if not subjects:
        raise ConfigError(f"{origin}: $.until: no SLO has an interval over trials; write $.until.metric")
    return subjects


def _has_interval(at: Figure) -> bool:
    return at.metric in RATES if at.statistic is None else at.statistic not in {"min", "max"} and _of_requests(at)


def _of_requests(at: Figure) -> bool:
    """The figures after each trial are of the requests alone."""
    return METRICS[at.metric].kind in OF_REQUESTS


def widest(subjects: Sequence[Figure], figures: Figures) -> tuple[float, Figure]:
    """The widest of the intervals, and whose it is."""
    return max((_width(figures.estimate(*subject), subject.metric), subject) for subject in subjects)


def _width(at: Estimate | None, metric: str) -> float:
    """As `Until` means it; infinite without an interval."""
    if at is None or at.value is None or at.low is None or at.high is None:
        return math.inf
    width = at.high - at.low
    if METRICS[metric].unit == "ratio":
        return width
    return width / abs(at.value) if at.value else math.inf


def trials_wanted(narrow: Sequence[bool], max_trials: int) -> int | None:
    """After how many trials to stop; None while that is not known.

    narrow: after each trial so far, whether every interval was narrow enough.
    """
    if is_known(narrow):
        first = narrow.index(True, MIN_TO_CLAIM - 1) + 1
        return min(first + AFTER_DECISION, max_trials)
    return max_trials if len(narrow) >= max_trials else None


def is_known(narrow: Sequence[bool]) -> bool:
    """Whether the intervals were narrow enough once there were trials enough to claim anything."""
    return any(narrow[MIN_TO_CLAIM - 1 :])
