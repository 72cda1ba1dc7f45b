"""When each request of an open loop is wanted: decided before the phase starts, from a seed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ragmeter.core.inputs.load_keys import ramp_s

NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """What start times are drawn from.

    rate_per_s: the mean rate; of a ramp the one it begins with. requests, duration_s: there are as many times as
    ``requests``, or all before ``duration_s``; with both, whichever ends first; one of them is needed.
    """

    rate_per_s: float
    requests: int | None = None
    duration_s: float | None = None
    burstiness: float = 1.0
    burst_size: int = 1
    end_rate_per_s: float = 0.0

    def __post_init__(self) -> None:
        if self.requests is None and self.duration_s is None:
            raise ValueError("arrivals need a number of requests or a duration")
        if min(self.rate_per_s, self.burstiness) <= 0 or self.burst_size < 1 or self.end_rate_per_s < 0:
            raise ValueError(f"arrivals with such a rate, burstiness or burst size cannot be: {self}")


Times = NDArray[np.float64]
"""In seconds since the phase began, ascending."""


def start_times(shape: str, wanted: Arrivals, rng: np.random.Generator) -> tuple[int, ...]:
    """In ns since the phase began, ascending. Times are summed in seconds and rounded once, so they do not drift.

    Raises ValueError for a shape that is not in ``SHAPES``.
    """
    if shape not in SHAPES:
        raise ValueError(f"load shape {shape!r}: not one of {', '.join(SHAPES)}")
    return as_ns(SHAPES[shape](wanted, rng))


def as_ns(times_s: Times) -> tuple[int, ...]:
    return tuple(np.rint(times_s * NS_PER_S).astype(np.int64).tolist())


def _constant(wanted: Arrivals, _rng: np.random.Generator) -> Times:
    """At 0 and then every 1/rate."""
    return np.arange(_most(wanted)) / wanted.rate_per_s


def _poisson(wanted: Arrivals, rng: np.random.Generator) -> Times:
    """Exponential gaps of mean 1/rate from the start on: users who know nothing of one another."""
    return _first(wanted, lambda count: rng.exponential(1 / wanted.rate_per_s, size=count))


def _gamma(wanted: Arrivals, rng: np.random.Generator) -> Times:
    """Gamma gaps of mean 1/rate and of shape ``burstiness``, whose coefficient of variation is 1/sqrt(burstiness).

    1 is Poisson, below 1 requests come in clusters, above 1 they are spread evenly. As in vLLM's benchmark_serving.
    """
    scale_s = 1 / (wanted.rate_per_s * wanted.burstiness)
    return _first(wanted, lambda count: rng.gamma(wanted.burstiness, scale_s, size=count))


def _bursts(wanted: Arrivals, _rng: np.random.Generator) -> Times:
    """``burst_size`` at one moment, and so many bursts a second that the mean rate is kept."""
    count = _most(wanted, wanted.burst_size)
    bursts = (np.arange(count) // wanted.burst_size).astype(np.float64)
    return bursts * (wanted.burst_size / wanted.rate_per_s)


def _ramp(wanted: Arrivals, rng: np.random.Generator) -> Times:
    """Poisson, with a rate that goes from ``rate_per_s`` to ``end_rate_per_s`` on a straight line.

    The line is as long as the duration, or as long as so many requests take on average. A Poisson process of rate 1 is
    stretched by the inverse of the number that is expected until each moment.
    """
    span_s = wanted.duration_s or ramp_s(wanted.rate_per_s, wanted.end_rate_per_s, wanted.requests or 0)
    slope = (wanted.end_rate_per_s - wanted.rate_per_s) / span_s if span_s else 0.0
    expected = (wanted.rate_per_s + wanted.end_rate_per_s) / 2 * span_s
    unit = Arrivals(rate_per_s=1.0, requests=wanted.requests, duration_s=expected)
    reached = _poisson(unit, rng)
    # rate t + slope t² / 2 = reached, in the form that is exact when the slope is 0.
    root = np.sqrt(np.maximum(wanted.rate_per_s**2 + 2 * slope * reached, 0.0))
    times: Times = 2 * reached / (wanted.rate_per_s + root)
    return times


SHAPES: dict[str, Callable[[Arrivals, np.random.Generator], Times]] = {
    "constant": _constant,
    "poisson": _poisson,
    "gamma": _gamma,
    "ramp": _ramp,
    "bursts": _bursts,
}


def _most(wanted: Arrivals, together: int = 1) -> int:
    """How many equally spaced requests fit, ``together`` of them at each moment."""
    if wanted.duration_s is None:
        return wanted.requests or 0
    within = together * int(np.ceil(wanted.duration_s * wanted.rate_per_s / together))
    return within if wanted.requests is None else min(wanted.requests, within)


def _first(wanted: Arrivals, gaps_s: Callable[[int], Times]) -> Times:
    """Times of random gaps, drawn until there are enough."""
    if wanted.requests is not None:
        times = np.cumsum(gaps_s(wanted.requests))
        return times if wanted.duration_s is None else times[times < wanted.duration_s]
    span_s = wanted.duration_s or 0.0
    at_once = int(wanted.rate_per_s * span_s) + 16
    times = np.cumsum(gaps_s(at_once))
    while times[-1] < span_s:
        times = np.concatenate([times, times[-1] + np.cumsum(gaps_s(at_once))])
    return times[times < span_s]
