"""Saved runs against each other: for each declared metric a factor with its interval, or why it cannot be decided."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from ragmeter.core.caveats import caveats
from ragmeter.core.comparison import Comparison, MetricComparison, PairComparison
from ragmeter.core.contrast import Contrast, contrast, holm
from ragmeter.core.decide import Question, Stakes, decide
from ragmeter.core.identity import identity_diff, identity_of
from ragmeter.core.metrics import METRICS
from ragmeter.core.result import Estimate
from ragmeter.core.sides import DECLARED, Key, MeasuredRun, SavedRun, labels, measure
from ragmeter.core.trials import MIN_TO_SHOW, mean_over_trials

MIN_EFFECT_RATIO = 0.05


def compare(
    runs: Sequence[SavedRun],
    *,
    aa: tuple[SavedRun, SavedRun] | None = None,
    min_effect_ratio: float = MIN_EFFECT_RATIO,
    ragmeter_version: str,
) -> Comparison:
    """Every pair of the runs, in their order; the first of a pair is A.

    aa: two runs of one and the same system, for the noise band. Which runs may be compared is asked before: see
    `identity_diff`.
    """
    measured = [measure(run, label) for run, label in zip(runs, labels(runs), strict=True)]
    pairs = list(combinations(measured, 2))
    contrasts = [_contrasts(a, b) for a, b in pairs]
    tested = [(row, key) for row, found in enumerate(contrasts) for key, at in found.items() if at.p_value is not None]
    adjusted = dict(zip(tested, holm([contrasts[row][key].p_value or 0.0 for row, key in tested]), strict=True))
    stakes = Stakes(family=max(1, len(tested)), min_effect=math.log1p(min_effect_ratio))
    rules = _Rules(stakes=stakes, noise=_noise(aa))
    return Comparison(
        ragmeter_version=ragmeter_version,
        min_effect_ratio=min_effect_ratio,
        family=stakes.family,
        sides=tuple(each.side for each in measured),
        pairs=tuple(
            _pair(a, b, found, {key: adjusted[row, key] for at, key in tested if at == row}, rules)
            for row, ((a, b), found) in enumerate(zip(pairs, contrasts, strict=True))
        ),
        noise_from=tuple(run.path for run in aa or ()),
    )


def _paired(a: MeasuredRun, b: MeasuredRun) -> bool:
    """Whether trial i of both runs asked the same: same seed, same trials, none of them cut short."""
    same = a.run.plan.workload.seed == b.run.plan.workload.seed and a.trial_numbers == b.trial_numbers
    return same and a.run.ending.status == b.run.ending.status == "complete"


def _contrasts(a: MeasuredRun, b: MeasuredRun) -> dict[Key, Contrast]:
    """Of every metric that has a positive figure in every trial of both runs."""
    paired = _paired(a, b)
    found = {}
    for key in DECLARED:
        of_a = [value for value in a.by_trial[key] if value is not None and value > 0]
        of_b = [value for value in b.by_trial[key] if value is not None and value > 0]
        if of_a and of_b and len(of_a) == len(a.by_trial[key]) and len(of_b) == len(b.by_trial[key]):
            found[key] = contrast(of_a, of_b, paired=paired)
    return found


def _noise(aa: tuple[SavedRun, SavedRun] | None) -> dict[Key, float]:
    """By how much identical systems differed, as a log ratio: the far end of the interval, or the difference itself
    where there are too few trials for one."""
    if aa is None:
        return {}
    found = _contrasts(measure(aa[0], "A1"), measure(aa[1], "A2"))
    return {
        key: max(abs(end) for end in (*at.interval(), at.log_ratio) if end is not None) for key, at in found.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    """noise: by metric, as a log ratio."""

    stakes: Stakes
    noise: Mapping[Key, float]


def _pair(
    a: MeasuredRun, b: MeasuredRun, contrasts: Mapping[Key, Contrast], adjusted: Mapping[Key, float], rules: _Rules
) -> PairComparison:
    return PairComparison(
        a=a.side.label,
        b=b.side.label,
        paired=_paired(a, b),
        identity=identity_diff(identity_of(a.run.plan), identity_of(b.run.plan)),
        metrics=tuple(_metric(key, a, b, contrasts.get(key), adjusted.get(key), rules) for key in DECLARED),
        caveats=caveats(a.conditions, b.conditions, paired=_paired(a, b)),
    )


def _metric(
    key: Key, a: MeasuredRun, b: MeasuredRun, at: Contrast | None, p_adjusted: float | None, rules: _Rules
) -> MetricComparison:
    typical_a, typical_b = _typical(a.by_trial[key]), _typical(b.by_trial[key])
    ratio = _ratio(at, a.enough[key] and b.enough[key])
    judged = decide(
        Question(
            metric=key[0],
            a=a.side.label,
            b=b.side.label,
            unfit=tuple(each.side.label for each in (a, b) if each.side.not_fit),
            lacking=tuple(each.side.label for each in (a, b) if _typical(each.by_trial[key]) is None),
            enough=a.enough[key] and b.enough[key],
            noise=rules.noise.get(key),
        ),
        at,
        p_adjusted,
        rules.stakes,
    )
    detectable = at.detectable(rules.stakes.family) if at else None
    noise = rules.noise.get(key)
    return MetricComparison(
        metric=key[0],
        statistic=key[1],
        unit=METRICS[key[0]].unit,
        a=typical_a,
        b=typical_b,
        ratio=ratio,
        difference=_difference(ratio, typical_a),
        p_value=at.p_value if at else None,
        p_adjusted=p_adjusted,
        detectable_ratio=None if detectable is None else math.expm1(detectable),
        noise_ratio=None if noise is None else math.expm1(noise),
        trials_needed=judged.trials_needed,
        decision=judged.decision,
        sentence=judged.sentence,
    )


def _typical(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return mean_over_trials(known)[0] if known and len(known) == len(values) else None


def _ratio(at: Contrast | None, enough: bool) -> Estimate:
    if at is None:
        return Estimate(value=None, low=None, high=None, n=0, enough=False)
    low, high = (None if end is None else math.exp(end) for end in at.interval())
    enough = enough and at.trials >= MIN_TO_SHOW
    return Estimate(value=math.exp(at.log_ratio), low=low, high=high, n=at.trials, enough=enough)


def _difference(ratio: Estimate, level: float | None) -> Estimate:
    if level is None:
        return replace(ratio, value=None, low=None, high=None)
    value, low, high = (None if end is None else level * (end - 1) for end in (ratio.value, ratio.low, ratio.high))
    return replace(ratio, value=value, low=low, high=high)
