"""What of a comparison is shown: a metric of which no side has a figure is named once, and fills no table."""

from dataclasses import replace

from ragmeter.core.compare.comparison import Comparison


def with_figures(found: Comparison) -> Comparison:
    """Without the metrics that no side has a figure of; all of them, where there is no other."""
    known = [index for index in range(len(found.rankings)) if _is_known(found, index)]
    if not known:
        return found
    pairs = (replace(pair, metrics=tuple(pair.metrics[index] for index in known)) for pair in found.pairs)
    rankings = (found.rankings[index] for index in known)
    return replace(found, pairs=tuple(pairs), rankings=tuple(rankings))


def without_figures(found: Comparison) -> list[str]:
    """``Time to first token, p95``: names of the metrics that no side has a figure of."""
    unknown = (at for index, at in enumerate(found.rankings) if not _is_known(found, index))
    return [at.figure.label for at in unknown]


def _is_known(found: Comparison, index: int) -> bool:
    metrics = (pair.metrics[index] for pair in found.pairs)
    return any(at.a is not None or at.b is not None for at in metrics)
