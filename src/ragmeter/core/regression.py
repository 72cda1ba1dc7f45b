"""The baseline gate: has a figure become worse than in a saved run, by more than matters?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ragmeter.core.comparison import Comparison, Decision, MetricComparison
from ragmeter.core.contrast import ALPHA
from ragmeter.core.decide import percent
from ragmeter.core.measured import Key
from ragmeter.core.metrics import METRICS
from ragmeter.core.result import Outcome
from ragmeter.core.trials import MIN_TO_CLAIM


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """One metric, judged against the baseline.

    metric: of the baseline (A) and now (B). remark: why it has this outcome. sentence: both in words.
    """

    subject: str
    outcome: Outcome
    metric: MetricComparison
    remark: str
    sentence: str

    @property
    def change(self) -> str:
        """What is shown of the figure, whether or not it matters: ``worse``, ``same``, ``better`` or ``undecided``."""
        return _CHANGES[self.metric.decision]


_CHANGES = {
    Decision.A_BETTER: "worse",
    Decision.B_BETTER: "better",
    Decision.NO_DIFFERENCE: "same",
    Decision.NOT_DECIDABLE: "undecided",
}

BASELINE, NOW = "baseline", "now"
"""Labels of the two sides of the comparison behind the gate, in this order."""


def regressions(found: Comparison, keys: Sequence[Key], label: str) -> Mapping[Key, Regression]:
    """The verdict on each metric, from a comparison of the baseline (A) with the present run (B).

    label: what was measured, such as ``smoke @ local``.
    """
    (pair,) = found.pairs
    unfit = [reason for side in found.sides for reason in side.not_fit]
    by_key = {(at.metric, at.statistic): at for at in pair.metrics}
    return {key: _judge(by_key[key], unfit, found.min_effect_ratio, label) for key in keys}


def _judge(at: MetricComparison, unfit: Sequence[str], min_effect_ratio: float, label: str) -> Regression:
    outcome, remark = _decide(at, unfit, min_effect_ratio)
    subject = f"{at.statistic}({at.metric})" if at.statistic else at.metric
    return Regression(
        subject=subject,
        outcome=outcome,
        metric=at,
        remark=remark,
        sentence=f"{label}: {subject} against the baseline: {_change(at)}, {remark}",
    )


def _decide(at: MetricComparison, unfit: Sequence[str], min_effect_ratio: float) -> tuple[Outcome, str]:
    """FAIL needs a significant change for the worse whose size matters; PASS needs the whole interval below that."""
    if unfit:
        return Outcome.INVALID, f"not valid: {'; '.join(unfit)}"
    if at.ratio.value is None:
        return Outcome.NO_DATA, "no figure for every trial of both runs"
    matters, limit = f"{percent(min_effect_ratio)} %", math.log1p(min_effect_ratio)
    if at.decision is Decision.A_BETTER and _worsening(at, at.ratio.value) > limit:
        return Outcome.FAIL, f"a regression by more than {matters} (p = {_probability(at)})"
    if not at.ratio.enough or at.ratio.n < MIN_TO_CLAIM:
        return Outcome.INCONCLUSIVE, at.sentence
    worst = max(_worsening(at, end) for end in (at.ratio.low, at.ratio.high) if end is not None)
    if worst < limit:
        return Outcome.PASS, f"no regression by {matters} or more"
    return Outcome.INCONCLUSIVE, f"{_undecided(at)}: a regression by more than {matters} is not excluded"


def _worsening(at: MetricComparison, ratio: float) -> float:
    """The log ratio of now to then, positive for the worse."""
    return math.log(ratio) if METRICS[at.metric].better == "lower" else -math.log(ratio)


def _undecided(at: MetricComparison) -> str:
    """A change that is shown can be too small to matter, and its interval reach further."""
    if at.trials_needed:
        return f"undecided, about {at.trials_needed} more trials needed"
    return "undecided" if at.p_adjusted is None or at.p_adjusted >= ALPHA else "undecided although a change is shown"


def _probability(at: MetricComparison) -> str:
    return "unknown" if at.p_adjusted is None else f"{at.p_adjusted:.2g}, corrected"


def _change(at: MetricComparison) -> str:
    """``12 % higher [95 % CI 8..16]``."""
    if at.ratio.value is None:
        return "unknown"
    change = at.ratio.value - 1
    word = "higher" if change >= 0 else "lower"
    if at.ratio.low is None or at.ratio.high is None:
        return f"{percent(abs(change))} % {word}, without an interval"
    return f"{percent(abs(change))} % {word} [95 % CI {percent(at.ratio.low - 1)}..{percent(at.ratio.high - 1)} %]"
