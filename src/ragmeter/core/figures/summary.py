"""From samples to the figures of one phase."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ragmeter.core.figures.counts import TrialCounts, duration_s, sum_known, trial_counts
from ragmeter.core.figures.observe.estimates import GaugeFigure, HistogramFigure
from ragmeter.core.figures.quality.unknown import unknown_quality
from ragmeter.core.figures.series import Distribution, EverySeries, Series
from ragmeter.core.requests.answers import unknown_figures
from ragmeter.core.requests.measures import e2e_ms, tpot_ms, ttft_ms
from ragmeter.core.requests.records import OURS, ErrorClass, Phase, RequestSample
from ragmeter.core.stats.estimate import Estimate, estimate_exact, estimate_ratio
from ragmeter.core.stats.serial import each_counts_of_quantile, resemblance
from ragmeter.core.stats.trials import MIN_TO_CLAIM, MIN_TO_SHOW, quotient_over_trials, share_over_trials


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseFigures:
    """The figures of one phase, under the names users know.

    duration_seconds: from the first scheduled send to the last end of the phase.
    avg_tokens_per_sec: mean over successes of output tokens / end-to-end latency, as users know it; the decode speed is
    the metric ``tokens_per_s``. output_tokens_per_s: throughput of the whole system.
    Percentiles are of successes and None when there are none.
    """

    requests: int
    success: int
    errors: int
    duration_seconds: float | None
    ttft_p50_ms: float | None
    ttft_p95_ms: float | None
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    tpot_p50_ms: float | None
    tpot_p95_ms: float | None
    avg_tokens_per_sec: float | None
    total_tokens: int | None
    avg_output_tokens: float | None
    total_prompt_tokens: int | None
    avg_prompt_tokens: float | None
    output_tokens_per_s: float | None
    requests_per_s: float | None
    total_cached_tokens: int | None = None
    """Of the prompt tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One measured request for plots; ``t_s`` is its send time since the phase began, by the clock of its machine."""

    t_s: float
    ttft_ms: float | None
    e2e_ms: float | None
    tpot_ms: float | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Everything the samples of one phase say.

    rates: figures of the whole phase by name. series: the values behind every per-request and pooled metric.
    trials: how many trials the phase has.
    interrupted: requests that ended by our own doing: in ``phase.requests``, and neither a success nor an error.
    unknown: metrics that some successes do not have, or of quality none, and why. served: metrics that the servers told
    of themselves.
    good: successes that meet every per-request bound. good_tokens: output tokens of those; None when one is unknown.
    """

    phase: PhaseFigures
    series: Mapping[str, Series]
    rates: Mapping[str, Estimate]
    errors_by_class: Mapping[str, int]
    trials: int
    interrupted: int
    good: int
    good_tokens: int | None
    warnings: tuple[str, ...]
    unknown: Mapping[str, str]
    served: Mapping[str, GaugeFigure | HistogramFigure] = field(default_factory=dict)

    def estimate(self, metric: str, statistic: str | None) -> Estimate | None:
        """``p95`` of ``ttft_ms``, or with statistic None the rate of that name; None if there is no such figure."""
        if statistic is None:
            return self.rates.get(metric)
        if metric in self.served:
            return self.served[metric].estimate(statistic)
        return self.series[metric].estimate(statistic) if metric in self.series else None

    def with_rates(self, rates: Mapping[str, Estimate]) -> "Figures":
        """The same with further rates, such as costs and recall, so that they can be judged too."""
        return replace(self, rates={**self.rates, **rates})

    def with_unknown(self, names: Iterable[str], why: str) -> "Figures":
        """The same, which says why figures of these names are unknown."""
        return replace(self, unknown={**self.unknown, **dict.fromkeys(names, why)})

    def with_served(self, served: Mapping[str, GaugeFigure | HistogramFigure], unknown: Mapping[str, str]) -> "Figures":
        """The same with figures of the servers, and why some of those are not known."""
        return replace(self, served=served, unknown={**self.unknown, **unknown})

    def with_latencies(self, others: "Figures") -> "Figures":
        """The same with the per-request and pooled metrics of other requests."""
        latencies = {name: getattr(others.phase, name) for name in _OF_SERIES}
        return replace(self, series=others.series, phase=replace(self.phase, **latencies))

    def distributions(self) -> dict[str, Distribution]:
        """Estimates of every metric by name, infinities included; see `finite_distribution`."""
        return {name: series.distribution() for name, series in self.series.items()}


_OF_SERIES = (
    "ttft_p50_ms",
    "ttft_p95_ms",
    "latency_p50_ms",
    "latency_p95_ms",
    "tpot_p50_ms",
    "tpot_p95_ms",
    "avg_tokens_per_sec",
)


def summarise(
    samples: Sequence[RequestSample], phase: Phase, *, goodput: Mapping[str, float] | None = None, seed: int = 0
) -> Figures:
    """The figures of ``phase``; samples of the other phase are ignored.

    goodput: per-request bounds by metric, as `ragmeter.core.verdicts.slo.parse_goodput` checked them; without any,
    every success is good. seed: of the resampling behind intervals.
    """
    mine = [sample for sample in samples if sample.phase is phase]
    successes = [sample for sample in mine if sample.ok]
    series = EverySeries(mine, seed)
    counts = trial_counts(mine, goodput or {})
    good = sum(trial.good for trial in counts)
    interrupted = sum(1 for sample in mine if sample.error in OURS)
    figures = _phase_figures(mine, successes, series, interrupted)
    return Figures(
        phase=figures,
        series=series,
        rates=_rates(figures, counts),
        errors_by_class=_by_class(mine),
        trials=len(counts),
        interrupted=interrupted,
        good=good,
        good_tokens=sum_known([trial.good_tokens for trial in counts]),
        warnings=(
            *_warnings(successes, interrupted - _left(mine)),
            *_trial_warnings(len(counts)),
            *_serial_warnings(series),
        ),
        unknown={**unknown_figures(mine), **unknown_quality(mine)},
    )


def _by_class(mine: Sequence[RequestSample]) -> dict[str, int]:
    """Clients that went away as they were to are no errors."""
    found = Counter(sample.error for sample in mine if sample.error is not None and sample.error is not ErrorClass.LEFT)
    return {error.value: found[error] for error in sorted(found, key=lambda each: each.value)}


def _left(mine: Sequence[RequestSample]) -> int:
    return sum(sample.error is ErrorClass.LEFT for sample in mine)


def _phase_figures(
    mine: Sequence[RequestSample],
    successes: Sequence[RequestSample],
    series: Mapping[str, Series],
    interrupted: int,
) -> PhaseFigures:
    duration = duration_s(mine)
    tokens = sum_known([sample.output_tokens for sample in successes])
    return PhaseFigures(
        requests=len(mine),
        success=len(successes),
        errors=len(mine) - len(successes) - interrupted,
        duration_seconds=duration,
        ttft_p50_ms=series["ttft_ms"].estimate("p50").value,
        ttft_p95_ms=series["ttft_ms"].estimate("p95").value,
        latency_p50_ms=series["e2e_ms"].estimate("p50").value,
        latency_p95_ms=series["e2e_ms"].estimate("p95").value,
        tpot_p50_ms=series["tpot_ms"].estimate("p50").value,
        tpot_p95_ms=series["tpot_ms"].estimate("p95").value,
        avg_tokens_per_sec=_mean(series["e2e_tokens_per_s"]),
        total_tokens=tokens,
        avg_output_tokens=_mean(series["output_tokens"]),
        total_prompt_tokens=sum_known([sample.prompt_tokens for sample in successes]),
        avg_prompt_tokens=_mean(series["prompt_tokens"]),
        total_cached_tokens=sum_known([sample.cached_tokens for sample in successes]),
        output_tokens_per_s=_per_second(tokens, duration),
        requests_per_s=_per_second(len(successes), duration),
    )


def _rates(figures: PhaseFigures, trials: Sequence[TrialCounts]) -> dict[str, Estimate]:
    sent = figures.success + figures.errors
    good = sum(trial.good for trial in trials)
    tokens = None if figures.total_tokens is None else [trial.tokens or 0 for trial in trials]
    of_good = [trial.good_tokens for trial in trials]
    return {
        "requests_per_s": _throughput([trial.success for trial in trials], trials, figures.success),
        "output_tokens_per_s": _throughput(tokens, trials, figures.success),
        "goodput_rps": _throughput([trial.good for trial in trials], trials, good),
        "sent_requests_per_s": _throughput([trial.sent for trial in trials], trials, sent),
        "good_tokens_per_s": _throughput(None if None in of_good else [t or 0 for t in of_good], trials, good),
        "good_ratio": _ratio(
            [trial.good for trial in trials], trials, good, sent, [trial.good_each_counts for trial in trials]
        ),
        "error_ratio": _ratio(
            [trial.sent - trial.success for trial in trials],
            trials,
            figures.errors,
            sent,
            [trial.failed_each_counts for trial in trials],
        ),
        "errors": estimate_exact(figures.errors if sent else None, sent),
        "success": estimate_exact(figures.success if sent else None, sent),
    }


def _throughput(counts: Sequence[int] | None, trials: Sequence[TrialCounts], n: int) -> Estimate:
    """An interval needs several trials: within one, a throughput is counted and not sampled."""
    if not counts or any(trial.duration_s == 0 for trial in trials):
        return estimate_exact(None, n)
    return quotient_over_trials(counts, [trial.duration_s for trial in trials], n=n)


def _ratio(
    counts: Sequence[int], trials: Sequence[TrialCounts], total: int, sent: int, each_counts: Sequence[float]
) -> Estimate:
    """each_counts: of each trial; of several, the trials are what is independent."""
    if len(trials) < 2:
        return estimate_ratio(total, sent, each_counts=each_counts[0] if each_counts else 1.0)
    return share_over_trials(counts, [trial.sent for trial in trials])


def _trial_warnings(trials: int) -> list[str]:
    if not 1 < trials < MIN_TO_CLAIM:
        return []
    if trials < MIN_TO_SHOW:
        return [f"{trials} trials: no interval, it needs {MIN_TO_SHOW} trials to be shown and {MIN_TO_CLAIM} to pass"]
    return [f"{trials} trials: intervals are shown, and an SLO needs {MIN_TO_CLAIM} trials to pass"]


def _serial_warnings(series: Mapping[str, Series]) -> list[str]:
    """Of the first token or, where that is not serial, of the whole answer: they wait in the same queue."""
    for name, of_it in (("ttft_ms", "TTFT"), ("e2e_ms", "latency")):
        in_time = series[name].in_time
        like = None if in_time is None else resemblance(in_time)
        if in_time is not None and like is not None:
            worth = in_time.size / each_counts_of_quantile(in_time, 0.5)
            return [
                f"one trial, and the {of_it} of a request resembles that of the one before it (rank correlation "
                f"{like:.2f}): the median is known as well as from {worth:.0f} independent requests, not "
                f"{in_time.size:,}, and intervals are as wide as that; several trials say more"
            ]
    return []


def _mean(series: Series) -> float | None:
    return float(series.values.mean()) if series.values.size else None


def _per_second(count: float | None, duration: float | None) -> float | None:
    return None if count is None or not duration else count / duration


def points_of(mine: Sequence[RequestSample], most: int) -> tuple[Point, ...]:
    """In the order of their sends; of more than ``most`` requests, every n-th. mine: samples of one phase."""
    at_s = sent_s(mine)
    in_order = sorted(range(len(mine)), key=at_s.__getitem__)
    return tuple(_point(mine[place], at_s[place]) for place in in_order[:: -(-len(mine) // most) or 1])


def _point(sample: RequestSample, t_s: float) -> Point:
    return Point(
        t_s=t_s,
        ttft_ms=ttft_ms(sample),
        e2e_ms=e2e_ms(sample),
        tpot_ms=tpot_ms(sample) if sample.ok else None,
        error=sample.error.value if sample.error else None,
    )


def sent_s(mine: Sequence[RequestSample]) -> list[float]:
    """When each request of one phase was sent, in s since the phase began by the clock of its machine."""
    start: dict[int, int] = {}
    for sample in mine:
        start[sample.clock_id] = min(sample.scheduled_ns, start.get(sample.clock_id, sample.scheduled_ns))
    return [
        ((sample.scheduled_ns if sample.sent_ns is None else sample.sent_ns) - start[sample.clock_id]) / 1e9
        for sample in mine
    ]


def _warnings(successes: Sequence[RequestSample], interrupted: int) -> list[str]:
    warnings = []
    if interrupted:
        warnings.append(f"{interrupted} requests ended by the client's own doing: neither successes nor errors")
    for name, lost in (
        ("output_tokens", "total_tokens, throughput and cost per token are unknown"),
        ("prompt_tokens", "total_prompt_tokens is unknown"),
    ):
        unknown = sum(1 for sample in successes if getattr(sample, name) is None)
        if unknown:
            warnings.append(f"{unknown} of {len(successes)} successes came without {name}: {lost}")
    return warnings


def finite_estimate(estimate: Estimate) -> Estimate:
    """For documents: JSON has no infinity, so an infinite value or end (failures reach that far) becomes None."""
    return replace(estimate, value=finite(estimate.value), low=finite(estimate.low), high=finite(estimate.high))


def finite_distribution(distribution: Distribution) -> Distribution:
    """`finite_estimate` of everything in it. ``n`` then still counts the failures of a failure-aware metric."""
    return replace(
        distribution,
        mean=finite_estimate(distribution.mean),
        p50=finite_estimate(distribution.p50),
        p90=finite_estimate(distribution.p90),
        p95=finite_estimate(distribution.p95),
        p99=finite_estimate(distribution.p99),
        min=finite(distribution.min),
        max=finite(distribution.max),
    )


def finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
