"""What a provider's edge adds: the same service, at the same time, seen from outside and from inside of its cluster.

Each side's times are of its own clock, and only durations are compared. A trial is a block: both sides sent half of its
requests, drawn at random, to one service. Its difference has neither the level of the trial in it nor its drift. What
the service reports of itself is taken off first: its queue is not the same for both sides, and is no edge.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ragmeter.core.figures.counts import duration_s
from ragmeter.core.figures.series import series_of
from ragmeter.core.formatting import number_text
from ragmeter.core.requests.figure import Figure, OfFigure, percentile_share
from ragmeter.core.requests.metrics import METRICS
from ragmeter.core.requests.records import OURS, Phase, RequestSample
from ragmeter.core.requests.vantage_metrics import OF_VANTAGE, ROUND_TRIP, UNREPORTED_E2E, UNREPORTED_TTFT
from ragmeter.core.run.plan import RunEnding, RunPlan
from ragmeter.core.stats.estimate import Estimate, estimate_ratio, quantile
from ragmeter.core.stats.trials import MIN_TO_SHOW, mean_difference


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeMetric(OfFigure):
    """One figure of both vantage points: the mean over trials of each, and of outside - inside with its interval."""

    metric: str
    statistic: str | None
    unit: str
    inside: float
    outside: float
    difference: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What a provider's edge adds, from a run of which half of the requests were sent from inside of the cluster.

    trials: that both sides measured. metrics: those that every trial has on both sides. caveats: in sentences.
    """

    trials: int
    inside_requests: int
    outside_requests: int
    metrics: tuple[EdgeMetric, ...]
    sentence: str
    caveats: tuple[str, ...]


_TRIP: Final = Figure(ROUND_TRIP.name, "p50")
_BEYOND: Final = Figure(UNREPORTED_TTFT.name, "p50")
COMPARED: Final[tuple[Figure, ...]] = (
    _BEYOND,
    Figure(UNREPORTED_TTFT.name, "p95"),
    Figure(UNREPORTED_E2E.name, "p50"),
    Figure("ttft_ms", "p50"),
    Figure("ttft_ms", "p95"),
    Figure("itl_ms", "p99"),
    Figure("e2e_ms", "p50"),
    Figure("e2e_ms", "p95"),
    Figure("connect_ms", "p50"),
)
"""Beside the round trip and the share of errors. The p99 of the ITL shows an edge that holds tokens back."""
UNEVEN: Final = 0.05

Trials = Sequence[Sequence[RequestSample]]


@dataclass(frozen=True, slots=True)
class _Sides:
    """The requests of each trial that both sides sent."""

    inside: Trials
    outside: Trials


def edge_of(samples: Sequence[RequestSample], plan: RunPlan, ending: RunEnding) -> Edge | None:
    """None of a run with one vantage point, and where one of two measured nothing.

    The last trial of a run that ended early is left out, unless it is the only one.
    """
    sides = _sides(samples, plan, ending) if plan.vantages else _Sides((), ())
    if not sides.inside:
        return None
    found = [_latency(key, sides, plan.workload.seed) for key in COMPARED]
    found += [_round_trip(sides), _errors(sides)]
    metrics = tuple(metric for metric in found if metric is not None)
    return Edge(
        trials=len(sides.inside),
        inside_requests=sum(map(len, sides.inside)),
        outside_requests=sum(map(len, sides.outside)),
        metrics=metrics,
        sentence=_sentence({at.figure: at for at in metrics}, len(sides.inside)),
        caveats=(*_unreported(metrics), *(() if plan.workload.open_loop else _caveats(sides))),
    )


def _sides(samples: Sequence[RequestSample], plan: RunPlan, ending: RunEnding) -> _Sides:
    measured = [sample for sample in samples if sample.phase is Phase.MEASURED]
    numbers = sorted({sample.trial for sample in measured})
    if ending.status == "interrupted" and len(numbers) > 1:
        numbers.pop()
    trials = [[sample for sample in measured if sample.trial == number] for number in numbers]
    pairs = [tuple(_sent_from(side, trial, plan) for side in ("inside", "outside")) for trial in trials]
    whole = [pair for pair in pairs if all(pair)]
    return _Sides([inside for inside, _ in whole], [outside for _, outside in whole])


def _sent_from(side: str, trial: Sequence[RequestSample], plan: RunPlan) -> list[RequestSample]:
    return [sample for sample in trial if plan.vantages[sample.clock_id] == side]


def _latency(key: Figure, sides: _Sides, seed: int) -> EdgeMetric | None:
    """Of successes."""
    metric, statistic = {**METRICS, **OF_VANTAGE}[key.metric], str(key.statistic)
    of_sides = [series_of(metric, [s for trial in side for s in trial], seed) for side in (sides.inside, sides.outside)]
    inside, outside = (series.of_each_trial(percentile_share(statistic)) for series in of_sides)
    enough = all(series.estimate(statistic).enough for series in of_sides)
    return _compared(key, metric.unit, inside, outside, enough=enough)


def _round_trip(sides: _Sides) -> EdgeMetric | None:
    """Median over requests of the least round trip of their connections, as the kernel knows it (TCP_INFO)."""

    def of_each(trials: Trials) -> list[float | None]:
        return [quantile([s.rtt_us / 1e3 for s in trial if s.rtt_us is not None], 0.5) for trial in trials]

    return _compared(_TRIP, "ms", of_each(sides.inside), of_each(sides.outside), enough=True)


def _errors(sides: _Sides) -> EdgeMetric | None:
    def of_each(trials: Trials) -> list[float | None]:
        return [estimate_ratio(*_failed_of(trial)).value for trial in trials]

    return _compared(Figure("error_ratio"), "ratio", of_each(sides.inside), of_each(sides.outside), enough=True)


def _failed_of(trial: Sequence[RequestSample]) -> tuple[int, int]:
    """Failures, and the requests that we did not end ourselves."""
    counted = [sample for sample in trial if sample.error not in OURS]
    return sum(not sample.ok for sample in counted), len(counted)


def _compared(
    key: Figure, unit: str, inside: Sequence[float | None], outside: Sequence[float | None], *, enough: bool
) -> EdgeMetric | None:
    """None unless every trial has a figure of both sides."""
    pairs = [(near, far) for near, far in zip(inside, outside, strict=True) if near is not None and far is not None]
    if len(pairs) < len(inside):
        return None
    return EdgeMetric(
        metric=key[0],
        statistic=key[1],
        unit=unit,
        inside=sum(near for near, _ in pairs) / len(pairs),
        outside=sum(far for _, far in pairs) / len(pairs),
        difference=mean_difference(pairs, enough=enough),
    )


def _unreported(metrics: Sequence[EdgeMetric]) -> tuple[str, ...]:
    if any(at.figure == _BEYOND for at in metrics):
        return ()
    return (
        "the service did not report its own part of every TTFT: how long the requests of either side waited in it is "
        "in the difference, and its interval is the wider for it",
    )


def _caveats(sides: _Sides) -> tuple[str, ...]:
    """In a closed loop the faster side has sent its share sooner, and the slower then is alone."""
    inside_s, outside_s = (sum(duration_s(trial) or 0.0 for trial in side) for side in (sides.inside, sides.outside))
    longer = max(inside_s, outside_s) / min(inside_s, outside_s) - 1 if min(inside_s, outside_s) > 0 else 0.0
    if longer <= UNEVEN:
        return ()
    late, early = ("outside", "inside") if outside_s > inside_s else ("inside", "outside")
    return (
        f"the requests from {late} took {100 * longer:.0f} % longer in all than those from {early}, and met half of "
        "the load meanwhile: in an open loop (load.shape) both sides meet the same load",
    )


def _sentence(found: dict[Figure, EdgeMetric], trials: int) -> str:
    """Of what the service did not report itself, where it reports: its own times are no part of an edge."""
    ttft, trip = found.get(_BEYOND, found.get(Figure("ttft_ms", "p50"))), found.get(_TRIP)
    if ttft is None:
        return "what the edge adds to the TTFT is not known: not every trial has an answer on both sides"
    at = ttft.difference
    if at.low is None or at.high is None:
        few = f"without an interval: {trials} of the {MIN_TO_SHOW} trials that it needs"
        return f"the edge adds {_ms(at.value)} to p50 TTFT{_of_which(trip, at)}, {few}"
    ends = f"[{number_text(at.low, 3)}, {number_text(at.high, 3)}]"
    if at.low <= 0 <= at.high:
        return f"no difference is shown in p50 TTFT: what the edge adds lies in {ends} ms"
    if at.high < 0:
        return f"p50 TTFT is {_ms(-(at.value or 0.0))} shorter from outside: {ends} ms"
    return f"the edge (load balancer, ingress, internet) adds {_ms(at.value)} {ends} to p50 TTFT{_of_which(trip, at)}"


def _of_which(trip: EdgeMetric | None, whole: Estimate) -> str:
    """A part that is larger than the whole shows how far off the whole may be, and is no part."""
    if trip is None or trip.difference.value is None or not whole.value or whole.value < 0:
        return ""
    if trip.difference.value > whole.value:
        return f"; the round trip by itself is {_ms(trip.difference.value)} longer"
    return f", of which {_ms(max(trip.difference.value, 0.0))} is round trip"


def _ms(value: float | None) -> str:
    return f"{number_text(value or 0.0, 3)} ms"
