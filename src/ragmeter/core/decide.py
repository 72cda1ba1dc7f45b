"""From a contrast to a decision and the sentence that people read."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ragmeter.core.comparison import Decision
from ragmeter.core.contrast import ALPHA, Contrast
from ragmeter.core.metrics import METRICS
from ragmeter.core.trials import MIN_TO_CLAIM, MIN_TO_SHOW

_BETTER_WORDS: Mapping[str, str] = {"ms": "faster", "USD": "cheaper"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stakes:
    """family: how many figures are tested at once. min_effect: the smallest log ratio that matters."""

    family: int
    min_effect: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One metric of two systems, and what stands in the way of an answer.

    unfit: sides whose client was not fit to measure. lacking: sides without a figure for every trial.
    enough: whether each trial has the requests that the statistic needs. noise: log ratio by which identical systems
    differ; None if not known.
    """

    metric: str
    a: str
    b: str
    unfit: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    enough: bool = True
    noise: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """trials_needed: further trials a side; None when that is not what is missing, or when over 1,000."""

    decision: Decision
    sentence: str
    trials_needed: int | None = None


def decide(asked: Question, at: Contrast | None, p_adjusted: float | None, stakes: Stakes) -> Judgement:
    """Obstacles first, then the test, then whether the whole interval is too small to matter."""
    if at is None or asked.unfit:
        return _undecided(_obstacle(asked))
    target = max(abs(at.log_ratio), stakes.min_effect)
    planned = at.trials_needed(target, stakes.family)
    more = None if planned is None else max(0, planned - at.trials)
    if at.trials < MIN_TO_CLAIM:
        return _too_few_trials(at, more)
    if not asked.enough:
        return _undecided(f"too few requests in a trial for this statistic of {asked.metric}")
    if p_adjusted is not None and p_adjusted < ALPHA:
        return _difference_shown(asked, at)
    low, high = at.interval()
    if low is not None and high is not None and -stakes.min_effect < low and high < stakes.min_effect:
        within = percent(math.expm1(stakes.min_effect))
        sentence = f"no difference shown: {change(at)}, within ±{within} %"
        return Judgement(decision=Decision.NO_DIFFERENCE, sentence=sentence)
    effect = at.log_ratio if abs(at.log_ratio) > stakes.min_effect else stakes.min_effect
    return _undecided(f"{_wanting(more, effect)}; {change(at)}", more)


def _undecided(why: str, more: int | None = None) -> Judgement:
    return Judgement(decision=Decision.NOT_DECIDABLE, sentence=f"not decidable: {why}", trials_needed=more)


def _obstacle(asked: Question) -> str:
    if asked.unfit:
        return f"the client was not fit to measure {' and '.join(asked.unfit)}"
    return f"no figure for every trial of {' and '.join(asked.lacking) or 'both'}"


def _too_few_trials(at: Contrast, more: int | None) -> Judgement:
    """Below three trials the spread is unknown, so only the minimum of a claim can be named."""
    missing = max(more or 0, MIN_TO_CLAIM - at.trials)
    count = f"{at.trials} trial{'s' if at.trials > 1 else ''}"
    if at.trials < MIN_TO_SHOW:
        why = f"{count} cannot tell a difference from drift between runs, at least {missing} more needed"
        return _undecided(why, missing)
    return _undecided(f"{count} show and do not claim, {_about(missing)} needed; {change(at)}", missing)


def _about(more: int) -> str:
    return f"about {more} more trial{'s' if more > 1 else ''}"


def _wanting(more: int | None, target: float) -> str:
    effect = f"to show a difference of {percent(abs(math.expm1(target)))} %"
    if more is None:
        return f"more than 1,000 trials needed {effect}"
    return f"{_about(more)} needed {effect}" if more else "the difference does not stand the correction for all metrics"


def _difference_shown(asked: Question, at: Contrast) -> Judgement:
    if asked.noise is not None and abs(at.log_ratio) <= asked.noise:
        band = percent(math.expm1(asked.noise))
        return _undecided(f"identical systems differed by up to {band} %; {change(at)}")
    metric = METRICS[asked.metric]
    b_wins = (at.log_ratio < 0) is (metric.better == "lower")
    winner, loser = (asked.b, asked.a) if b_wins else (asked.a, asked.b)
    word = _BETTER_WORDS.get(metric.unit, str(metric.better))
    return Judgement(
        decision=Decision.B_BETTER if b_wins else Decision.A_BETTER,
        sentence=f"{winner} {word} by {_gain(at, lower=metric.better == 'lower')} than {loser}",
    )


def _gain(at: Contrast, *, lower: bool) -> str:
    """``12 % [5, 18]``: by how much the winner is better, as a share of the loser's figure."""
    sign = 1 if (at.log_ratio < 0) is lower else -1
    ends = (at.log_ratio, *(end or 0.0 for end in at.interval()))
    value, *others = (abs(math.expm1(sign * end)) * math.copysign(1, end * at.log_ratio) for end in ends)
    return f"{percent(value)} % [{', '.join(percent(end) for end in sorted(others))}]"


def change(at: Contrast) -> str:
    """``change of 1.2 % [-3, 4]``: of B from A."""
    low, high = at.interval()
    value = percent(math.expm1(at.log_ratio))
    ends = (percent(math.expm1(end)) for end in (low, high) if end is not None)
    return f"change of {value} % [{', '.join(ends)}]"


def percent(ratio: float) -> str:
    """One decimal below 10 %, none above: 12, 4.5, 3, -0.2, 0."""
    text = f"{ratio * 100:.0f}" if abs(ratio) >= 0.0995 else f"{ratio * 100:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
