"""The distribution of a latency, short enough to be kept in a document and drawn."""

import numpy as np

from ragmeter.core.figures.summary import Figures

CURVES = ("ttft_ms", "tpot_ms", "e2e_ms")
STEPS = 100


def curves_of(figures: Figures) -> dict[str, tuple[float, ...]]:
    """By metric the 0th, 1st … 100th percentile of the successes of all trials; without values there is no curve."""
    shares = np.linspace(0, 1, STEPS + 1)
    return {
        name: tuple(float(value) for value in np.quantile(figures.series[name].values, shares))
        for name in CURVES
        if figures.series[name].values.size
    }
