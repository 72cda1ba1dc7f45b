"""Gates: is a figure worse than in a saved run, or than on another side of the same session, by more than matters?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ragmeter.core.compare.comparison import Comparison, Decision, MetricComparison, PairComparison
from ragmeter.core.compare.measured import GATED
from ragmeter.core.formatting import percent
from ragmeter.core.money.cost import COST_OF_RATE
from ragmeter.core.requests.figure import Figure
from ragmeter.core.requests.metrics import METRICS, OF_FAILURES
from ragmeter.core.stats.contrast import ALPHA
from ragmeter.core.stats.trials import MIN_TO_CLAIM
from ragmeter.core.verdicts.records import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """One metric, judged against the baseline or the reference.

    metric: of that (A) and of what is judged (B). remark: why it has this outcome. sentence: both in words.
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


def regressions(found: Comparison, keys: Sequence[Figure], label: str) -> Mapping[Figure, Regression]:
    """The verdict on each metric, from a comparison of the baseline (A) with the present run (B).

    label: what was measured, such as ``smoke @ local``.
    """
    (pair,) = found.pairs
    return gate(found, pair, keys, label, "the baseline")


def gate(
    found: Comparison, pair: PairComparison, keys: Sequence[Figure], label: str, against: str
) -> Mapping[Figure, Regression]:
    """The verdict on each metric of B, against A, by one pair of a comparison. against: what A is called."""
    sides = [side for side in found.sides if side.label in (pair.a, pair.b)]
    different = (f"{at.field} was {at.a!r} and is {at.b!r}" for at in pair.identity.must_match)
    unfit = [*(reason for side in sides for reason in side.not_fit), *different]
    spent = [f"{side.label}: {side.overspent}" for side in sides if side.overspent is not None]
    by_key = {at.figure: at for at in pair.metrics}
    decided = {key: _decide(by_key[key], unfit, spent, found.min_effect_ratio) for key in keys}
    return {
        key: Regression(
            subject=str(key),
            outcome=outcome,
            metric=by_key[key],
            remark=remark,
            sentence=f"{label}: {key} against {against}: {change_words(by_key[key])}, {remark}",
        )
        for key, (outcome, remark) in decided.items()
    }


def gates_of_reference(
    found: Comparison, workload: str, keys: Sequence[Figure] = GATED
) -> Mapping[str, Mapping[Figure, Regression]]:
    """By the label of each other side, the verdicts on it by its blocks with the reference. Costs only where both are
    priced. NO_DATA where no block has both.
    """
    cost = {side.label: side.cost for side in found.sides}
    gates = {}
    for pair in found.pairs:
        priced = cost[pair.a] is not None and cost[pair.b] is not None
        judged = [key for key in keys if priced or key.metric not in COST_OF_RATE]
        of_pair = gate(found, pair, judged, f"{workload} @ {pair.b}", pair.a)
        gates[pair.b] = of_pair if pair.blocks else {key: _apart(at) for key, at in of_pair.items()}
    return gates


def _apart(at: Regression) -> Regression:
    why = "no trial of both ran in one block"
    return replace(at, outcome=Outcome.NO_DATA, remark=why, sentence=f"{at.sentence.partition(': ')[0]}: {why}")


def _decide(
    at: MetricComparison, unfit: Sequence[str], spent: Sequence[str], min_effect_ratio: float
) -> tuple[Outcome, str]:
    """FAIL needs a significant change for the worse whose size matters; PASS needs the whole interval below that."""
    if unfit:
        return Outcome.INVALID, f"not valid: {'; '.join(unfit)}"
    if at.ratio.value is None or (spent and at.metric not in OF_FAILURES):
        return Outcome.NO_DATA, _lacking(spent)
    matters, limit = f"{percent(min_effect_ratio)} %", math.log1p(min_effect_ratio)
    if at.decision is Decision.A_BETTER and worsening(at, at.ratio.value) > limit:
        return Outcome.FAIL, f"a regression by more than {matters} (p = {_probability(at)})"
    if not at.ratio.enough or at.ratio.n < MIN_TO_CLAIM:
        return Outcome.INCONCLUSIVE, at.sentence
    worst = max(worsening(at, end) for end in (at.ratio.low, at.ratio.high) if end is not None)
    if worst < limit:
        return Outcome.PASS, f"no regression by {matters} or more"
    return Outcome.INCONCLUSIVE, f"{_undecided(at)}: a regression by more than {matters} is not excluded"


def _lacking(spent: Sequence[str]) -> str:
    if spent:
        return f"not judged by the answers that came: {'; '.join(spent)}"
    return "no figure for every trial of both runs"


def worsening(at: MetricComparison, ratio: float) -> float:
    """The log ratio of now to then, positive for the worse."""
    return math.log(ratio) if METRICS[at.metric].better == "lower" else -math.log(ratio)


def _undecided(at: MetricComparison) -> str:
    """A change that is shown can be too small to matter, and its interval reach further."""
    if at.trials_needed:
        return f"undecided, about {at.trials_needed} more trials needed"
    return "undecided" if at.p_adjusted is None or at.p_adjusted >= ALPHA else "undecided although a change is shown"


def _probability(at: MetricComparison) -> str:
    return "unknown" if at.p_adjusted is None else f"{at.p_adjusted:.2g}, corrected"


def change_words(at: MetricComparison) -> str:
    """``12 % higher [95 % CI 8..16]``."""
    if at.ratio.value is None:
        return "unknown"
    change = at.ratio.value - 1
    word = "higher" if change >= 0 else "lower"
    if at.ratio.low is None or at.ratio.high is None:
        return f"{percent(abs(change))} % {word}, without an interval"
    return f"{percent(abs(change))} % {word} [95 % CI {percent(at.ratio.low - 1)}..{percent(at.ratio.high - 1)} %]"
