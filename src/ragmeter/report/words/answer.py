"""The question of a comparison and its answer in sentences that claim no more than is decided."""

import math
from collections.abc import Iterator, Sequence

from ragmeter.core.compare.comparison import Comparison, Decision, MetricComparison, PairComparison
from ragmeter.core.formatting import percent
from ragmeter.core.requests.figure import Figure

_HEADLINES = (
    (Figure("ttft_ms", "p95"), Figure("ttft_ms", "p50")),
    (Figure("output_tokens_per_s"),),
    (Figure("usd_per_1m_tokens"), Figure("usd_per_1m_good_tokens")),
)
"""What the answer is about: the first of each line that was compared and has enough requests."""


def question(found: Comparison) -> str:
    names = [side.label for side in found.sides]
    workloads = dict.fromkeys(side.workload for side in found.sides)
    return f"{', '.join(names[:-1])} or {names[-1]}: which one for {' and '.join(workloads)}?"


def overspent(found: Comparison) -> list[str]:
    """Of each side that has spent its error budget: said before anything that looks like its speed."""
    return [
        f"{side.label}: {side.overspent}. It is called neither faster nor cheaper."
        for side in found.sides
        if side.overspent is not None
    ]


def answers(found: Comparison) -> list[tuple[str, str]]:
    """(figure, what is known of it), first those that matter most. With a reference: of each pair with it."""
    indices = list(_headlines(found))
    if found.reference is not None:
        return [(found.rankings[at].figure.label, _against(found, at)) for at in indices]
    return [(found.rankings[at].figure.label, _best(found, at)) for at in indices]


def _headlines(found: Comparison) -> Iterator[int]:
    compared = [(at.metric, at.statistic) for at in found.rankings]
    lines = ([compared.index(key) for key in line if key in compared] for line in _HEADLINES)
    known = [next((at for at in line if _enough(found, at)), line[0]) for line in lines if line]
    yield from known or range(min(3, len(compared)))


def _enough(found: Comparison, index: int) -> bool:
    return any(pair.metrics[index].ratio.enough for pair in found.pairs)


def _against(found: Comparison, index: int) -> str:
    return "; ".join(pair.metrics[index].sentence for pair in found.pairs)


def _best(found: Comparison, index: int) -> str:
    winner = next((rank.label for rank in found.rankings[index].ranks if rank.worst == 1), None)
    if winner is not None:
        closest = min(_of(found, winner, index), key=lambda pair: abs(math.log(pair.ratio.value or 1.0)))
        return f"{winner} is the best{'; the closest' if len(found.sides) > 2 else ''}: {closest.sentence}"
    if all(pair.metrics[index].decision is Decision.NO_DIFFERENCE for pair in found.pairs):
        return f"no difference shown, within ±{percent(found.min_effect_ratio)} %"
    return _open(found, index)


def _of(found: Comparison, label: str, index: int) -> list[MetricComparison]:
    return [pair.metrics[index] for pair in found.pairs if label in (pair.a, pair.b)]


def _open(found: Comparison, index: int) -> str:
    """Who can still be the best, and what it takes to know."""
    contenders = [rank.label for rank in found.rankings[index].ranks if rank.best == 1]
    between = [pair for pair in found.pairs if {pair.a, pair.b} <= set(contenders)]
    *first, last = contenders
    return f"not decided between {', '.join(first)} and {last}{_needed(between, index)}"


def _needed(pairs: Sequence[PairComparison], index: int) -> str:
    open_ones = [at for pair in pairs if (at := pair.metrics[index]).decision is Decision.NOT_DECIDABLE]
    known = [at.trials_needed for at in open_ones if at.trials_needed]
    if len(known) < len(open_ones) or not known:
        return f": {open_ones[0].sentence.removeprefix('not decidable: ')}" if len(open_ones) == 1 else ""
    return f"; about {max(known)} more trials needed"
