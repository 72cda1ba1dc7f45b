"""From a contrast to a decision and the sentence that people read."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ragmeter.core.compare.comparison import Decision
from ragmeter.core.formatting import percent
from ragmeter.core.requests.metrics import METRICS
from ragmeter.core.stats.contrast import ALPHA, Contrast
from ragmeter.core.stats.trials import MIN_TO_CLAIM, MIN_TO_SHOW

_WORDS: Mapping[str, tuple[str, str]] = {"ms": ("faster", "slower"), "USD": ("cheaper", "more expensive")}
"""By the unit of a metric, of a smaller figure and of a larger one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """family: how many figures are tested at once. min_effect: the smallest log ratio that matters."""

    family: int
    min_effect: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """One metric of two systems, and what stands in the way of an answer.

    unfit: sides whose measurement is not valid. overspent: of each side that has spent its error budget, what to
    say of it, where the metric is one that failures make look good. lacking: sides without a figure for every trial.
    counted: how each side counted tokens, where the metric is of tokens and they did it differently.
    enough: whether each trial has the requests that the statistic needs. noise: log ratio by which identical systems
    differ; None if not known.
    """

    metric: str
    a: str
    b: str
    unfit: tuple[str, ...] = ()
    overspent: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    counted: tuple[str, str] | None = None
    enough: bool = True
    noise: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """trials_needed: further trials a side; None when that is not what is missing, or when over 1,000."""

    decision: Decision
    sentence: str
    trials_needed: int | None = None


def decide(asked: Hypothesis, at: Contrast | None, p_adjusted: float | None, criteria: Criteria) -> Conclusion:
    """Obstacles first, then whether the whole interval is too small to matter, then the test.

    In this order a difference that is certain and does not matter is none: with enough trials any two systems differ.
    """
    if at is None or asked.unfit or asked.overspent:
        return _undecided(_obstacle(asked))
    target = max(abs(at.log_ratio), criteria.min_effect)
    planned = at.trials_needed(target, criteria.family)
    more = None if planned is None else max(0, planned - at.trials)
    if at.trials < MIN_TO_CLAIM:
        return _too_few_trials(at, more)
    if not asked.enough:
        return _undecided(f"too few requests in a trial for this statistic of {asked.metric}")
    significant = p_adjusted is not None and p_adjusted < ALPHA
    low, high = at.interval()
    if low is not None and high is not None and -criteria.min_effect < low and high < criteria.min_effect:
        none = "no difference that matters" if significant else "no difference shown"
        sentence = f"{none}: {change(at)}, within ±{percent(math.expm1(criteria.min_effect))} %"
        return Conclusion(decision=Decision.NO_DIFFERENCE, sentence=sentence)
    if significant:
        return _difference_shown(asked, at)
    effect = at.log_ratio if abs(at.log_ratio) > criteria.min_effect else criteria.min_effect
    return _undecided(f"{_wanting(more, effect)}; {change(at)}", more)


def _undecided(why: str, more: int | None = None) -> Conclusion:
    return Conclusion(decision=Decision.NOT_DECIDABLE, sentence=f"not decidable: {why}", trials_needed=more)


def _obstacle(asked: Hypothesis) -> str:
    if asked.unfit:
        return f"the measurement of {' and '.join(asked.unfit)} is not valid"
    if asked.overspent:
        return f"failures make a service look fast: {'; '.join(asked.overspent)}"
    if asked.counted:
        of_a, of_b = asked.counted
        return f"tokens are counted by {of_a} on {asked.a} and by {of_b} on {asked.b}"
    return f"no figure for every trial of {' and '.join(asked.lacking) or 'both'}"


def _too_few_trials(at: Contrast, more: int | None) -> Conclusion:
    """Below three trials the spread is unknown, so only the minimum of a claim can be named."""
    missing = max(more or 0, MIN_TO_CLAIM - at.trials)
    count = f"{at.trials} trial{'s' if at.trials > 1 else ''}"
    if at.trials < MIN_TO_SHOW:
        why = f"{count} cannot tell a difference from drift between runs, at least {missing} more needed"
        return _undecided(why, missing)
    return _undecided(f"{count} are too few to conclude, {_about(missing)} needed; {change(at)}", missing)


def _about(more: int) -> str:
    return f"about {more} more trial{'s' if more > 1 else ''}"


def _wanting(more: int | None, target: float) -> str:
    effect = f"to show a difference of {percent(abs(math.expm1(target)))} %"
    if more is None:
        return f"more than 1,000 trials needed {effect}"
    return f"{_about(more)} needed {effect}" if more else "the difference does not stand the correction for all metrics"


def _difference_shown(asked: Hypothesis, at: Contrast) -> Conclusion:
    if asked.noise is not None and abs(at.log_ratio) <= asked.noise:
        band = percent(math.expm1(asked.noise))
        return _undecided(f"identical systems differed by up to {band} %; {change(at)}")
    lower = at.log_ratio < 0
    b_wins = lower is (METRICS[asked.metric].better == "lower")
    return Conclusion(
        decision=Decision.B_BETTER if b_wins else Decision.A_BETTER,
        sentence=f"{asked.b} {word_of(asked.metric, lower=lower)} by {_by(at)} than {asked.a}",
    )


def word_of(metric: str, *, lower: bool) -> str:
    """``faster``, ``more expensive``, ``higher``: what a side is whose figure is the smaller or the larger one."""
    smaller, larger = _WORDS.get(METRICS[metric].unit, ("lower", "higher"))
    return smaller if lower else larger


def _by(at: Contrast) -> str:
    """``12 % [5, 18]``: by how much B differs from A, as a share of A's figure; the only way in which it is said."""
    sign = math.copysign(1, at.log_ratio)
    value, *ends = (sign * math.expm1(end) for end in (at.log_ratio, *(end or 0.0 for end in at.interval())))
    return f"{percent(value)} % [{', '.join(percent(end) for end in sorted(ends))}]"


def change(at: Contrast) -> str:
    """``change of 1.2 % [-3, 4]``: of B from A."""
    low, high = at.interval()
    value = percent(math.expm1(at.log_ratio))
    ends = (percent(math.expm1(end)) for end in (low, high) if end is not None)
    return f"change of {value} % [{', '.join(ends)}]"
