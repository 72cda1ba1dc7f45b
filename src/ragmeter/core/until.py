"""Trials until an interval is narrow enough: when to stop, and what that costs in truth.

Whoever looks after each trial and stops as soon as the interval is narrow stops too often when the trials happen to
agree: a t interval with nominal 95 % then covers 92 % in the worst case. Trials that are run after the decision know
nothing of it, and three of them bring the worst case to 94 % (tests/performance/optional_stopping.py; the idea is
that of Simons, Ann. Math. Statist. 39, 1968).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ragmeter.core.errors import ConfigError
from ragmeter.core.metrics import METRICS
from ragmeter.core.result import Estimate
from ragmeter.core.slo import parse_slo, parse_subject
from ragmeter.core.summary import Figures
from ragmeter.core.trials import MIN_TO_CLAIM

AFTER_DECISION = 3
"""Trials that are run after the interval was narrow enough for the first time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Until:
    """ci_width: of the 95 % interval relative to its value; of a ratio, the width itself.

    metric: what is watched, such as ``p50(ttft_ms)``; None for the subject of every SLO that has an interval.
    max_usd, max_minutes: from the warm-up on; no block of trials is begun that would end beyond, as far as the last one
    tells.
    """

    ci_width: float
    metric: str | None
    max_trials: int
    max_usd: float | None
    max_minutes: float | None


def until_from(section: Mapping[str, Any]) -> Until:
    """From the section ``until`` of a valid manifest, its defaults filled in."""
    width = section["ci_width"]
    percent = isinstance(width, str)
    return Until(
        ci_width=float(str(width).rstrip(" %")) / (100 if percent else 1),
        metric=section.get("metric"),
        max_trials=section["max_trials"],
        max_usd=section.get("max_usd"),
        max_minutes=section.get("max_minutes"),
    )


RATES = ("requests_per_s", "output_tokens_per_s", "goodput_rps", "good_ratio", "error_ratio")
"""Figures of a whole phase that have an interval over trials."""

Subject = tuple[str, str | None]


def watched(until: Until, slos: Sequence[tuple[str, str]], origin: str) -> tuple[Subject, ...]:
    """(metric, statistic) of each figure whose interval has to be narrow.

    slos: (expression, origin) of those that are declared. Raises ConfigError, which begins with ``origin``, when the
    named metric has no interval, or none is named and no SLO has one.
    """
    if until.metric is not None:
        metric, statistic = parse_subject(until.metric, f"{origin}: $.until.metric")
        if not _has_interval(metric.name, statistic):
            raise ConfigError(f"{origin}: $.until.metric: {until.metric!r} has no interval over trials")
        return ((metric.name, statistic),)
    parsed = [parse_slo(expression, where) for expression, where in slos]
    found = dict.fromkeys((slo.metric.name, slo.statistic) for slo in parsed)
    subjects = tuple(subject for subject in found if _has_interval(*subject))
    if not subjects:
        raise ConfigError(f"{origin}: $.until: no SLO has an interval over trials; write $.until.metric")
    return subjects


def _has_interval(metric: str, statistic: str | None) -> bool:
    return metric in RATES if statistic is None else statistic not in {"min", "max"}


def widest(subjects: Sequence[Subject], figures: Figures) -> tuple[float, Subject]:
    """The widest of the intervals, and whose it is."""
    return max((_width(figures.estimate(*subject), subject[0]), subject) for subject in subjects)


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
