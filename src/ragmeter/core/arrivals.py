"""When each request of a phase is wanted, and which prompt it asks: decided before the phase starts, from a seed."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

NS_PER_S = 1_000_000_000
SHAPES = ("closed", "constant", "poisson")
PROMPT_ORDERS = ("round_robin", "random")

Gaps = Callable[[int], NDArray[np.float64]]


def arrivals(
    shape: str,
    *,
    rate_per_s: float | None = None,
    requests: int | None = None,
    duration_s: float | None = None,
    rng: np.random.Generator,
) -> tuple[int, ...]:
    """Send times in ns since the phase began, ascending: as many as ``requests``, or all before ``duration_s``;
    with both, whichever ends first.

    constant: at 0 and then every 1/rate. poisson: exponential gaps of mean 1/rate from the start on. Times are summed
    in seconds and rounded once, so they do not drift. closed: all at 0, as each waits for a free slot and not for a
    time; ``requests`` is needed. ValueError for what cannot be.
    """
    if shape not in SHAPES:
        raise ValueError(f"load shape {shape!r}: not one of {', '.join(SHAPES)}")
    if requests is None and (duration_s is None or shape == "closed"):
        raise ValueError(
            f"{shape} arrivals need a number of requests" + ("" if shape == "closed" else " or a duration")
        )
    if shape == "closed":
        return (0,) * (requests or 0)
    if rate_per_s is None or rate_per_s <= 0:
        raise ValueError(f"{shape} arrivals need a rate > 0, got {rate_per_s}")
    if shape == "constant":
        return _constant(rate_per_s, requests, duration_s)
    return _poisson(rate_per_s, requests, duration_s, rng)


def _constant(rate_per_s: float, requests: int | None, duration_s: float | None) -> tuple[int, ...]:
    within = None if duration_s is None else int(np.ceil(duration_s * rate_per_s))
    count = min(bound for bound in (requests, within) if bound is not None)
    return _as_ns(np.arange(count) / rate_per_s)


def _poisson(
    rate_per_s: float, requests: int | None, duration_s: float | None, rng: np.random.Generator
) -> tuple[int, ...]:
    if requests is not None:
        times = np.cumsum(rng.exponential(1 / rate_per_s, size=requests))
        return _as_ns(times if duration_s is None else times[times < duration_s])
    span = duration_s or 0.0
    # Given their number, the points of a Poisson process lie uniformly.
    return _as_ns(np.sort(rng.uniform(0.0, span, size=rng.poisson(rate_per_s * span))))


def _as_ns(times_s: NDArray[np.float64]) -> tuple[int, ...]:
    return tuple(np.rint(times_s * NS_PER_S).astype(np.int64).tolist())


def prompt_order(order: str, *, prompts: int, first: int, requests: int, seed: int) -> tuple[int, ...]:
    """Which prompt each request asks, by index: the part of one endless order that begins at its place ``first``.

    A phase that goes on where another ended asks what was not asked yet: every prompt is asked once before any is
    asked again, over all phases of a run. After a whole round the order is another one, so that no two rounds, and no
    two trials, repeat each other. round_robin: in order, each round beginning one prompt further. random: each round
    in an order drawn from the seed and the number of the round.
    """
    if order not in PROMPT_ORDERS:
        raise ValueError(f"prompt order {order!r}: not one of {', '.join(PROMPT_ORDERS)}")
    if prompts < 1:
        raise ValueError("there are no prompts to ask")
    rounds = range(first // prompts, -(-(first + requests) // prompts))
    places = [index for number in rounds for index in _round(order, prompts, number, seed)]
    skipped = first - rounds.start * prompts
    return tuple(places[skipped : skipped + requests])


def _round(order: str, prompts: int, number: int, seed: int) -> list[int]:
    if order == "round_robin":
        return [(place + number) % prompts for place in range(prompts)]
    drawn: list[int] = np.random.default_rng([seed, number]).permutation(prompts).tolist()
    return drawn
