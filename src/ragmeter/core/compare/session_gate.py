"""The baseline gate: has a figure become worse than in the saved sessions, by more than sessions differ anyway?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ragmeter.core.compare.comparison import Comparison, Decision, MetricComparison
from ragmeter.core.compare.measured import MeasuredRun
from ragmeter.core.compare.regression import Regression, change_words, regressions, worsening
from ragmeter.core.formatting import percent
from ragmeter.core.requests.figure import Figure
from ragmeter.core.stats.contrast import ALPHA, holm
from ragmeter.core.stats.estimate import Estimate
from ragmeter.core.stats.sessions import MIN_SESSIONS, SessionContrast, against_sessions
from ragmeter.core.verdicts.records import Outcome


def session_regressions(
    found: Comparison, then: Sequence[MeasuredRun], now: MeasuredRun, keys: Sequence[Figure], label: str
) -> Mapping[Figure, Regression]:
    """The verdict on each metric of the present run.

    found: of the newest saved run (A) with the present one (B), for what keeps either from being judged at all.
    then: every comparable saved run; those whose client was not fit, or that spent their error budget, are left out.
    """
    plain = regressions(found, keys, label)
    usable = [run for run in then if not run.side.not_fit and run.side.overspent is None]
    contrasts = {
        key: at
        for key in keys
        if plain[key].outcome not in {Outcome.INVALID, Outcome.NO_DATA} and (at := _contrast(key, usable, now))
    }
    adjusted = dict(zip(contrasts, holm([at.p_value for at in contrasts.values()]), strict=True))
    judged = {
        key: _judge(plain[key], at, adjusted[key], found.min_effect_ratio, _enough(key, [*usable, now]), label)
        for key, at in contrasts.items()
    }
    return {**plain, **judged}


def _contrast(key: Figure, then: Sequence[MeasuredRun], now: MeasuredRun) -> SessionContrast | None:
    """None unless the present run and a saved one have a positive figure for every trial."""
    sessions = [figures for run in then if (figures := _whole(run, key))]
    return against_sessions(sessions, mine) if sessions and (mine := _whole(now, key)) else None


def _whole(run: MeasuredRun, key: Figure) -> list[float]:
    """Empty when a trial lacks the figure."""
    figures = run.figures(key) if key in run.by_trial else []
    known = [value for value in figures if value is not None and value > 0]
    return known if len(known) == len(figures) else []


def _enough(key: Figure, runs: Sequence[MeasuredRun]) -> bool:
    return all(run.enough.get(key, False) for run in runs)


def _judge(
    plain: Regression, at: SessionContrast, p_adjusted: float, min_effect_ratio: float, enough: bool, label: str
) -> Regression:
    low, high = at.interval()
    known = at.sessions >= MIN_SESSIONS
    metric = replace(
        plain.metric,
        ratio=Estimate(
            value=math.exp(at.log_ratio),
            low=math.exp(low),
            high=math.exp(high),
            n=at.sessions,
            enough=known and enough,
        ),
        p_value=at.p_value,
        p_adjusted=p_adjusted,
        trials_needed=None,
    )
    outcome, remark = _decide(metric, at, min_effect_ratio, enough)
    sessions = f"{at.sessions} saved session{'' if at.sessions == 1 else 's'}"
    return replace(
        plain,
        outcome=outcome,
        metric=replace(metric, decision=_decision(metric, outcome), sentence=remark),
        remark=remark,
        sentence=f"{label}: {plain.subject} against the baseline: {change_words(metric)}, {remark}; {sessions}",
    )


def _decide(
    metric: MetricComparison, at: SessionContrast, min_effect_ratio: float, enough: bool
) -> tuple[Outcome, str]:
    matters, limit = f"{percent(min_effect_ratio)} %", math.log1p(min_effect_ratio)
    significant = metric.p_adjusted is not None and metric.p_adjusted < ALPHA
    beyond_noise = metric.noise_ratio is None or abs(at.log_ratio) > math.log1p(metric.noise_ratio)
    if significant and beyond_noise and worsening(metric, math.exp(at.log_ratio)) > limit:
        return Outcome.FAIL, f"a regression by more than {matters} (p = {metric.p_adjusted:.2g}, corrected)"
    if not enough:
        return Outcome.INCONCLUSIVE, f"undecided: too few requests in a trial for this statistic of {metric.metric}"
    if at.sessions < MIN_SESSIONS:
        least = percent(math.expm1(at.interval()[1] - at.log_ratio))
        return Outcome.INCONCLUSIVE, (
            f"undecided: with fewer than {MIN_SESSIONS} saved sessions their own spread is not known, and a change of "
            f"up to {least} % may be that"
        )
    if max(worsening(metric, math.exp(end)) for end in at.interval()) < limit:
        return Outcome.PASS, f"no regression by {matters} or more"
    return Outcome.INCONCLUSIVE, f"undecided: a regression by more than {matters} is not excluded"


def _decision(metric: MetricComparison, outcome: Outcome) -> Decision:
    """What is shown of the figure beside the gate."""
    if outcome is Outcome.FAIL:
        return Decision.A_BETTER
    better = metric.p_adjusted is not None and metric.p_adjusted < ALPHA and (metric.ratio.value or 1.0) != 1.0
    if better and metric.ratio.enough and worsening(metric, metric.ratio.value or 1.0) < 0:
        return Decision.B_BETTER
    return Decision.NO_DIFFERENCE if outcome is Outcome.PASS else Decision.NOT_DECIDABLE
