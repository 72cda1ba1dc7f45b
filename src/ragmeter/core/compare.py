"""Saved runs against each other: for each declared metric a factor with its interval, or why it cannot be decided."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import combinations

from ragmeter.core.caveats import Conditions, caveats
from ragmeter.core.comparison import Comparison, MetricComparison, PairComparison, Side
from ragmeter.core.contrast import Contrast, contrast, holm
from ragmeter.core.cost import cost_of, price_sheet_from
from ragmeter.core.decide import Question, Stakes, decide
from ragmeter.core.harness import harness_of
from ragmeter.core.identity import identity_diff, identity_of
from ragmeter.core.metrics import METRICS
from ragmeter.core.records import Phase, RequestSample
from ragmeter.core.result import Estimate
from ragmeter.core.run import RunEnding, RunPlan
from ragmeter.core.series import percentile_share, series_of
from ragmeter.core.steady import steady_state
from ragmeter.core.summary import Figures, finite_estimate, summarise
from ragmeter.core.trials import MIN_TO_SHOW, mean_over_trials

DECLARED: tuple[tuple[str, str | None], ...] = (
    ("ttft_ms", "p50"),
    ("ttft_ms", "p95"),
    ("tpot_ms", "p50"),
    ("e2e_ms", "p50"),
    ("e2e_ms", "p95"),
    ("output_tokens_per_s", None),
    ("usd_per_1m_tokens", None),
)
"""What is compared, declared before anything is looked at: the correction is over all of these."""
MIN_EFFECT_RATIO = 0.05

Key = tuple[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRun:
    """A raw record and where it lies."""

    path: str
    plan: RunPlan
    samples: tuple[RequestSample, ...]
    ending: RunEnding


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """A run with one figure a trial for each declared metric."""

    run: SavedRun
    side: Side
    by_trial: Mapping[Key, tuple[float | None, ...]]
    enough: Mapping[Key, bool]
    trial_numbers: tuple[int, ...]
    conditions: Conditions


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
    measured = [_measure(run, label) for run, label in zip(runs, _labels(runs), strict=True)]
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


def _labels(runs: Sequence[SavedRun]) -> list[str]:
    """The provider's name; with a number where two runs have the same."""
    providers = [run.plan.provider for run in runs]
    seen: Counter[str] = Counter()
    labels = []
    for provider in providers:
        seen[provider] += 1
        labels.append(provider if providers.count(provider) == 1 else f"{provider} #{seen[provider]}")
    return labels


def _measure(run: SavedRun, label: str) -> _Measured:
    mine = [sample for sample in run.samples if sample.phase is Phase.MEASURED]
    plan = run.plan
    figures = summarise(mine, Phase.MEASURED, goodput=plan.workload.goodput, seed=plan.workload.seed)
    side = _side(run, label, mine, figures)
    numbers = tuple(sorted({sample.trial for sample in mine}))
    started = datetime.fromisoformat(plan.started_at)
    trials = [[sample for sample in mine if sample.trial == number] for number in numbers]
    return _Measured(
        run=run,
        side=side,
        by_trial={key: tuple(_figure(plan, trial, *key) for trial in trials) for key in DECLARED},
        enough={key: _enough(figures, *key) for key in DECLARED},
        trial_numbers=numbers,
        conditions=Conditions(
            side=side,
            seed=plan.workload.seed,
            begin=started + timedelta(seconds=min((s.scheduled_ns for s in mine), default=0) / 1e9),
            end=started + timedelta(seconds=max((s.ended_ns for s in mine), default=0) / 1e9),
            steady=tuple(steady_state(trial) for trial in trials),
        ),
    )


def _side(run: SavedRun, label: str, mine: Sequence[RequestSample], figures: Figures) -> Side:
    harness = harness_of(
        mine,
        clock=run.plan.clock,
        open_loop=run.plan.workload.rate_per_s is not None,
        client_cpu_ratio=run.ending.client_cpu_ratio,
    )
    return Side(
        label=label,
        run_id=run.plan.run_id,
        provider=run.plan.provider,
        workload=run.plan.workload.name,
        started_at=run.plan.started_at,
        status=run.ending.status,
        trials=figures.trials,
        requests=figures.phase.requests,
        error_ratio=finite_estimate(figures.rates["error_ratio"]),
        mean_output_tokens=figures.phase.avg_output_tokens,
        effective_decode_concurrency=harness.effective_decode_concurrency,
        not_fit=harness.reasons,
        raw_samples_path=run.path,
    )


def _figure(plan: RunPlan, trial: Sequence[RequestSample], metric: str, statistic: str | None) -> float | None:
    """Of one trial."""
    if statistic is not None:
        return series_of(METRICS[metric], trial, plan.workload.seed).of_each_trial(percentile_share(statistic))[0]
    figures = summarise(trial, Phase.MEASURED)
    if metric != "usd_per_1m_tokens":
        return figures.rates[metric].value
    if plan.cost is None:
        return None
    received = sum(sample.received_bytes for sample in trial)
    today = datetime.fromisoformat(plan.started_at).date()
    cost = cost_of(price_sheet_from(plan.cost), figures.phase, good=None, received_bytes=received, today=today)
    return cost.usd_per_1m_tokens


def _enough(figures: Figures, metric: str, statistic: str | None) -> bool:
    estimate = figures.estimate(metric, statistic)
    return estimate is None or estimate.enough or figures.trials < MIN_TO_SHOW


def _paired(a: _Measured, b: _Measured) -> bool:
    """Whether trial i of both runs asked the same: same seed, same trials, none of them cut short."""
    same = a.run.plan.workload.seed == b.run.plan.workload.seed and a.trial_numbers == b.trial_numbers
    return same and a.run.ending.status == b.run.ending.status == "complete"


def _contrasts(a: _Measured, b: _Measured) -> dict[Key, Contrast]:
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
    found = _contrasts(_measure(aa[0], "A1"), _measure(aa[1], "A2"))
    return {
        key: max(abs(end) for end in (*at.interval(), at.log_ratio) if end is not None) for key, at in found.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    """noise: by metric, as a log ratio."""

    stakes: Stakes
    noise: Mapping[Key, float]


def _pair(
    a: _Measured, b: _Measured, contrasts: Mapping[Key, Contrast], adjusted: Mapping[Key, float], rules: _Rules
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
    key: Key, a: _Measured, b: _Measured, at: Contrast | None, p_adjusted: float | None, rules: _Rules
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
