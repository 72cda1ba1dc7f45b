"""Runs against each other: for each declared metric a factor with its interval, or why it cannot be decided."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from ragmeter.core.compare.caveats import caveats
from ragmeter.core.compare.claims import claims_of, further_of
from ragmeter.core.compare.comparison import Comparison, MetricComparison, PairComparison
from ragmeter.core.compare.decide import Criteria, Hypothesis, decide
from ragmeter.core.compare.measured import DECLARED, MeasuredRun
from ragmeter.core.compare.pairing import blocks, contrasts
from ragmeter.core.compare.ranking import ranking
from ragmeter.core.compare.sides import ImportedRun, measure_all
from ragmeter.core.requests.figure import Figure
from ragmeter.core.requests.metrics import METRICS, OF_FAILURES, OF_TOKENS
from ragmeter.core.run.identity import across, identity_diff
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.stats.contrast import Contrast, holm
from ragmeter.core.stats.estimate import Estimate
from ragmeter.core.stats.trials import MIN_TO_SHOW, mean_over_trials

MIN_EFFECT_RATIO = 0.05


def compare(
    runs: Sequence[SavedRun | ImportedRun],
    *,
    aa: Sequence[tuple[SavedRun, SavedRun]] = (),
    declared: Sequence[Figure] = DECLARED,
    reference: str | None = None,
    min_effect_ratio: float = MIN_EFFECT_RATIO,
    ragmeter_version: str,
) -> Comparison:
    """`compare_measured` of raw records, from files or from memory. Labels are those of `labels`."""
    return compare_measured(
        measure_all(runs, declared),
        aa=[_twins(pair, declared) for pair in aa],
        declared=declared,
        reference=reference,
        min_effect_ratio=min_effect_ratio,
        ragmeter_version=ragmeter_version,
    )


def _twins(pair: tuple[SavedRun, SavedRun], declared: Sequence[Figure]) -> tuple[MeasuredRun, MeasuredRun]:
    first, second = measure_all(pair, declared)
    return first, second


def compare_measured(
    measured: Sequence[MeasuredRun],
    *,
    aa: Sequence[tuple[MeasuredRun, MeasuredRun]] = (),
    declared: Sequence[Figure] = DECLARED,
    reference: str | None = None,
    min_effect_ratio: float = MIN_EFFECT_RATIO,
    ragmeter_version: str,
) -> Comparison:
    """Every pair in the order of the runs, the first of a pair being A; with a reference, that label with each other.

    aa: pairs of runs of one and the same system, for the noise band; the widest counts. Which runs may be compared is
    asked before: see `identity_diff`.
    """
    pairs = _pairs(measured, reference)
    tests = [contrasts(a, b, [key for key in declared if _counted(key, a, b) is None]) for a, b in pairs]
    tested = [(row, key) for row, of_pair in enumerate(tests) for key, at in of_pair.items() if at.p_value is not None]
    adjusted = dict(zip(tested, holm([tests[row][key].p_value or 0.0 for row, key in tested]), strict=True))
    rules = _Rules(
        criteria=Criteria(family=max(1, len(tested)), min_effect=math.log1p(min_effect_ratio)),
        noise=_noise(aa, declared),
        declared=declared,
    )
    compared = tuple(
        _pair(a, b, of_pair, {key: adjusted[row, key] for at, key in tested if at == row}, rules)
        for row, ((a, b), of_pair) in enumerate(zip(pairs, tests, strict=True))
    )
    names = [each.side.label for each in measured]
    found = Comparison(
        ragmeter_version=ragmeter_version,
        min_effect_ratio=min_effect_ratio,
        family=rules.criteria.family,
        reference=reference,
        sides=tuple(each.side for each in measured),
        pairs=compared,
        rankings=tuple(ranking(names, compared, index) for index in range(len(declared))),
        environment=across([each.identity for each in measured]),
        noise_from=tuple(each.side.raw_samples_path for pair in aa for each in pair),
    )
    return replace(found, claims=claims_of(found), further=further_of(found))


def _pairs(measured: Sequence[MeasuredRun], reference: str | None) -> list[tuple[MeasuredRun, MeasuredRun]]:
    if reference is None:
        return list(combinations(measured, 2))
    (first,) = (each for each in measured if each.side.label == reference)
    return [(first, each) for each in measured if each is not first]


def _noise(aa: Sequence[tuple[MeasuredRun, MeasuredRun]], declared: Sequence[Figure]) -> dict[Figure, float]:
    """By how much identical systems differed, as a log ratio: the far end of the widest interval, or the difference
    itself where there are too few trials for one.
    """
    widest: dict[Figure, float] = {}
    for pair in aa:
        for key, at in contrasts(*pair, declared).items():
            far = max(abs(end) for end in (*at.interval(), at.log_ratio) if end is not None)
            widest[key] = max(far, widest.get(key, 0.0))
    return widest


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    """noise: by metric, as a log ratio."""

    criteria: Criteria
    noise: Mapping[Figure, float]
    declared: Sequence[Figure]


def _pair(
    a: MeasuredRun, b: MeasuredRun, found: Mapping[Figure, Contrast], adjusted: Mapping[Figure, float], rules: _Rules
) -> PairComparison:
    paired = blocks(a, b)
    return PairComparison(
        a=a.side.label,
        b=b.side.label,
        blocks=len(paired),
        identity=identity_diff(a.identity, b.identity),
        metrics=tuple(_metric(key, a, b, found.get(key), adjusted.get(key), rules) for key in rules.declared),
        caveats=caveats(a.conditions, b.conditions, blocks=len(paired)),
    )


def _metric(
    key: Figure, a: MeasuredRun, b: MeasuredRun, at: Contrast | None, p_adjusted: float | None, rules: _Rules
) -> MetricComparison:
    typical_a, typical_b = (_typical(run.figures(key)) for run in (a, b))
    enough, noise = a.enough[key] and b.enough[key], rules.noise.get(key)
    ratio = _ratio(at, enough)
    judged = decide(
        Hypothesis(
            metric=key[0],
            a=a.side.label,
            b=b.side.label,
            unfit=tuple(each.side.label for each in (a, b) if each.side.not_fit),
            overspent=_overspent(key.metric, a, b),
            counted=_counted(key, a, b),
            lacking=tuple(each.side.label for each in (a, b) if _typical(each.figures(key)) is None),
            enough=enough,
            noise=noise,
        ),
        at,
        p_adjusted,
        rules.criteria,
    )
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
        detectable_ratio=_relative(_detectable(at, noise, rules.criteria)),
        noise_ratio=_relative(noise),
        trials_needed=judged.trials_needed,
        decision=judged.decision,
        sentence=judged.sentence,
    )


def _overspent(metric: str, a: MeasuredRun, b: MeasuredRun) -> tuple[str, ...]:
    if metric in OF_FAILURES:
        return ()
    return tuple(f"{each.side.label}: {each.side.overspent}" for each in (a, b) if each.side.overspent is not None)


def _counted(key: Figure, a: MeasuredRun, b: MeasuredRun) -> tuple[str, str] | None:
    """How each side counted tokens, where that keeps this metric of theirs from being compared."""
    first, second = (run.identity.get("token_source") for run in (a, b))
    if first is None or second is None or first == second or key[0] not in OF_TOKENS:
        return None
    return first, second


def _detectable(at: Contrast | None, noise: float | None, criteria: Criteria) -> float | None:
    found = at.detectable(criteria.family) if at else None
    return None if found is None else max(found, noise or 0.0)


def _relative(log_ratio: float | None) -> float | None:
    return None if log_ratio is None else math.expm1(log_ratio)


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
