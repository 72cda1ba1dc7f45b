"""All values of one metric in a phase, and any statistic of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from ragmeter.core.requests.figure import STATISTICS, percentile_share
from ragmeter.core.requests.measures import Measure, itl_gaps_ms
from ragmeter.core.requests.metric import OF_REQUESTS, OVER_QUESTIONS, Metric
from ragmeter.core.requests.metrics import METRICS
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
from ragmeter.core.stats.pooled import Groups, estimate_pooled_mean, estimate_pooled_quantile
from ragmeter.core.stats.serial import resemblance
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
    """values: ascending. groups: the same values by request, of a pooled metric and a single trial only.

    in_time: the same values in the order in which their requests were sent, of a single trial in which they resemble
    the ones before them; None where they do not, and where trials are what is counted.
    trials: the same values by trial, ascending, one array for each trial of the phase. seed: of its resampling.
    questions: how many different ones a share over questions is of.
    """

    metric: Metric
    values: NDArray[np.float64]
    groups: Groups | None
    trials: tuple[NDArray[np.float64], ...]
    seed: int
    questions: int = 0
    in_time: NDArray[np.float64] | None = None

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
                estimate_quantile(self.values, share, in_time=self.in_time)
                if self.groups is None
                else estimate_pooled_quantile(self.groups, share)
            )
        if statistic == "mean":
            return (
                estimate_mean(self.values, rng, in_time=self.in_time)
                if self.groups is None
                else estimate_pooled_mean(self.groups)
            )
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

    No figure depends on the order of the samples: values are ascending, and their order in time is that of ``index``.
    """
    of_trials: dict[int, list[RequestSample]] = {trial: [] for trial in sorted({sample.trial for sample in samples})}
    for sample in samples:
        of_trials[sample.trial].append(sample)
    if len(of_trials) == 1:
        of_trials = {trial: sorted(own, key=attrgetter("index")) for trial, own in of_trials.items()}
    if metric.measure is None:
        found = [Groups.of([itl_gaps_ms(sample) for sample in own if sample.ok]) for own in of_trials.values()]
        trials, groups = [of_one.values for of_one in found], found[0] if len(found) == 1 else None
    else:
        trials, groups = [_values(metric.measure, metric.name, own) for own in of_trials.values()], None
    ordered = tuple(ascending(values) for values in trials)
    is_serial = len(trials) == 1 and groups is None and resemblance(trials[0]) is not None
    return Series(
        metric=metric,
        values=ordered[0] if len(ordered) == 1 else ascending(np.concatenate(ordered) if ordered else ()),
        groups=groups,
        trials=ordered,
        seed=seed,
        questions=_questions(metric, samples) if metric.interval == OVER_QUESTIONS else 0,
        in_time=trials[0] if is_serial else None,
    )


def _questions(metric: Metric, samples: Sequence[RequestSample]) -> int:
    """How many different ones the values are of."""
    measure = metric.measure
    return len({at.prompt_index for at in samples if at.ok and measure is not None and measure(at) is not None})


def mean_over_questions(shares: Values, questions: int) -> Estimate:
    """The mean of shares in 0..1 over requests, with Wilson's interval for as many different questions."""
    if not len(shares):
        return estimate_ratio(0, 0)
    return estimate_ratio(min(float(sum(shares)) / len(shares), 1.0) * questions, questions)


def _values(measure: Measure, name: str, samples: Sequence[RequestSample]) -> NDArray[np.float64]:
    aware = name.startswith("adj_")
    values = (measure(sample) for sample in samples if aware or sample.ok)
    return np.fromiter((value for value in values if value is not None), dtype=np.float64)


class EverySeries(Mapping[str, Series]):
    """The series of every metric that requests have values of, each made when it is first asked for."""

    def __init__(self, samples: Sequence[RequestSample], seed: int) -> None:
        self._samples, self._seed = samples, seed
        self._made: dict[str, Series] = {}

    def __getitem__(self, name: str) -> Series:
        if METRICS[name].kind not in OF_REQUESTS:
            raise KeyError(name)
        if name not in self._made:
            self._made[name] = series_of(METRICS[name], self._samples, self._seed)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name, metric in METRICS.items() if metric.kind in OF_REQUESTS)

    def __len__(self) -> int:
        return sum(1 for _ in self)
