"""Figures of the servers over a phase, as SLOs ask for them: ``max(kv_cache_usage_ratio)``, ``p95(llm_queue_ms)``.

A gauge has a value for each second: the replicas' together, or that of the fullest. A histogram tells of each request
in which bucket it lies: its percentiles are known between the bounds of one.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from ragmeter.core.figures.observe.quantities import QUANTITIES
from ragmeter.core.figures.observe.records import Span
from ragmeter.core.figures.observe.told import Histogram
from ragmeter.core.figures.observe.watched import Watched
from ragmeter.core.requests.figure import percentile_share
from ragmeter.core.stats.binomial import bracketing_counts
from ragmeter.core.stats.estimate import CONFIDENCE, MEAN_MIN_SAMPLES, Estimate, estimate_exact, min_samples, quantile
from ragmeter.core.stats.trials import estimate_over_trials

_NOTHING = Estimate(value=None, low=None, high=None, n=0, enough=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GaugeFigure:
    """trials: its values in each, a second apart. gap: why some of them are not known; None where all are."""

    trials: tuple[tuple[float, ...], ...]
    gap: str | None = None

    def estimate(self, statistic: str) -> Estimate:
        """Of these readings: within one trial there is no interval. With a gap only the extremes that were seen are
        known, as bounds of those that were not.
        """
        values = [value for trial in self.trials for value in trial]
        if not values:
            return _NOTHING
        if statistic in {"min", "max"}:
            return self._extreme(values, is_max=statistic == "max")
        if self.gap is not None:
            return replace(_NOTHING, n=len(values))
        share = percentile_share(statistic)
        enough = len(values) >= (MEAN_MIN_SAMPLES if share is None else min_samples(share))
        of_trials = [_statistic(trial, share) if trial else None for trial in self.trials]
        if len(of_trials) > 1:
            return estimate_over_trials(of_trials, n=len(values), enough=enough)
        return replace(estimate_exact(of_trials[0], len(values)), enough=enough)

    def _extreme(self, values: Sequence[float], *, is_max: bool) -> Estimate:
        value = max(values) if is_max else min(values)
        enough = self.gap is None and len(values) >= MEAN_MIN_SAMPLES
        return Estimate(
            value=value,
            low=value if is_max and not enough else None,
            high=value if not is_max and not enough else None,
            n=len(values),
            enough=enough,
        )


def _statistic(values: Sequence[float], share: float | None) -> float | None:
    return fmean(values) if share is None else quantile(values, share)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramFigure:
    """trials: what the replicas' histograms grew by in each, together; None where that is not known."""

    trials: tuple[Histogram | None, ...]

    def whole(self) -> Histogram | None:
        """Of all trials together; None where one of them is not known."""
        return _added(self.trials)

    def estimate(self, statistic: str) -> Estimate:
        """A percentile has the bounds of its bucket as an interval, and with one trial those of its order statistics.
        There is no minimum and no maximum.
        """
        known = [trial for trial in self.trials if trial is not None and trial.count]
        n = round(sum(trial.count for trial in known))
        if not known or len(known) < len(self.trials) or statistic in {"min", "max"}:
            return replace(_NOTHING, n=n)
        share = percentile_share(statistic)
        if share is None:
            means = [trial.total / trial.count for trial in known]
            enough = n >= MEAN_MIN_SAMPLES
            if len(means) > 1:
                return estimate_over_trials(means, n=n, enough=enough)
            return replace(estimate_exact(means[0], n), enough=enough)
        if not all(trial.counts for trial in known):
            return replace(_NOTHING, n=n)
        return _percentile(known, share, n)


def _percentile(trials: Sequence[Histogram], share: float, n: int) -> Estimate:
    enough = n >= min_samples(share)
    values = [_interpolated(trial, share) for trial in trials]
    if len(trials) == 1:
        lower, upper = bracketing_counts(n, share, (1 - CONFIDENCE) / 2)
        low = 0.0 if lower is None else _bucket(trials[0], lower)[0]
        high = math.inf if upper is None else _bucket(trials[0], upper)[1]
        return Estimate(value=values[0], low=low, high=high if math.isfinite(high) else None, n=n, enough=enough)
    middle = estimate_over_trials(values, n=n, enough=enough)
    buckets = [_bucket(trial, share * trial.count) for trial in trials]
    low_end = estimate_over_trials([low for low, _ in buckets], n=n, enough=enough).low
    highs = [high for _, high in buckets]
    high_end = estimate_over_trials(highs, n=n, enough=enough).high if all(map(math.isfinite, highs)) else None
    return replace(middle, low=low_end, high=high_end)


def _bucket(histogram: Histogram, rank: float) -> tuple[float, float]:
    """The bounds of the bucket that has the value of this rank, from 1."""
    below = 0.0
    for bound, count in histogram.counts:
        if count >= rank:
            return below, bound
        below = bound
    return below, math.inf


def _interpolated(histogram: Histogram, share: float) -> float:
    """Within its bucket, as if the values in it were evenly spread; the lower bound of the last, which has no end."""
    rank, below, before = share * histogram.count, 0.0, 0.0
    for bound, count in histogram.counts:
        if count >= rank and count > before:
            within = (rank - before) / (count - before)
            return below if math.isinf(bound) else below + within * (bound - below)
        below, before = bound, count
    return below


def gauge_figures(spans: Sequence[Watched]) -> dict[str, GaugeFigure]:
    """Of the measured phase, by quantity: those that some server told."""
    names = [name for name, quantity in QUANTITIES.items() if quantity.kind == "gauge" and name != "started_s"]
    found = {name: _gauge(name, spans) for name in names}
    return {name: figure for name, figure in found.items() if figure is not None}


def _gauge(name: str, spans: Sequence[Watched]) -> GaugeFigure | None:
    tellers = {at.source for at in spans if at.gauge(name)}
    if not tellers:
        return None
    trials, gaps = [], []
    for own in _by_trial([at for at in spans if at.source in tellers]).values():
        gaps += [f"{at.source}: {at.gap}" for at in own if at.gap is not None]
        trials.append(tuple(_together(name, own)))
    return GaugeFigure(trials=tuple(trials), gap=gaps[0] if gaps else None)


def _together(name: str, own: Sequence[Watched]) -> list[float]:
    """At each second that all replicas were read in."""
    by_tick: defaultdict[tuple[int, int], list[float]] = defaultdict(list)
    for at in own:
        for seen in at.ticks:
            if name in seen.told.values:
                by_tick[at.span.step, seen.tick].append(seen.told.values[name])
    replicas = len({at.source for at in own})
    fold = sum if QUANTITIES[name].fold == "sum" else max
    return [float(fold(values)) for _, values in sorted(by_tick.items()) if len(values) == replicas]


def histogram_figures(spans: Sequence[Watched]) -> dict[str, HistogramFigure]:
    """Of the measured phase, by quantity: those that some server told."""
    names = [name for name, quantity in QUANTITIES.items() if quantity.kind == "histogram"]
    found = {name: _histogram(name, spans) for name in names}
    return {name: figure for name, figure in found.items() if figure is not None}


def whole_histograms(served: Mapping[str, GaugeFigure | HistogramFigure]) -> dict[str, Histogram]:
    """Of all trials together, those that are known."""
    found = {name: at.whole() for name, at in served.items() if isinstance(at, HistogramFigure)}
    return {name: histogram for name, histogram in found.items() if histogram is not None}


def _histogram(name: str, spans: Sequence[Watched]) -> HistogramFigure | None:
    tellers = {at.source for at in spans if at.observed(name) is not None}
    if not tellers:
        return None
    by_trial = _by_trial([at for at in spans if at.source in tellers]).values()
    return HistogramFigure(trials=tuple(_added([at.observed(name) for at in own]) for own in by_trial))


def _added(parts: Sequence[Histogram | None]) -> Histogram | None:
    """None as soon as one is not known; without buckets where the bounds differ."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    bounds = {tuple(bound for bound, _ in part.counts) for part in known}
    counts: Mapping[float, float] = {}
    if len(bounds) == 1:
        counts = {bound: sum(dict(part.counts)[bound] for part in known) for bound in bounds.pop()}
    return Histogram(
        total=sum(part.total for part in known),
        count=sum(part.count for part in known),
        counts=tuple(counts.items()),
    )


def growths(name: str, spans: Sequence[Watched]) -> tuple[list[float] | None, list[float]]:
    """What a counter grew by in each trial, all servers that have it together, and the seconds of each trial.

    None for the first where that of one of them is not known, or none has it.
    """
    tellers = {at.source for at in spans if at.begin is not None and name in at.begin.told.values}
    by_trial = _by_trial([at for at in spans if at.source in tellers])
    grew = [[at.grown(name) for at in own] for own in by_trial.values()]
    seconds = [sum({at.span: at.seconds for at in own}.values()) for own in by_trial.values()]
    if not grew or any(part is None for parts in grew for part in parts):
        return None, seconds
    return [sum(part or 0.0 for part in parts) for parts in grew], seconds


def _by_trial(spans: Sequence[Watched]) -> dict[int, list[Watched]]:
    by_trial: defaultdict[int, list[Watched]] = defaultdict(list)
    for at in spans:
        by_trial[at.span.trial].append(at)
    return dict(sorted(by_trial.items()))


def of_step(spans: Sequence[Watched], step: int | None) -> list[Watched]:
    """Those of one step of a sweep; all with None."""
    return [at for at in spans if step is None or _step(at.span) == step]


def _step(span: Span) -> int:
    return span.step
