"""The figures of quality that are known of a phase."""

from ragmeter.core.figures.retrieval import Retrieval, retrieval_rates
from ragmeter.core.figures.summary import Figures
from ragmeter.core.requests.quality_metrics import SHARES_OF_ANSWERS
from ragmeter.core.stats.estimate import Estimate


def known_quality(figures: Figures, retrieval: Retrieval | None) -> dict[str, Estimate]:
    """By metric: of what was retrieved, and the means of what was answered."""
    answered = {name: figures.estimate(name, "mean") for name in SHARES_OF_ANSWERS}
    found = {**({} if retrieval is None else retrieval_rates(retrieval)), **answered}
    return {name: at for name, at in found.items() if at is not None and at.value is not None}
