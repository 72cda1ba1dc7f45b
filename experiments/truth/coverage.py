"""How often each kind of interval that is printed holds the truth. Nominal: 95 %."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from experiments.truth.worlds import (
    BIMODAL,
    CORRELATED,
    HEAVY,
    LOG_NORMAL,
    SHAPES,
    Shape,
    Values,
    factors,
    trials_of,
    truth,
)
from ragmeter.core.stats.contrast import contrast
from ragmeter.core.stats.estimate import (
    Estimate,
    estimate_mean,
    estimate_quantile,
    estimate_ratio,
    min_samples,
    unbiased_quantile,
)
from ragmeter.core.stats.pooled import Groups, estimate_pooled_mean, estimate_pooled_quantile
from ragmeter.core.stats.serial import resemblance
from ragmeter.core.stats.trials import estimate_over_trials, quotient_over_trials, share_over_trials

Ends = tuple[float | None, float | None]
Draw = Callable[[np.random.Generator], tuple[Ends, float]]
"""One simulated run: the interval and the truth it should hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """cost: how much dearer than a plain one a simulated run is; of dear ones fewer are simulated."""

    interval: str
    data: str
    requests: str
    trials: int
    drift: float
    draw: Draw
    cost: int = 1


def coverage(case: Case, runs: int, seed: int) -> float:
    rng = np.random.default_rng(seed)
    held = 0
    for _ in range(runs):
        (low, high), true = case.draw(rng)
        held += (low is None or low <= true) and (high is None or true <= high)
    return held / runs


def cases() -> Iterator[Case]:
    yield from _within_one_trial()
    yield from _ratios()
    yield from _gaps()
    yield from _over_trials()
    yield from _rates_over_trials()
    yield from _factors()


def _ends(at: Estimate) -> Ends:
    return at.low, at.high


def _if_serial(values: Values) -> Values | None:
    """As a run takes them: see `ragmeter.core.figures.series`."""
    return None if resemblance(values) is None else values


def _within_one_trial() -> Iterator[Case]:
    for shape in SHAPES:
        for share in (0.5, 0.95):
            for requests in (30, 200, 5000):
                if requests >= min_samples(share):
                    yield _percentile(shape, share, requests)
        for requests in (30, 200, 5000):
            yield _mean(shape, requests)


def _percentile(shape: Shape, share: float, requests: int) -> Case:
    def draw(rng: np.random.Generator) -> tuple[Ends, float]:
        values = shape.draw(rng, (1, requests))[0]
        return _ends(estimate_quantile(values, share, in_time=_if_serial(values))), truth(shape, share)

    name = f"p{share * 100:g}, order statistics"
    return Case(interval=name, data=shape.name, requests=str(requests), trials=1, drift=0, draw=draw)


def _mean(shape: Shape, requests: int) -> Case:
    def draw(rng: np.random.Generator) -> tuple[Ends, float]:
        values = shape.draw(rng, (1, requests))[0]
        return _ends(estimate_mean(values, rng, in_time=_if_serial(values))), truth(shape, None)

    name = "mean, studentised bootstrap"
    return Case(
        interval=name,
        data=shape.name,
        requests=str(requests),
        trials=1,
        drift=0,
        draw=draw,
        cost=max(2, requests // 100),
    )


def _ratios() -> Iterator[Case]:
    for share in (0.01, 0.1, 0.5):
        for requests in (30, 200, 1000):
            yield _ratio(share, requests)


def _ratio(share: float, requests: int) -> Case:
    def draw(rng: np.random.Generator) -> tuple[Ends, float]:
        return _ends(estimate_ratio(int(rng.binomial(requests, share)), requests)), share

    data = f"{share * 100:g} % of requests"
    return Case(interval="ratio, Wilson", data=data, requests=str(requests), trials=1, drift=0, draw=draw)


def _gaps() -> Iterator[Case]:
    """Gaps of one request share a log-normal factor of their own."""
    for share in (0.5, 0.95, None):
        for requests in (30, 200):
            yield _pooled(share, requests)


def _pooled(share: float | None, requests: int) -> Case:
    exact = np.random.default_rng(98)
    population = np.exp(exact.normal(0, 0.3, (200_000, 1)) + exact.normal(0, 0.4, (200_000, 10)))
    true = float(population.mean() if share is None else np.quantile(population, share))

    def draw(rng: np.random.Generator) -> tuple[Ends, float]:
        gaps = np.exp(rng.normal(0, 0.3, (requests, 1)) + rng.normal(0, 0.4, (requests, 10)))
        groups = Groups.of(list(gaps))
        found = estimate_pooled_mean(groups) if share is None else estimate_pooled_quantile(groups, share)
        return _ends(found), true

    name = "mean of gaps" if share is None else f"p{share * 100:g} of gaps"
    return Case(
        interval=f"{name}, requests as clusters",
        data="correlated within a request",
        requests=f"{requests} x 10",
        trials=1,
        drift=0,
        draw=draw,
        cost=3,
    )


def _over_trials() -> Iterator[Case]:
    for shape in (LOG_NORMAL, BIMODAL, HEAVY, CORRELATED):
        for share, requests in ((0.5, 30), (0.95, 60), (0.95, 500), (None, 100)):
            for trials in (3, 5, 10, 20):
                for drift in (0.0, 0.1, 0.6):
                    yield _typical(shape, share, requests, trials, drift)


def _typical(shape: Shape, share: float | None, requests: int, trials: int, drift: float) -> Case:
    def draw(rng: np.random.Generator) -> tuple[Ends, float]:
        values = trials_of(rng, shape, trials, requests, drift)
        figures = [float(row.mean()) if share is None else unbiased_quantile(row, share) for row in values]
        return _ends(estimate_over_trials(figures, n=values.size, enough=True)), truth(shape, share)

    name = "mean" if share is None else f"p{share * 100:g}"
    return Case(
        interval=f"{name}, t over trials",
        data=shape.name,
        requests=str(requests),
        trials=trials,
        drift=drift,
        draw=draw,
    )


def _rates_over_trials() -> Iterator[Case]:
    for trials in (3, 5, 10, 20):
        for drift in (0.0, 0.1, 0.6):
            yield _throughput(trials, drift)
    for share in (0.01, 0.1, 0.5):
        for trials in (3, 5, 10, 20):
            for drift in (0.0, 0.5):
                yield _share(trials, share, drift)


def _throughput(trials: int, drift: float) -> Case:
    """Tokens of 100 requests over the time they took; the truth is the quotient of the expectations."""
    slower = float(np.exp(0.5 * np.log1p(drift**2)))

    def draw(rng: np.random.Generator) -> tuple[Ends, float]:
        seconds = trials_of(rng, LOG_NORMAL, trials, 100, drift).sum(axis=1)
        tokens = rng.poisson(200, (trials, 100)).sum(axis=1)
        true = 200 / (truth(LOG_NORMAL, None) * slower)
        return _ends(quotient_over_trials(tokens.tolist(), seconds.tolist(), n=trials * 100)), true

    return Case(
        interval="throughput and cost, jackknife of trials",
        data="log-normal",
        requests="100",
        trials=trials,
        drift=drift,
        draw=draw,
    )


def _share(trials: int, share: float, drift: float) -> Case:
    """drift: coefficient of variation of a trial's own share (beta-distributed)."""

    def own(rng: np.random.Generator) -> Values:
        if drift == 0:
            return np.full(trials, share)
        size = (1 - share) / (drift**2 * share) - 1
        return rng.beta(share * size, (1 - share) * size, trials) if size > 0 else np.full(trials, share)

    def draw(rng: np.random.Generator) -> tuple[Ends, float]:
        return _ends(share_over_trials(rng.binomial(200, own(rng)).tolist(), [200] * trials)), share

    return Case(
        interval="ratio, jackknife of trials or Wilson",
        data=f"{share * 100:g} % of requests",
        requests="200",
        trials=trials,
        drift=drift,
        draw=draw,
    )


def _factors() -> Iterator[Case]:
    for paired in (True, False):
        for trials in (3, 5, 10, 20):
            for drift in (0.1, 0.37, 0.64):
                yield _factor(trials, drift, paired=paired)


def _factor(trials: int, drift: float, *, paired: bool) -> Case:
    """B is slower by 30 %. In pairs both share the drift of their block, and each has 10 % of its own."""

    def draw(rng: np.random.Generator) -> tuple[Ends, float]:
        shared = factors(rng, trials, drift)
        own = 0.1 if paired else drift
        a, b = (
            [unbiased_quantile(row, 0.5) or 0.0 for row in trials_of(rng, LOG_NORMAL, trials, 100, own)]
            for _ in range(2)
        )
        if paired:
            a, b = ([value * block for value, block in zip(side, shared, strict=True)] for side in (a, b))
        return contrast(a, [1.3 * value for value in b], paired=paired).interval(), float(np.log(1.3))

    return Case(
        interval=f"factor between two systems, {'pairs' if paired else 'Welch'}",
        data="log-normal",
        requests="100",
        trials=trials,
        drift=drift,
        draw=draw,
    )
