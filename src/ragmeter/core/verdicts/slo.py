"""SLO expressions, parsed and checked against the known metrics before any load is sent.

::

    p95(ttft_ms) <= 1500      a statistic of a per-request metric: p50, p95, p99.9 …, mean, min, max
    error_ratio <= 0.01       a figure of the whole phase
    operators: <= < >= >      the bound is a number in the metric's unit, or has a unit: 1.5s, 500ms, 1%
    p95(ttft_ms) <= 1500 at 8/s    of a sweep: of the step that offers 8 requests per second, and not of every step
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ragmeter.core.errors import ConfigError
from ragmeter.core.requests.amounts import SCALES, scaled
from ragmeter.core.requests.figure import SUBJECT, Figure, check_statistic, known_metric
from ragmeter.core.requests.metric import OF_SERVERS, OVER_QUESTIONS, Metric
from ragmeter.core.requests.metrics import METRICS

NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
GRAMMAR = re.compile(
    SUBJECT + r"(?P<operator><=|>=|<|>)"
    rf"\s*(?P<bound>[-+]?{NUMBER})\s*(?P<unit>[A-Za-zµ%]*)(?:\s+at\s+(?P<rate>{NUMBER})\s*/\s*s)?\s*"
)
EXAMPLES = "'p95(ttft_ms) <= 1500', 'mean(e2e_ms) < 8s', 'error_ratio <= 1%', 'output_tokens_per_s >= 100'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slo:
    """statistic: None for a rate or a count. origin: where it was declared. at_rate_per_s: the step of a sweep that it
    is of; None for each of them.
    """

    metric: Metric
    statistic: str | None
    operator: str
    bound: float
    origin: str
    at_rate_per_s: float | None = None

    @property
    def figure(self) -> Figure:
        return Figure(self.metric.name, self.statistic)

    @property
    def subject(self) -> str:
        """What is judged: ``p95(ttft_ms)``, ``error_ratio``."""
        return str(self.figure)

    @property
    def expression(self) -> str:
        step = "" if self.at_rate_per_s is None else f" at {self.at_rate_per_s:.15g}/s"
        return f"{self.subject} {self.operator} {self.bound:.15g}{step}"

    @property
    def judged_by_value(self) -> bool:
        """An extreme, a count, a throughput or what a server told of this very phase has no interval."""
        if self.metric.kind in OF_SERVERS:
            return self.statistic in {"min", "max", "mean"} or self.metric.kind == "gauge"
        return self.statistic in {"min", "max"} or (self.statistic is None and self.metric.interval == "none")

    def holds(self, value: float) -> bool:
        match self.operator:
            case "<=":
                return value <= self.bound
            case "<":
                return value < self.bound
            case ">=":
                return value >= self.bound
            case _:
                return value > self.bound


def parse_slo(expression: str, origin: str) -> Slo:
    """Raises ConfigError, a sentence that begins with ``origin`` and quotes the expression."""
    where = f"{origin}: SLO {expression!r}"
    match = GRAMMAR.fullmatch(expression)
    if match is None:
        raise ConfigError(f"{where}: not understood; write it like {EXAMPLES}; operators: <= < >= >")
    metric = known_metric(match["of"] or match["bare"], where)
    statistic = match["statistic"]
    check_statistic(metric, statistic, where)
    bound = _bound(match["bound"], match["unit"], metric, where)
    _check_direction(metric, match["operator"], where)
    _check_bound(metric, match["operator"], bound, where)
    return Slo(
        metric=metric,
        statistic=statistic,
        operator=match["operator"],
        bound=bound,
        origin=origin,
        at_rate_per_s=None if match["rate"] is None else float(match["rate"]),
    )


def check_step(slo: Slo, rates_per_s: Sequence[float]) -> None:
    """Raise ConfigError for an SLO of a step that the workload does not have. rates_per_s: of its steps."""
    if slo.at_rate_per_s is None or slo.at_rate_per_s in rates_per_s:
        return
    known = ", ".join(f"{rate:g}/s" for rate in rates_per_s)
    steps = f"the steps of the sweep offer {known}" if known else "the workload is no sweep"
    raise ConfigError(f"{slo.origin}: SLO {slo.expression!r}: there is no step at {slo.at_rate_per_s:g}/s: {steps}")


def parse_goodput(bounds: Mapping[str, float], origin: str) -> dict[str, float]:
    """Per-request bounds such as ``{"ttft_ms": 1500, "tpot_ms": 100}``, checked. Raises ConfigError."""
    for name, bound in bounds.items():
        where = f"{origin}: goodput {name}: {bound}"
        metric = known_metric(name, where)
        if metric.measure is None or metric.better is None:
            usable = [known.name for known in METRICS.values() if known.measure and known.better]
            raise ConfigError(f"{where}: no bound for one request; metrics that can be: {', '.join(usable)}")
        _check_bound(metric, ">=" if metric.better == "higher" else "<=", bound, where)
    return dict(bounds)


def _bound(digits: str, written: str, metric: Metric, where: str) -> float:
    bound = scaled(digits, written, metric.unit)
    if bound is None:
        units = ", ".join(SCALES.get(metric.unit, ()))
        others = f"; a bound may be in {units}" if units else ""
        raise ConfigError(f"{where}: {metric.name} is in {metric.unit} and not in {written!r}{others}")
    return bound


def _check_direction(metric: Metric, operator: str, where: str) -> None:
    wanted = {"lower": "<", "higher": ">", None: operator[0]}[metric.better]
    if operator[0] != wanted:
        raise ConfigError(
            f"{where}: {metric.better} {metric.name} is better, so the bound is {wanted}= and not {operator}"
        )


def _check_bound(metric: Metric, operator: str, bound: float, where: str) -> None:
    """Refuse what always or never holds: such an SLO judges nothing."""
    top = 1.0 if metric.unit == "ratio" else math.inf
    if not 0 <= bound <= top or math.isinf(bound):
        allowed = "between 0 and 1 (1 % is 0.01)" if metric.unit == "ratio" else "finite and not below 0"
        raise ConfigError(f"{where}: the bound of {metric.name} ({metric.unit}) must be {allowed}, not {bound:.15g}")
    edge = 0.0 if operator[0] == ">" else top
    if bound == edge and "=" in operator:
        raise ConfigError(f"{where}: holds for every value of {metric.name}, so it judges nothing")
    edge = top if operator[0] == ">" else 0.0
    if bound == edge and ("=" not in operator or metric.unit == "ms"):
        raise ConfigError(f"{where}: no value of {metric.name} can meet it")
    if bound == edge and metric.interval in {"Wilson", OVER_QUESTIONS}:
        instead = "errors <= 0" if metric.name == "error_ratio" else f"{metric.name} {operator} a bound below 1"
        raise ConfigError(f"{where}: no number of requests can show a ratio to be exactly {bound:g}; write {instead}")
