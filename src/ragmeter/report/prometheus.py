"""Results as Prometheus text (exposition format 0.0.4), for a push gateway or a file that node_exporter reads.

Labels are bounded: provider and workload, a statistic, an outcome; ``ragmeter_run_info`` alone has one series per run,
of which the latest stands. Base units: seconds, ratios, USD.
What is not known, or has too few requests behind it, has no sample.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ragmeter.core.result import Cost, Distribution, Estimate, Outcome, RunResult
from ragmeter.report.exposition import Sample, gauge_lines
from ragmeter.report.naming import provider_name, workload_name


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
    latest = {(provider_name(result), workload_name(result)): result for result in results}
    families = (_run_info(report), *_FAMILIES)
    return "".join(line for family in families for line in _family_lines(family, latest.values()))


def openmetrics_text(results: Sequence[RunResult]) -> str:
    """The same as OpenMetrics 1.0.0, which is the older format with an end that tells a cut file from a whole one."""
    return f"{prometheus_text(results)}# EOF\n"


def _family_lines(family: _Family, results: Iterable[RunResult]) -> Iterator[str]:
    samples = [
        ({"provider": provider_name(result), "workload": workload_name(result), **labels}, value)
        for result in results
        for labels, value in family.samples(result)
    ]
    return gauge_lines(family.name, family.help, samples)


def _latency(metric: str, pick: Callable[[Estimate], float | None]) -> Callable[[RunResult], Iterator[Sample]]:
    """The statistics of a metric in ms, in seconds."""

    def samples(result: RunResult) -> Iterator[Sample]:
        figures = result.estimates.get(metric)
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
        yield {"run": result.run_id, "outcome": result.outcome.value, "report": report}, 1

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


_NAMED_LATENCIES: Final = (
    ("ttft_ms", "ttft", "Time to first token of successful requests"),
    ("tpot_ms", "tpot", "Time per output token after the first"),
    ("itl_ms", "itl", "Gap between successive text events"),
    ("e2e_ms", "e2e", "End-to-end latency of successful requests"),
)


def _latency_families() -> Iterator[_Family]:
    for metric, name, words in _NAMED_LATENCIES:
        yield _Family(name=f"ragmeter_{name}_seconds", help=f"{words}.", samples=_latency(metric, lambda at: at.value))
        for end, pick in _ENDS:
            named = f"ragmeter_{name}_{end}_seconds"
            yield _Family(name=named, help=f"{words}: {end} end of the interval.", samples=_latency(metric, pick))


_ENDS: Final[tuple[tuple[str, Callable[[Estimate], float | None]], ...]] = (
    ("low", lambda at: at.low),
    ("high", lambda at: at.high),
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
    _Family(
        name="ragmeter_output_tokens_per_second",
        help="Output tokens of all successes per second of the measured phase.",
        samples=_rate("output_tokens_per_s"),
    ),
    _Family(name="ragmeter_error_ratio", help="Failed requests by all requests sent.", samples=_rate("error_ratio")),
    _Family(
        name="ragmeter_good_ratio",
        help="Requests that meet every per-request SLO by all requests sent.",
        samples=_rate("good_ratio"),
    ),
    _Family(name="ragmeter_recall_ratio", help="Mean recall at k of the retrieval.", samples=_recall),
    _Family(
        name="ragmeter_run_cost_usd",
        help="Cost of the measured phase.",
        samples=_price(lambda at: at.benchmark_run_cost_usd),
    ),
    _Family(
        name="ragmeter_million_tokens_cost_usd",
        help="Cost of one million output tokens.",
        samples=_price(lambda at: at.usd_per_1m_tokens),
    ),
)
