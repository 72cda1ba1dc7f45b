"""Judging SLOs: PASS and FAIL need the whole interval on one side of the bound; no data is never a pass."""

import math
from collections.abc import Collection, Sequence

from ragmeter.core.client.harness import Harness
from ragmeter.core.figures.figured import Figured
from ragmeter.core.figures.summary import finite
from ragmeter.core.formatting import distinct_text, number_text
from ragmeter.core.requests.figure import percentile_share
from ragmeter.core.requests.metric import OF_REQUESTS, OF_SERVERS
from ragmeter.core.requests.metrics import METRICS
from ragmeter.core.stats.estimate import MEAN_MIN_SAMPLES, Estimate, min_samples
from ragmeter.core.stats.pooled import MIN_GROUPS
from ragmeter.core.stats.trials import MIN_TO_CLAIM, MIN_TO_SHOW
from ragmeter.core.verdicts.error_budget import DEFAULT, is_default, overspent_in
from ragmeter.core.verdicts.floor_reasons import floor_reasons
from ragmeter.core.verdicts.records import Outcome, SloVerdict
from ragmeter.core.verdicts.slo import Slo

RANKING = (
    Outcome.FAIL,
    Outcome.INVALID,
    Outcome.NO_DATA,
    Outcome.INCONCLUSIVE,
    Outcome.NOT_JUDGED,
    Outcome.PASS,
)
"""The worst first. A figure that was not validly measured takes back none of what others show; where the client as a
whole was not fit, everything is INVALID.
"""
OPPOSITE = {"<=": ">", "<": ">=", ">=": "<", ">": "<="}


def judge_all(slos: Sequence[Slo], figures: Figured, harness: Harness, label: str) -> tuple[SloVerdict, ...]:
    """Every SLO on the figures of a phase."""
    spent = overspent_in(slos, figures.phase)
    return tuple(judge(slo, figures, harness, label, spent=spent) for slo in slos)


def judge(slo: Slo, figures: Figured, harness: Harness, label: str, *, spent: str | None = None) -> SloVerdict:
    """One SLO on the figures of a phase.

    FAIL when the whole interval misses the bound, however few the samples: the lower end of a p95 exists long before
    its upper end does. Otherwise NO_DATA below the minimum of samples for the statistic, PASS when the whole interval
    meets the bound, INCONCLUSIVE when the bound lies inside. Extremes, counts and throughputs of one trial have no
    interval: the value decides, as it does of the default error budget. With three or four trials, PASS is
    INCONCLUSIVE: five are the least to claim. INVALID whatever the figures say, when the measurement is not
    valid, or not valid for this figure.
    label: what was measured, such as ``smoke @ local``. spent: what to say of a run that has spent its error budget: a
    figure of successes is then judged with the failures as answers that never came (``adj_``); where there is no such
    figure, that of the survivors can fail and cannot pass.
    """
    metric = slo.metric.name if spent is None else _failure_aware(slo.metric.name)
    estimate = figures.estimate(metric, slo.statistic)
    outcome, remark = decide(slo, estimate, figures.trials)
    if outcome is Outcome.NO_DATA and (why := figures.unknown.get(slo.metric.name)):
        remark = f"{remark}: {why}"
    if spent is not None:
        outcome, remark = _despite_failures(slo, metric, (outcome, remark), spent)
    if reasons := [*harness.reasons, *_unjudged(slo, harness), *floor_reasons(slo, estimate, harness.calibration)]:
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
        judged_on=None if metric == slo.metric.name else metric,
    )


def _unjudged(slo: Slo, harness: Harness) -> list[str]:
    return [harness.unjudged[slo.metric.name]] if slo.metric.name in harness.unjudged else []


def _failure_aware(metric: str) -> str:
    """The metric that counts failures as answers that never came; the same where there is none."""
    return f"adj_{metric}" if f"adj_{metric}" in METRICS else metric


Decided = tuple[Outcome, str | None]


def _despite_failures(slo: Slo, metric: str, decided: Decided, spent: str) -> Decided:
    """With the remark that the budget is spent, where that has changed what the figure is of."""
    outcome, remark = decided
    if metric != slo.metric.name:
        return outcome, f"failed requests count as never answered: {spent}"
    if metric.startswith("usd_"):
        return outcome, f"withheld: {spent}" if remark == _NOTHING else remark
    if slo.metric.kind not in OF_REQUESTS or metric.startswith("adj_") or outcome is Outcome.FAIL:
        return decided
    return Outcome.NO_DATA, f"not judged by the answers that came: {spent}"


def overall(verdicts: Sequence[SloVerdict], harness: Harness, successes: int) -> Outcome:
    """INVALID where the client was not fit, else the worst of a run in the order of `RANKING`.

    NOT_JUDGED where the default error budget is the only bound and is kept: nothing that somebody asked for was found.
    Without any verdict NO_DATA when no request succeeded.
    """
    if harness.reasons:
        return Outcome.INVALID
    if not verdicts:
        return Outcome.NOT_JUDGED if successes else Outcome.NO_DATA
    found = worst([verdict.outcome for verdict in verdicts])
    asked = any(verdict.origin != DEFAULT.origin for verdict in verdicts)
    return found if asked or found is not Outcome.PASS else Outcome.NOT_JUDGED


def outcome_of_run(verdicts: Sequence[SloVerdict], harness: Harness, successes: int, *, whole: bool) -> Outcome:
    """Half of a run can fail and cannot pass; nor can one that did not come to know what it was to know."""
    outcome = overall(verdicts, harness, successes)
    return Outcome.INCONCLUSIVE if outcome is Outcome.PASS and not whole else outcome


def with_tests(outcome: Outcome, tests: Collection[Outcome], harness: Harness) -> Outcome:
    """The outcome of a run of whose session further tests failed. A client that was not fit makes their failure none of
    the service, too.
    """
    return Outcome.INVALID if harness.reasons else worst([outcome, *tests])


def worst(outcomes: Collection[Outcome]) -> Outcome:
    """In the order of `RANKING`. Raises StopIteration when there are none."""
    return next(outcome for outcome in RANKING if outcome in outcomes)


def decide(slo: Slo, estimate: Estimate | None, trials: int) -> tuple[Outcome, str | None]:
    """The outcome of a figure by the rules of `judge`, the client aside, and a remark on it."""
    if estimate is None or estimate.value is None:
        return Outcome.NO_DATA, _NOTHING
    if is_default(slo) or _by_value(slo, estimate):
        return _by_its_value(slo, estimate, trials)
    low = -math.inf if estimate.low is None else estimate.low
    high = math.inf if estimate.high is None else estimate.high
    if not slo.holds(low) and not slo.holds(high):
        return Outcome.FAIL, None
    if not estimate.enough:
        return Outcome.NO_DATA, _too_small(slo, estimate, trials)
    if slo.holds(low) and slo.holds(high):
        return _claimed(trials)
    return Outcome.INCONCLUSIVE, f"undecided: {slo.bound:.15g} lies inside the interval"


_NOTHING = "no data"
_KEPT, _SPENT = "within the default error budget", "more than the default error budget"


def _by_its_value(slo: Slo, estimate: Estimate, trials: int) -> tuple[Outcome, str | None]:
    """Few readings of a server show what a bound is missed by, and not that it is met."""
    holds = estimate.value is not None and slo.holds(estimate.value)
    if slo.metric.kind in OF_SERVERS and not estimate.enough and (holds or slo.statistic not in {"min", "max"}):
        return Outcome.NO_DATA, _too_small(slo, estimate, trials)
    remark = (_KEPT if holds else _SPENT) if is_default(slo) else None
    return (Outcome.PASS if holds else Outcome.FAIL), remark


def _by_value(slo: Slo, estimate: Estimate) -> bool:
    """A throughput has an interval as soon as there are trials to compare."""
    return slo.judged_by_value and estimate.low is None and estimate.high is None


def _claimed(trials: int) -> tuple[Outcome, str | None]:
    if 1 < trials < MIN_TO_CLAIM:
        return Outcome.INCONCLUSIVE, f"undecided: {trials} trials are too few to conclude (needs {MIN_TO_CLAIM})"
    return Outcome.PASS, None


def _too_small(slo: Slo, estimate: Estimate, trials: int) -> str:
    if 1 < trials < MIN_TO_SHOW:
        return f"{trials} trials are too few for an interval (needs {MIN_TO_SHOW})"
    share = percentile_share(slo.statistic or "")
    if slo.metric.kind == "gauge" and estimate.n >= MEAN_MIN_SAMPLES and share is None:
        return "the servers were not read all the time"
    needed = MEAN_MIN_SAMPLES if share is None else min_samples(share)
    if estimate.n >= needed and trials > 1:
        return f"a trial has too few values for {slo.subject}"
    if slo.metric.kind == "pooled" and estimate.n >= needed:
        return f"fewer than {MIN_GROUPS} requests are too few for {slo.subject}"
    return f"n={estimate.n} is too small for {slo.statistic} (needs {needed})"


def _sentence(slo: Slo, estimate: Estimate | None, remark: str | None, figures: Figured) -> str:
    errored = figures.phase.errors
    bound = f"{slo.bound:.15g}"
    after = f", {remark}" if remark else ""
    if estimate is None or estimate.value is None:
        return f"{slo.subject} {slo.operator} {bound}{after}  ({errored} failed)"
    relation = slo.operator if slo.holds(estimate.value) else OPPOSITE[slo.operator]
    value = distinct_text(estimate.value, slo.bound)
    trials = f"{figures.trials} trials, " if figures.trials > 1 else ""
    basis = f"{_interval(slo, estimate)}{trials}n={estimate.n}, {errored} failed"
    return f"{slo.subject} = {value} {relation} {bound}{after}  ({basis})"


def _interval(slo: Slo, estimate: Estimate) -> str:
    """An end that does not exist reads 0 or ∞: no metric is negative."""
    if _by_value(slo, estimate):
        return ""
    low = "0" if estimate.low is None else number_text(estimate.low)
    high = "∞" if estimate.high is None else number_text(estimate.high)
    return f"{estimate.confidence * 100:g}% CI {low}..{high}, "
