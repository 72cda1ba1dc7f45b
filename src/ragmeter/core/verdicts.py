"""Judging SLOs: PASS and FAIL need the whole interval on one side of the bound; no data is never a pass."""

import math
from collections.abc import Collection, Sequence

from ragmeter.core.floor import floor_reasons
from ragmeter.core.formatting import distinct_text, number_text
from ragmeter.core.pooled import MIN_GROUPS
from ragmeter.core.result import Estimate, Harness, Outcome, SloVerdict
from ragmeter.core.series import percentile_share
from ragmeter.core.slo import Slo
from ragmeter.core.stats import MEAN_MIN_SAMPLES, min_samples
from ragmeter.core.summary import Figures, finite
from ragmeter.core.trials import MIN_TO_CLAIM, MIN_TO_SHOW

OPPOSITE = {"<=": ">", "<": ">=", ">=": "<", ">": "<="}


def judge(slo: Slo, figures: Figures, harness: Harness, label: str) -> SloVerdict:
    """One SLO on the figures of a phase.

    FAIL when the whole interval misses the bound, however few the samples: the lower end of a p95 exists long before
    its upper end does. Otherwise NO_DATA below the minimum of samples for the statistic, PASS when the whole interval
    meets the bound, INCONCLUSIVE when the bound lies inside. Extremes, counts and throughputs of one trial have no
    interval: the value decides. With three or four trials, PASS is INCONCLUSIVE: five are the least to claim.
    INVALID whatever the figures say, when the harness was not fit to measure, or not to measure this figure.
    label: what was measured, such as ``smoke @ local``.
    """
    estimate = figures.estimate(slo.metric.name, slo.statistic)
    outcome, remark = _decide(slo, estimate, figures.trials)
    if reasons := [*harness.reasons, *floor_reasons(slo, estimate, harness.calibration)]:
        outcome, remark = Outcome.INVALID, f"not valid: {'; '.join(reasons)}"
    return SloVerdict(
        slo=slo.expression,
        outcome=outcome,
        sentence=f"{label}: {_sentence(slo, estimate, remark, figures)}",
        metric=slo.metric.name,
        statistic=slo.statistic,
        operator=slo.operator,
        bound=slo.bound,
        value=finite(estimate.value) if estimate else None,
        low=finite(estimate.low) if estimate else None,
        high=finite(estimate.high) if estimate else None,
        n=estimate.n if estimate else 0,
        origin=slo.origin,
    )


def overall(verdicts: Sequence[SloVerdict], harness: Harness, successes: int) -> Outcome:
    """The worst of a run: INVALID, FAIL, NO_DATA, INCONCLUSIVE, PASS, in this order.

    Without SLOs: PASS, as nothing that was asked for is missing, unless no request succeeded: NO_DATA.
    """
    if harness.reasons:
        return Outcome.INVALID
    if not verdicts:
        return Outcome.PASS if successes else Outcome.NO_DATA
    return worst([verdict.outcome for verdict in verdicts])


def worst(outcomes: Collection[Outcome]) -> Outcome:
    """In the order INVALID, FAIL, NO_DATA, INCONCLUSIVE, PASS. Raises StopIteration when there are none."""
    ranking = (Outcome.INVALID, Outcome.FAIL, Outcome.NO_DATA, Outcome.INCONCLUSIVE, Outcome.PASS)
    return next(outcome for outcome in ranking if outcome in outcomes)


def _decide(slo: Slo, estimate: Estimate | None, trials: int) -> tuple[Outcome, str | None]:
    if estimate is None or estimate.value is None:
        return Outcome.NO_DATA, "no data"
    if _by_value(slo, estimate):
        return (Outcome.PASS if slo.holds(estimate.value) else Outcome.FAIL), None
    low = -math.inf if estimate.low is None else estimate.low
    high = math.inf if estimate.high is None else estimate.high
    if not slo.holds(low) and not slo.holds(high):
        return Outcome.FAIL, None
    if not estimate.enough:
        return Outcome.NO_DATA, _too_small(slo, estimate, trials)
    if slo.holds(low) and slo.holds(high):
        return _claimed(trials)
    return Outcome.INCONCLUSIVE, f"undecided: {slo.bound:.15g} lies inside the interval"


def _by_value(slo: Slo, estimate: Estimate) -> bool:
    """A throughput has an interval as soon as there are trials to compare."""
    return slo.judged_by_value and estimate.low is None and estimate.high is None


def _claimed(trials: int) -> tuple[Outcome, str | None]:
    if 1 < trials < MIN_TO_CLAIM:
        return Outcome.INCONCLUSIVE, f"undecided: {trials} trials show and do not claim (needs {MIN_TO_CLAIM})"
    return Outcome.PASS, None


def _too_small(slo: Slo, estimate: Estimate, trials: int) -> str:
    if 1 < trials < MIN_TO_SHOW:
        return f"{trials} trials are too few for an interval (needs {MIN_TO_SHOW})"
    share = percentile_share(slo.statistic or "")
    needed = MEAN_MIN_SAMPLES if share is None else min_samples(share)
    if estimate.n >= needed and trials > 1:
        return f"a trial has too few values for {slo.subject}"
    if slo.metric.kind == "pooled" and estimate.n >= needed:
        return f"fewer than {MIN_GROUPS} requests are too few for {slo.subject}"
    return f"n={estimate.n} is too small for {slo.statistic} (needs {needed})"


def _sentence(slo: Slo, estimate: Estimate | None, remark: str | None, figures: Figures) -> str:
    errored = figures.phase.errors
    bound = f"{slo.bound:.15g}"
    after = f", {remark}" if remark else ""
    if estimate is None or estimate.value is None:
        return f"{slo.subject} {slo.operator} {bound}{after}  ({errored} errored)"
    relation = slo.operator if slo.holds(estimate.value) else OPPOSITE[slo.operator]
    value = distinct_text(estimate.value, slo.bound)
    trials = f"{figures.trials} trials, " if figures.trials > 1 else ""
    basis = f"{_interval(slo, estimate)}{trials}n={estimate.n}, {errored} errored"
    return f"{slo.subject} = {value} {relation} {bound}{after}  ({basis})"


def _interval(slo: Slo, estimate: Estimate) -> str:
    """An end that does not exist reads 0 or ∞: no metric is negative."""
    if _by_value(slo, estimate):
        return ""
    low = "0" if estimate.low is None else number_text(estimate.low)
    high = "∞" if estimate.high is None else number_text(estimate.high)
    return f"{estimate.confidence * 100:g}% CI {low}..{high}, "
