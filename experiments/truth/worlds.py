"""Latencies as a service makes them, with a truth that is known: shapes within a trial, drift between trials."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
EXACT = 4_000_000
"""Values that the truth of a shape is taken from: its p95 is then known to 0.1 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """draw: values of the shape (trials, requests)."""

    name: str
    draw: Callable[[np.random.Generator, tuple[int, int]], Values]

    def __hash__(self) -> int:
        return hash(self.name)


def _log_normal(rng: np.random.Generator, size: tuple[int, int]) -> Values:
    return np.exp(rng.normal(0, 0.5, size))


def _bimodal(rng: np.random.Generator, size: tuple[int, int]) -> Values:
    """Three in ten requests find their prefix in a cache and are four times as fast."""
    return np.where(rng.random(size) < 0.3, np.exp(rng.normal(-1.4, 0.2, size)), np.exp(rng.normal(0, 0.3, size)))


def _heavy(rng: np.random.Generator, size: tuple[int, int]) -> Values:
    """Pareto with exponent 2.5: finite variance, infinite third moment."""
    return np.asarray((1 - rng.random(size)) ** (-1 / 2.5))


def _correlated(rng: np.random.Generator, size: tuple[int, int]) -> Values:
    """Log-normal, and each request resembles the one before it (autoregression, 0.6), as in batches and queues."""
    steps = rng.normal(0, 0.5 * math.sqrt(1 - 0.6**2), size)
    values = np.empty(size)
    values[:, 0] = rng.normal(0, 0.5, size[0])
    for at in range(1, size[1]):
        values[:, at] = 0.6 * values[:, at - 1] + steps[:, at]
    return np.exp(values)


LOG_NORMAL = Shape(name="log-normal", draw=_log_normal)
BIMODAL = Shape(name="bimodal", draw=_bimodal)
HEAVY = Shape(name="heavy tail", draw=_heavy)
CORRELATED = Shape(name="correlated", draw=_correlated)
SHAPES = (LOG_NORMAL, BIMODAL, HEAVY, CORRELATED)


@cache
def truth(shape: Shape, statistic: float | None) -> float:
    """The quantile of a shape, or its mean with None."""
    source = LOG_NORMAL if shape == CORRELATED else shape
    values = source.draw(np.random.default_rng(99), (1, EXACT))
    return float(values.mean() if statistic is None else np.quantile(values, statistic))


def factors(rng: np.random.Generator, trials: int, cv: float) -> Values:
    """A log-normal factor of each trial whose coefficient of variation is ``cv``; its median is 1."""
    return np.exp(rng.normal(0, math.sqrt(math.log1p(cv**2)), trials))


def trials_of(rng: np.random.Generator, shape: Shape, trials: int, requests: int, cv: float) -> Values:
    return shape.draw(rng, (trials, requests)) * factors(rng, trials, cv)[:, None]
