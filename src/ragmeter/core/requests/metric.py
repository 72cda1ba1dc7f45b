"""What a metric is: its unit, which way is better, its formula, its names and where the definition comes from."""

from dataclasses import dataclass
from typing import Final, Literal

from ragmeter.core.requests import measures
from ragmeter.core.requests.measures import Measure
from ragmeter.core.requests.records import RequestSample

Kind = Literal["per_request", "pooled", "gauge", "histogram", "rate", "count"]
OF_REQUESTS: Final = frozenset({"per_request", "pooled"})
OF_SERVERS: Final = frozenset({"gauge", "histogram"})
Better = Literal["lower", "higher"]
IntervalKind = Literal["order statistics", "requests as clusters", "Wilson", "Wilson over questions", "buckets", "none"]
OVER_QUESTIONS: Final = "Wilson over questions"
"""Of a mean share. Its n is the number of different questions: to ask one again says nothing of others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric.

    label: as pages write it; short: for a narrow column, where there is something shorter.
    better: None where neither direction is (lengths).
    kind: per_request has one value for each success and pooled several; both are judged through a statistic such as
    p95(...), as are gauge and histogram, which the servers tell. rate and count have one value for a phase.
    interval: how the uncertainty of its percentiles (or of the rate) is found; with "none" the value is judged.
    measure: of per-request metrics only. prometheus: name of the gauge that has it, in seconds where the unit is ms;
    None: it is not exported.
    """

    name: str
    label: str
    unit: str
    better: Better | None
    kind: Kind
    interval: IntervalKind
    formula: str
    definition: str
    source: str
    measure: Measure | None = None
    short: str | None = None
    prometheus: str | None = None

    @property
    def has_statistics(self) -> bool:
        """Whether it has many values, of which a statistic is one."""
        return self.kind in OF_REQUESTS or self.kind in OF_SERVERS


def per_request(
    name: str,
    label: str,
    measure: Measure,
    formula: str,
    definition: str,
    source: str = "ragmeter",
    *,
    unit: str = "ms",
    better: Better | None = "lower",
    short: str | None = None,
    prometheus: str | None = None,
    interval: IntervalKind = "order statistics",
) -> Metric:
    return Metric(
        name=name,
        label=label,
        unit=unit,
        better=better,
        kind="per_request",
        interval=interval,
        formula=formula,
        definition=definition,
        source=source,
        measure=measure,
        short=short,
        prometheus=prometheus,
    )


def adjusted(name: str, label: str, measure: Measure) -> Metric:
    return per_request(
        f"adj_{name}",
        f"{label}, failures as infinite",
        measures.failures_as_infinite(measure),
        f"{name} of successes, +inf of failures",
        f"Failure-aware {name}: a failed request never answered, so failures push the percentiles up.",
        "aiperf adj_* metrics",
    )


def stage(name: str, label: str, definition: str) -> Metric:
    def measure(sample: RequestSample) -> float | None:
        value: float | None = getattr(sample.timings, name)
        return value

    return per_request(name, label, measure, f"timings.{name}", definition, "the backend's stream events")


def length(name: str, label: str, measure: Measure, definition: str) -> Metric:
    usage = "OpenAI API, stream_options.include_usage"
    formula = "as the LLM's usage block says"
    return per_request(name, label, measure, formula, definition, usage, unit="tokens", better=None)


def phase(
    name: str,
    label: str,
    unit: str,
    better: Better,
    formula: str,
    definition: str,
    *,
    kind: Kind = "rate",
    interval: IntervalKind = "none",
    source: str = "ragmeter",
    short: str | None = None,
    prometheus: str | None = None,
) -> Metric:
    return Metric(
        name=name,
        label=label,
        unit=unit,
        better=better,
        kind=kind,
        interval=interval,
        formula=formula,
        definition=definition,
        source=source,
        short=short,
        prometheus=prometheus,
    )
