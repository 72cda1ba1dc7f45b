"""Results as Prometheus text (exposition format 0.0.4), for a push gateway or a file that node_exporter reads.

Labels are bounded: provider and workload, a statistic, an outcome; ``ragmeter_run_info`` alone has one series per run,
of which the latest stands. Base units: seconds, ratios, USD.
What is not known, or has too few requests behind it, has no sample; nor has a latency of a sweep, whose steps pooled
are the load of nobody.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ragmeter.core.figures.series import Distribution
from ragmeter.core.money.cost import Cost
from ragmeter.core.requests.metrics import METRICS
from ragmeter.core.result.result import RunResult
from ragmeter.core.stats.estimate import Estimate
from ragmeter.core.verdicts.records import Outcome
from ragmeter.report.prometheus.exposition import Family, Sample, gauge, openmetrics_page, prometheus_page
from ragmeter.report.words.naming import provider_name, series_name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Family:
    """A gauge: its name, its help text and the samples of one result."""

    name: str
    help: str
    samples: Callable[[RunResult], Iterable[Sample]]


def prometheus_text(results: Sequence[RunResult], report: str = "") -> str:
    """Every family once, with the samples of all results; of runs with the same labels the last one counts.

    report: their HTML page, relative to the folder of all reports; nothing where it is not known.
    """
    return prometheus_page(_families(results, report))


def exported_names() -> frozenset[str]:
    """The name of every family that a result can have."""
    return frozenset(family.name for family in (_run_info(""), *_FAMILIES))


def openmetrics_text(results: Sequence[RunResult]) -> str:
    """The same as OpenMetrics 1.0.0."""
    return openmetrics_page(_families(results, ""))


def metrics_report(results: Sequence[RunResult]) -> str:
    """As OpenMetrics 1.0.0, without times and identities: two runs of the same differ in their figures alone."""
    kept = (family for family in _families(results, "") if family.name not in _OF_THE_RUN)
    return openmetrics_page(kept)


def _families(results: Sequence[RunResult], report: str) -> Iterator[Family]:
    latest = {(provider_name(result), series_name(result)): result for result in results}
    for family in (_run_info(report), *_FAMILIES):
        yield from _made(family, latest.values())


def _made(family: _Family, results: Iterable[RunResult]) -> Iterator[Family]:
    samples = [
        ({"provider": provider_name(result), "workload": series_name(result), **labels}, value)
        for result in results
        for labels, value in family.samples(result)
    ]
    return gauge(family.name, family.help, samples)


def _latency(metric: str, pick: Callable[[Estimate], float | None]) -> Callable[[RunResult], Iterator[Sample]]:
    """The statistics of a metric in ms, in seconds."""

    def samples(result: RunResult) -> Iterator[Sample]:
        figures = None if result.steps else result.estimates.get(metric)
        for statistic, estimate in _statistics(figures) if figures else ():
            value = pick(estimate)
            yield {"statistic": statistic}, None if value is None or not estimate.enough else value / 1000

    return samples


def _statistics(figures: Distribution) -> tuple[tuple[str, Estimate], ...]:
    return (
        ("mean", figures.mean),
        ("p50", figures.p50),
        ("p90", figures.p90),
        ("p95", figures.p95),
        ("p99", figures.p99),
    )


def _rate(name: str) -> Callable[[RunResult], Iterator[Sample]]:
    def samples(result: RunResult) -> Iterator[Sample]:
        at = result.rates.get(name)
        yield {}, None if at is None else at.value

    return samples


def _price(pick: Callable[[Cost], float | None]) -> Callable[[RunResult], Iterator[Sample]]:
    def samples(result: RunResult) -> Iterator[Sample]:
        yield {}, None if result.cost is None else pick(result.cost)

    return samples


def _requests(result: RunResult) -> Iterator[Sample]:
    yield {"state": "success"}, result.success
    yield {"state": "error"}, result.errors


def _run_info(report: str) -> _Family:
    def samples(result: RunResult) -> Iterator[Sample]:
        source = "" if result.token_source is None else result.token_source.value
        labels = {"run": result.run_id, "outcome": result.outcome.value, "report": report, "token_source": source}
        yield {**labels, "cache": "" if result.caches is None else result.caches.declared}, 1

    return _Family(name="ragmeter_run_info", help="Always 1; the labels tell of the latest run.", samples=samples)


def _moment(pick: Callable[[RunResult], str | None]) -> Callable[[RunResult], Iterator[Sample]]:
    def samples(result: RunResult) -> Iterator[Sample]:
        yield {}, _unix_s(pick(result))

    return samples


def _unix_s(text: str | None) -> float | None:
    """Unix time of an ISO 8601 text; None for any other text, as a saved result may have."""
    try:
        return None if text is None else datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def _outcome(result: RunResult) -> Iterator[Sample]:
    for outcome in Outcome:
        yield {"outcome": outcome.value}, float(outcome is result.outcome)


def _verdicts(result: RunResult) -> Iterator[Sample]:
    for outcome in Outcome:
        yield {"outcome": outcome.value}, sum(verdict.outcome is outcome for verdict in result.verdicts)


def _duration(result: RunResult) -> Iterator[Sample]:
    yield {}, result.duration_seconds


def _recall(result: RunResult) -> Iterator[Sample]:
    if result.retrieval is not None:
        yield {"k": str(result.retrieval.k)}, result.retrieval.recall_at_k.value


def _hits(pick: Callable[[Estimate], float | None]) -> Callable[[RunResult], Iterator[Sample]]:
    def samples(result: RunResult) -> Iterator[Sample]:
        if result.caches is not None:
            yield {"declared": result.caches.declared}, pick(result.caches.hit_ratio)

    return samples


def _repeated(result: RunResult) -> Iterator[Sample]:
    if result.caches is not None:
        yield {"declared": result.caches.declared}, result.caches.repeated_in_run_ratio


def _latency_families() -> Iterator[_Family]:
    """Each exported metric in ms, with the ends of its interval."""
    for metric in METRICS.values():
        if metric.prometheus and metric.unit == "ms":
            yield _Family(
                name=metric.prometheus, help=f"{metric.label}.", samples=_latency(metric.name, lambda at: at.value)
            )
            for end, pick in _ENDS:
                yield _Family(
                    name=f"{metric.prometheus.removesuffix('_seconds')}_{end}_seconds",
                    help=f"{metric.label}: {end} end of the interval.",
                    samples=_latency(metric.name, pick),
                )


def _rate_families() -> Iterator[_Family]:
    """Each exported figure of the whole phase."""
    for metric in METRICS.values():
        if metric.prometheus and metric.kind == "rate":
            samples = _OF_OTHER_PARTS.get(metric.name, _rate(metric.name))
            yield _Family(name=metric.prometheus, help=_sentence(metric.definition), samples=samples)


def _sentence(text: str) -> str:
    """The first, without what follows."""
    return text.partition(". ")[0].removesuffix(".") + "."


_ENDS: Final[tuple[tuple[str, Callable[[Estimate], float | None]], ...]] = (
    ("low", lambda at: at.low),
    ("high", lambda at: at.high),
)

_OF_OTHER_PARTS: Final = {"recall_at_k": _recall, "usd_per_1m_tokens": _price(lambda at: at.usd_per_1m_tokens)}
"""Metrics that stand elsewhere in a result than under its rates."""

_OF_THE_RUN: Final = frozenset(
    {
        "ragmeter_run_info",
        "ragmeter_run_started_timestamp_seconds",
        "ragmeter_run_ended_timestamp_seconds",
    }
)
_FAMILIES: Final = (
    _Family(
        name="ragmeter_run_started_timestamp_seconds",
        help="Unix time at which the run began.",
        samples=_moment(lambda at: at.started_at),
    ),
    _Family(
        name="ragmeter_run_ended_timestamp_seconds",
        help="Unix time at which the last request of the run ended.",
        samples=_moment(lambda at: at.ended_at),
    ),
    _Family(name="ragmeter_run_outcome", help="1 for the outcome of the run, else 0.", samples=_outcome),
    _Family(name="ragmeter_slo_verdicts", help="Number of SLOs by outcome.", samples=_verdicts),
    _Family(name="ragmeter_requests", help="Requests of the measured phase by state.", samples=_requests),
    _Family(name="ragmeter_duration_seconds", help="Length of the measured phase.", samples=_duration),
    *_latency_families(),
    *_rate_families(),
    _Family(
        name="ragmeter_cache_hit_ratio",
        help="Share of the prompt tokens that came from the cache of prompts, beside the state that was declared.",
        samples=_hits(lambda at: at.value),
    ),
    _Family(
        name="ragmeter_cache_hit_low_ratio",
        help="Hit ratio of the cache of prompts: low end of the interval.",
        samples=_hits(lambda at: at.low),
    ),
    _Family(
        name="ragmeter_cache_hit_high_ratio",
        help="Hit ratio of the cache of prompts: high end of the interval.",
        samples=_hits(lambda at: at.high),
    ),
    _Family(
        name="ragmeter_repeated_questions_ratio",
        help="Share of the measured requests that repeat a question of the run.",
        samples=_repeated,
    ),
    _Family(
        name="ragmeter_run_cost_usd",
        help="Cost of the measured phase.",
        samples=_price(lambda at: at.benchmark_run_cost_usd),
    ),
)
