"""All values of one metric in a phase, and any statistic of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ragmeter.core.requests.figure import STATISTICS, percentile_share
from ragmeter.core.requests.measures import itl_gaps_ms
from ragmeter.core.requests.metric import OVER_QUESTIONS, Metric
from ragmeter.core.requests.records import RequestSample
from ragmeter.core.stats.estimate import (
    MEAN_MIN_SAMPLES,
    Estimate,
    Values,
    ascending,
    estimate_exact,
    estimate_mean,
    estimate_quantile,
    estimate_ratio,
    min_samples,
    unbiased_quantile,
)
from ragmeter.core.stats.pooled import estimate_pooled_mean, estimate_pooled_quantile
from ragmeter.core.stats.trials import estimate_over_trials


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """One per-request metric over the requests of a phase; ``n`` of them had a value."""

    unit: str
    n: int
    mean: Estimate
    p50: Estimate
    p90: Estimate
    p95: Estimate
    p99: Estimate
    min: float | None
    max: float | None


BEYOND = 3
"""Values beyond a percentile that each of several trials needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """values: ascending. groups: the same values by request, of a pooled metric only. seed: of its resampling.

    trials: the same values by trial, ascending, one array for each trial of the phase. questions: how many different
    ones the values are of.
    """

    metric: Metric
    values: NDArray[np.float64]
    groups: tuple[tuple[float, ...], ...] | None
    trials: tuple[NDArray[np.float64], ...]
    seed: int
    questions: int = 0

    def estimate(self, statistic: str) -> Estimate:
        """``p95``, ``p99.9``, ``mean``, ``min`` or ``max`` with its interval; extremes have none.

        With several trials, a percentile or mean is that of a typical trial: see `mean_over_trials`. The mean of a
        share is over the requests of all trials, and its interval that of as many questions: `mean_over_questions`.
        The same series gives the same interval however often and in whatever order it is asked.
        """
        share = percentile_share(statistic)
        rng = np.random.default_rng(self.seed)
        if statistic in {"min", "max"}:
            value = float(self.values[0 if statistic == "min" else -1]) if self.values.size else None
            return estimate_exact(value, self.values.size)
        if statistic == "mean" and self.metric.interval == OVER_QUESTIONS:
            return mean_over_questions(self.values, self.questions)
        if len(self.trials) > 1 and (share is not None or statistic == "mean"):
            return self._over_trials(share)
        if share is not None:
            return (
                estimate_quantile(self.values, share)
                if self.groups is None
                else estimate_pooled_quantile(self.groups, share)
            )
        if statistic == "mean":
            return estimate_mean(self.values, rng) if self.groups is None else estimate_pooled_mean(self.groups)
        raise ValueError(f"{statistic!r} is not a statistic: a percentile such as p95, or {', '.join(STATISTICS)}")

    def of_each_trial(self, share: float | None) -> list[float | None]:
        """The percentile of each trial (median-unbiased), or its mean with None; None for a trial without values."""
        if share is None:
            return [float(values.mean()) if values.size else None for values in self.trials]
        return [unbiased_quantile(values, share) for values in self.trials]

    def _over_trials(self, share: float | None) -> Estimate:
        """Enough needs, besides the minimum of all values, three values beyond the percentile in each trial: with fewer
        the figure of a trial is off by more than many trials can be.
        """
        needed = MEAN_MIN_SAMPLES if share is None else min_samples(share)
        tail = 1.0 if share is None else min(share, 1 - share)
        enough = self.values.size >= needed and all(values.size * tail > BEYOND - 0.001 for values in self.trials)
        return estimate_over_trials(self.of_each_trial(share), n=self.values.size, enough=enough)

    def distribution(self) -> Distribution:
        return Distribution(
            unit=self.metric.unit,
            n=self.values.size,
            mean=self.estimate("mean"),
            p50=self.estimate("p50"),
            p90=self.estimate("p90"),
            p95=self.estimate("p95"),
            p99=self.estimate("p99"),
            min=self.estimate("min").value,
            max=self.estimate("max").value,
        )


def series_of(metric: Metric, samples: Sequence[RequestSample], seed: int) -> Series:
    """The metric of successes; a failure-aware metric (``adj_``) also has a value for each failure.

    Ascending values, and groups in ascending order, make every figure independent of the order of the samples.
    """
    if metric.measure is None:
        gaps_of = [(sample.trial, gaps) for sample in samples if sample.ok and (gaps := itl_gaps_ms(sample))]
        groups = tuple(sorted(gaps for _, gaps in gaps_of))
        return _series(metric, [(trial, gap) for trial, gaps in gaps_of for gap in gaps], samples, groups, seed)
    aware = metric.name.startswith("adj_")
    known = [(at, value) for at in samples if at.ok or aware if (value := metric.measure(at)) is not None]
    made = _series(metric, [(at.trial, value) for at, value in known], samples, None, seed)
    return replace(made, questions=len({at.prompt_index for at, _ in known}))


def mean_over_questions(shares: Values, questions: int) -> Estimate:
    """The mean of shares in 0..1 over requests, with Wilson's interval for as many different questions."""
    return (
        estimate_ratio(min(float(sum(shares)) / len(shares), 1.0) * questions, questions)
        if len(shares)
        else estimate_ratio(0, 0)
    )


def _series(
    metric: Metric,
    values: Sequence[tuple[int, float]],
    samples: Sequence[RequestSample],
    groups: tuple[tuple[float, ...], ...] | None,
    seed: int,
) -> Series:
    by_trial: dict[int, list[float]] = {trial: [] for trial in sorted({sample.trial for sample in samples})}
    for trial, value in values:
        by_trial[trial].append(value)
    return Series(
        metric=metric,
        values=ascending([value for _, value in values]),
        groups=groups,
        trials=tuple(ascending(own) for own in by_trial.values()),
        seed=seed,
    )
