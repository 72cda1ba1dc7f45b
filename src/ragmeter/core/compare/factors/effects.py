"""Effects as contrasts over blocks or questions, with intervals, and what they come down to."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev
from typing import Final, Literal

from ragmeter.core.compare.comparison import Decision
from ragmeter.core.compare.decide import Criteria, Hypothesis, decide
from ragmeter.core.compare.factors.document import EffectFigure
from ragmeter.core.formatting import number_text
from ragmeter.core.requests.figure import Figure
from ragmeter.core.requests.metrics import METRICS
from ragmeter.core.schedule.design import Cell, Design, effect_name, shown_level
from ragmeter.core.schedule.factors import Factor
from ragmeter.core.stats import student
from ragmeter.core.stats.contrast import ALPHA, Contrast, holm
from ragmeter.core.stats.estimate import MEAN_MIN_SAMPLES, Estimate
from ragmeter.core.stats.factorial import Contrasts
from ragmeter.core.stats.trials import MIN_TO_SHOW

MIN_EFFECT_SHARE: Final = 0.02
"""The smallest change of a share that matters."""

_ROUNDING: Final = 1e-12

Units = Literal["blocks", "questions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One effect. weights: of each cell that takes part, in its order; None where those cells do not show it."""

    effect: tuple[str, ...]
    before: str
    after: str
    change: str
    weights: tuple[float, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """at: of logarithms over blocks, of shares over questions; None where it is not known. enough: whether each trial
    has the requests that the statistic needs.
    """

    figure: Figure
    asked: Asked
    units: Units
    at: Contrast | None
    enough: bool = True


def asked_of(design: Design, cells: Sequence[Cell]) -> tuple[Asked, ...]:
    """Every effect that the plan is to show, from the cells that are left of it."""
    names = [factor.name for factor in design.factors]
    grid = [[factor.levels.index(cell.levels[factor.name]) for factor in design.factors] for cell in cells]
    pairs = [(names.index(one), names.index(other)) for one, other in design.interactions]
    contrasts = Contrasts(grid, [len(factor.levels) for factor in design.factors], pairs) if cells else None
    mains = (each for place in range(len(names)) for each in _mains(design.factors, place, contrasts))
    return (*mains, *(each for pair in pairs for each in _interactions(design.factors, pair, contrasts)))


def _mains(factors: Sequence[Factor], place: int, contrasts: Contrasts | None) -> Iterator[Asked]:
    factor = factors[place]
    for high in range(1, len(factor.levels)):
        yield Asked(
            effect=(factor.name,),
            before=_said(factor, 0),
            after=_said(factor, high),
            change=_changed(factor, high),
            weights=None if contrasts is None else contrasts.main(place, 0, high),
        )


def _interactions(factors: Sequence[Factor], pair: tuple[int, int], contrasts: Contrasts | None) -> Iterator[Asked]:
    one, other = (factors[place] for place in pair)
    for high in range(1, len(one.levels)):
        for above in range(1, len(other.levels)):
            yield Asked(
                effect=(one.name, other.name),
                before="the two changes one by one",
                after=f"{_said(one, high)} with {_said(other, above)}",
                change=f"{_changed(one, high)}, {_changed(other, above)}",
                weights=None if contrasts is None else contrasts.interaction((pair[0], 0, high), (pair[1], 0, above)),
            )


def _said(factor: Factor, place: int) -> str:
    return f"{factor.name}={shown_level(factor.levels[place])}"


def _changed(factor: Factor, high: int) -> str:
    return f"{factor.name}: {shown_level(factor.levels[0])} to {shown_level(factor.levels[high])}"


def over_blocks(weights: Sequence[float], by_block: Sequence[Mapping[int, float | None]]) -> Contrast | None:
    """Of the logarithms, in each block that every cell has a figure of. None where there is none.

    A block is the unit: what makes one of them slow is in all its cells and falls out, and no cell has to scatter as
    another does.
    """
    blocks = set.intersection(*(set(each) for each in by_block)) if by_block else set()
    rows = [[each[block] for each in by_block] for block in sorted(blocks)]
    known = [[value for value in row if value is not None and value > 0] for row in rows]
    return _contrast([_weighed(weights, map(math.log, row)) for row in known if len(row) == len(weights)])


def over_questions(weights: Sequence[float], by_question: Sequence[Mapping[int, float]]) -> Contrast | None:
    """Of the scores, of each question that every cell answered.

    A mean of scores moves in steps, and the interval is wider by half of the smallest. Where no question shows a
    change, it is that of the share of questions that would and were not seen: the rule of three in its exact form.
    """
    questions = set.intersection(*(set(each) for each in by_question)) if by_question else set()
    found = _contrast([_weighed(weights, (each[question] for each in by_question)) for question in sorted(questions)])
    if found is None or found.error is None:
        return found
    step = min((abs(weight) for weight in weights if abs(weight) > _ROUNDING), default=0.0) / found.trials
    wider = step / 2 if found.error else 1 - math.pow(ALPHA / 2, 1 / found.trials)
    return replace(found, error=found.error + wider / student.quantile(1 - ALPHA / 2, found.df))


def _weighed(weights: Sequence[float], values: Iterator[float]) -> float:
    total = math.fsum(weight * value for weight, value in zip(weights, values, strict=True))
    return 0.0 if abs(total) < _ROUNDING else total


def _contrast(values: Sequence[float]) -> Contrast | None:
    if not values:
        return None
    if len(values) < MIN_TO_SHOW:
        return Contrast(log_ratio=fmean(values), error=None, df=0, spread=None, trials=len(values), paired=True)
    spread = stdev(values)
    spread = 0.0 if spread < _ROUNDING else spread
    return Contrast(
        log_ratio=fmean(values),
        error=spread / math.sqrt(len(values)),
        df=len(values) - 1,
        spread=spread,
        trials=len(values),
        paired=True,
    )


def concluded(tests: Sequence[Examined], design: Design, min_effect_ratio: float) -> tuple[EffectFigure, ...]:
    """With the correction for all of them together."""
    known = [place for place, test in enumerate(tests) if test.at is not None and test.at.p_value is not None]
    p_values = [_p_of(tests[place]) for place in known]
    adjusted = dict(zip(known, holm(p_values), strict=True))
    criteria = Criteria(family=max(1, len(known)), min_effect=math.log1p(min_effect_ratio))
    return tuple(_concluded(test, design, adjusted.get(place), criteria) for place, test in enumerate(tests))


def _p_of(test: Examined) -> float:
    return (None if test.at is None else test.at.p_value) or 0.0


def _concluded(test: Examined, design: Design, p_adjusted: float | None, criteria: Criteria) -> EffectFigure:
    decision, sentence = _decision(test, p_adjusted, criteria)
    estimate = _estimate(test)
    return EffectFigure(
        metric=test.figure.metric,
        statistic=test.figure.statistic,
        unit=METRICS[test.figure.metric].unit,
        effect=test.asked.effect,
        change=test.asked.change,
        aliases=tuple(effect_name(each) for each in design.aliases(test.asked.effect)),
        ratio=estimate if test.units == "blocks" else None,
        difference=estimate if test.units == "questions" else None,
        units=test.units,
        p_value=None if test.at is None else test.at.p_value,
        p_adjusted=p_adjusted,
        decision=decision,
        sentence=sentence,
    )


def _estimate(test: Examined) -> Estimate:
    if test.at is None:
        return Estimate(value=None, low=None, high=None, n=0, enough=False)
    ends = (test.at.log_ratio, *test.at.interval())
    value, low, high = ((None if end is None else math.exp(end)) if test.units == "blocks" else end for end in ends)
    return Estimate(value=value, low=low, high=high, n=test.at.trials, enough=test.at.trials >= MIN_TO_SHOW)


def _decision(test: Examined, p_adjusted: float | None, criteria: Criteria) -> tuple[Decision, str]:
    if test.asked.weights is None:
        return Decision.NOT_DECIDABLE, "not decidable: the cells that are left do not show it"
    if test.at is None:
        return Decision.NOT_DECIDABLE, f"not decidable: no {test.units[:-1]} has a figure of every cell"
    if test.units == "questions":
        return _of_shares(test, test.at, p_adjusted)
    asked = Hypothesis(metric=test.figure.metric, a=test.asked.before, b=test.asked.after, enough=test.enough)
    found = decide(asked, test.at, p_adjusted, criteria)
    return found.decision, found.sentence


def _of_shares(test: Examined, at: Contrast, p_adjusted: float | None) -> tuple[Decision, str]:
    low, high = at.interval()
    if low is None or high is None or at.trials < MEAN_MIN_SAMPLES:
        return Decision.NOT_DECIDABLE, (
            f"not decidable: {at.trials} questions are too few, {MEAN_MIN_SAMPLES} are needed"
        )
    said = f"{_points(at.log_ratio)} points [{_points(low)}, {_points(high)}]"
    if low > -MIN_EFFECT_SHARE and high < MIN_EFFECT_SHARE:
        return Decision.NO_DIFFERENCE, f"no difference shown: {said}, within ±{_points(MIN_EFFECT_SHARE)}"
    if p_adjusted is None or p_adjusted >= ALPHA:
        return Decision.NOT_DECIDABLE, f"not decidable: {at.trials} questions do not show it; change of {said}"
    higher = at.log_ratio > 0
    better = higher is (METRICS[test.figure.metric].better == "higher")
    word = "higher" if higher else "lower"
    return (
        Decision.B_BETTER if better else Decision.A_BETTER,
        f"{test.asked.after} {word} by {said} than {test.asked.before}",
    )


def _points(share: float) -> str:
    return number_text(100 * share, 3)
