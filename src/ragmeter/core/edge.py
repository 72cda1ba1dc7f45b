"""What a provider's edge adds: the same service, at the same time, seen from outside and from inside of its cluster.

Each side's times are of its own clock, and only durations are compared. A trial is a block: both sides sent half of its
requests, drawn at random, to one service. Its difference has neither the level of the trial in it nor its drift.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ragmeter.core.formatting import number_text
from ragmeter.core.measured import Key
from ragmeter.core.metrics import METRICS
from ragmeter.core.records import ErrorClass, Phase, RequestSample
from ragmeter.core.result import Edge, EdgeMetric, Estimate
from ragmeter.core.run import RunEnding, RunPlan
from ragmeter.core.series import percentile_share, series_of
from ragmeter.core.stats import estimate_ratio, quantile
from ragmeter.core.summary import duration_s
from ragmeter.core.trials import MIN_TO_SHOW, mean_difference

ROUND_TRIP: Final = "round_trip_ms"
COMPARED: Final[tuple[Key, ...]] = (
    ("ttft_ms", "p50"),
    ("ttft_ms", "p95"),
    ("itl_ms", "p99"),
    ("e2e_ms", "p50"),
    ("e2e_ms", "p95"),
    ("connect_ms", "p50"),
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
        sentence=_sentence({(at.metric, at.statistic): at for at in metrics}, len(sides.inside)),
        caveats=() if plan.workload.open_loop else _caveats(sides),
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


def _latency(key: Key, sides: _Sides, seed: int) -> EdgeMetric | None:
    """Of successes."""
    metric, statistic = METRICS[key[0]], str(key[1])
    of_sides = [series_of(metric, [s for trial in side for s in trial], seed) for side in (sides.inside, sides.outside)]
    inside, outside = (series.of_each_trial(percentile_share(statistic)) for series in of_sides)
    enough = all(series.estimate(statistic).enough for series in of_sides)
    return _compared(key, metric.unit, inside, outside, enough=enough)


def _round_trip(sides: _Sides) -> EdgeMetric | None:
    """Median over requests of the least round trip of their connections, as the kernel knows it (TCP_INFO)."""

    def of_each(trials: Trials) -> list[float | None]:
        return [quantile([s.rtt_us / 1e3 for s in trial if s.rtt_us is not None], 0.5) for trial in trials]

    return _compared((ROUND_TRIP, "p50"), "ms", of_each(sides.inside), of_each(sides.outside), enough=True)


def _errors(sides: _Sides) -> EdgeMetric | None:
    def of_each(trials: Trials) -> list[float | None]:
        return [estimate_ratio(*_failed_of(trial)).value for trial in trials]

    return _compared(("error_ratio", None), "ratio", of_each(sides.inside), of_each(sides.outside), enough=True)


def _failed_of(trial: Sequence[RequestSample]) -> tuple[int, int]:
    """Failures, and the requests that we did not end ourselves."""
    counted = [sample for sample in trial if sample.error is not ErrorClass.INTERRUPTED]
    return sum(not sample.ok for sample in counted), len(counted)


def _compared(
    key: Key, unit: str, inside: Sequence[float | None], outside: Sequence[float | None], *, enough: bool
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


def _sentence(found: dict[Key, EdgeMetric], trials: int) -> str:
    ttft, trip = found.get(("ttft_ms", "p50")), found.get((ROUND_TRIP, "p50"))
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
