"""The six figures that a run comes down to, for every surface that has room for six."""

from collections.abc import Sequence
from dataclasses import dataclass

from ragmeter.core.compare.comparison import MetricComparison
from ragmeter.core.requests.figure import Figure, metric_short
from ragmeter.core.result.result import RunResult
from ragmeter.core.stats.estimate import Estimate
from ragmeter.report.words.bounds import Gate
from ragmeter.report.words.comparison import change_text
from ragmeter.report.words.format import TOO_SMALL, figure, interval, quantity, unit_of

LATENCIES = (Figure("ttft_ms", "p50"), Figure("ttft_ms", "p95"), Figure("tpot_ms", "p50"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """One figure. name: short. span: its interval without the unit, or why there is none; empty where it has none.
    key: as comparisons know it.
    """

    key: Figure
    name: str
    value: str
    span: str = ""

    @property
    def words(self) -> str:
        """``41.2 ms (41.1 to 41.2)``."""
        return f"{self.value} ({self.span})" if self.span else self.value


def headlines(result: RunResult) -> tuple[Headline, ...]:
    """First words, then speed, work, failures and price; without a price sheet the whole answer instead of the price.

    Of a sweep, whose steps pooled are the load of nobody, the first words at its lowest and its highest rate.
    """
    rates = [_rate(result, name) for name in ("output_tokens_per_s", "error_ratio")]
    return (*(_of_steps(result) or _of_one_load(result)), *rates, _price(result) or _whole_answer(result))


def _of_one_load(result: RunResult) -> list[Headline]:
    return [_latency(result, key) for key in LATENCIES]


def _latency(result: RunResult, key: Figure) -> Headline:
    found = result.estimates.get(key.metric)
    at = getattr(found, key.statistic or "", None)
    if at is None or at.value is None:
        return Headline(key=key, name=key.short, value=figure(key.metric, None))
    return Headline(key=key, name=key.short, value=figure(key.metric, at.value), span=_span(at, key.metric))


def _of_steps(result: RunResult) -> list[Headline]:
    if not result.steps:
        return []
    first, last = result.steps[0], result.steps[-1]
    shown = ((first, "p50", first.ttft_p50_ms), (first, "p95", first.ttft_p95_ms), (last, "p95", last.ttft_p95_ms))
    return [
        Headline(
            key=Figure("ttft_ms", statistic),
            name=f"TTFT {statistic} at {step.rate_per_s:g}/s",
            value=figure("_ms", value),
        )
        for step, statistic, value in shown
    ]


def _rate(result: RunResult, name: str) -> Headline:
    at = result.rates.get(name)
    value = figure(name, None if at is None else at.value)
    known = at is not None and (at.low is not None or at.high is not None)
    span = _span(at, name) if at is not None and known else ""
    return Headline(key=Figure(name), name=metric_short(name), value=value, span=span)


def _price(result: RunResult) -> Headline | None:
    """Per tokens; where failures would make that look good, per answer."""
    at = result.cost
    if at is None:
        return None
    if at.withheld is not None:
        key, value = Figure("usd_per_good_request"), at.usd_per_good_request
        return Headline(key=key, name="per good answer", value=quantity(value, "usd"))
    key, value = Figure("usd_per_1m_tokens"), at.usd_per_1m_tokens
    return Headline(key=key, name="per 1M tokens", value=quantity(value, "usd"))


def _whole_answer(result: RunResult) -> Headline:
    if result.steps:
        return _rate(result, "requests_per_s")
    return _latency(result, Figure("e2e_ms", "p50"))


def _span(at: Estimate, metric: str) -> str:
    return interval(at, unit_of(metric), bare=True) if at.enough else TOO_SMALL


def changes(figures: Sequence[Headline], gate: Gate) -> list[MetricComparison | None]:
    """Of each figure what the gate compares it with; None where it does not."""
    return [gate[at.key].metric if at.key in gate else None for at in figures]


def change_words(at: MetricComparison | None) -> str:
    """``+12 % [+8, +16]``; empty without a comparison."""
    return "" if at is None else change_text(at.ratio)
