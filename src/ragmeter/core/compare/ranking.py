"""Which place each of several systems can have, from the pairs that are decided."""

from collections.abc import Mapping, Sequence

from ragmeter.core.compare.comparison import Decision, MetricComparison, PairComparison, Rank, Ranking


def ranking(labels: Sequence[str], pairs: Sequence[PairComparison], index: int) -> Ranking:
    """By the ``index``-th metric of every pair.

    The best place of a side is behind all that are shown to be better, the worst before all that are shown to be worse.
    As the error of all pairs together is at most 5 %, so is that of all ranks (Mogstad, Romano, Shaikh & Wilhelm 2024).
    """
    metric = pairs[0].metrics[index]
    better = [found for pair in pairs if (found := _winner(pair, pair.metrics[index]))]
    ranks = [
        Rank(
            label=label,
            best=1 + sum(loser == label for _, loser in better),
            worst=len(labels) - sum(winner == label for winner, _ in better),
        )
        for label in labels
    ]
    figures = _figures(pairs, index)
    order = sorted(ranks, key=lambda rank: (rank.best + rank.worst, figures.get(rank.label, 0.0)))
    return Ranking(metric=metric.metric, statistic=metric.statistic, ranks=tuple(order))


def _winner(pair: PairComparison, at: MetricComparison) -> tuple[str, str] | None:
    """(winner, loser)."""
    if at.decision is Decision.A_BETTER:
        return pair.a, pair.b
    return (pair.b, pair.a) if at.decision is Decision.B_BETTER else None


def _figures(pairs: Sequence[PairComparison], index: int) -> Mapping[str, float]:
    """The typical trial of each side, so that those of equal rank stand in the order of their figures."""
    known = [
        (label, value)
        for pair in pairs
        for label, value in ((pair.a, pair.metrics[index].a), (pair.b, pair.metrics[index].b))
    ]
    return {label: value for label, value in known if value is not None}
