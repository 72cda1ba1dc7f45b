"""The tables of runs, of their figures and of their SLOs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from ragmeter.core.result.result import RunResult
from ragmeter.core.stats.estimate import Estimate
from ragmeter.report.tables.column import Column, Kind, row_of
from ragmeter.report.tables.over_time import HistoryRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRun:
    """A run as it is listed, and its result."""

    row: HistoryRow
    result: RunResult


def _listed(name: str, kind: Kind, meaning: str) -> Column:
    return Column(name=name, kind=kind, meaning=meaning, read=lambda run: getattr(run.row, name))


def _resulting(name: str, kind: Kind, meaning: str) -> Column:
    return Column(name=name, kind=kind, meaning=meaning, read=lambda run: getattr(run.result, name))


def _observed(name: str, kind: Kind, meaning: str) -> Column:
    return Column(name=name, kind=kind, meaning=meaning, read=lambda run: run.result.run_metadata.get(name))


def utc(text: str) -> datetime | None:
    """None for a text that is no time."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo is None else at.astimezone(UTC)).replace(tzinfo=None)


RUNS: Final = (
    _listed("path", "text", "file of the run, as seen from the folder; what the other tables name the run by"),
    _listed("run_id", "text", "id of the run"),
    Column(name="started_at", kind="time", meaning="start in UTC", read=lambda run: utc(run.row.started_at)),
    _listed("provider", "text", "provider"),
    _listed("workload", "text", "workload, with the variant of the run"),
    _listed("model", "text", "model id"),
    _listed("branch", "text", "branch of the pipeline"),
    _listed("commit", "text", "commit of the pipeline"),
    _listed("outcome", "text", "PASS, FAIL, INCONCLUSIVE, NO_DATA, NOT_JUDGED or INVALID"),
    _listed("status", "text", "complete or interrupted"),
    _listed("withheld", "text", "why the run has no figures in these tables: it is INVALID"),
    _listed("series", "integer", "runs of one series can be compared over time: see `ragmeter history`"),
    _listed("trials", "integer", "trials"),
    _resulting("measured_requests", "integer", "requests of the measured phase"),
    _resulting("success", "integer", "of these, successes"),
    _resulting("errors", "integer", "of these, failures"),
    _resulting("duration_seconds", "number", "length of the measured phase, s"),
    _listed("ttft_p50_ms", "number", "p50 of the time to first token, ms"),
    _listed("ttft_p95_ms", "number", "p95 of the time to first token, ms"),
    _listed("tpot_p50_ms", "number", "p50 of the time per output token, ms"),
    _listed("output_tokens_per_s", "number", "throughput, tokens/s"),
    _listed("usd_per_1000_good_requests", "number", "cost of 1,000 good requests, USD"),
    _observed("region", "text", "region"),
    _observed("node_instance_type", "text", "instance type of the nodes"),
    _observed("gpu_model", "text", "GPU"),
    _observed("gpu_count", "integer", "number of GPUs"),
    _observed("docset", "text", "docset"),
    _observed("k", "integer", "passages per question"),
    _resulting("workload_manifest_hash", "text", "hash of the workload manifest"),
    _resulting("definitions_version", "text", "version of the metric definitions"),
    _resulting("ragmeter_version", "text", "version of ragmeter"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One figure of a run."""

    path: str
    metric: str
    statistic: str | None
    unit: str | None
    estimate: Estimate


def _figure(name: str, kind: Kind, meaning: str) -> Column:
    return Column(name=name, kind=kind, meaning=meaning, read=lambda figure: getattr(figure, name))


def _estimated(name: str, kind: Kind, meaning: str) -> Column:
    return Column(name=name, kind=kind, meaning=meaning, read=lambda figure: getattr(figure.estimate, name))


FIGURES: Final = (
    _figure("path", "text", "file of the run"),
    _figure("metric", "text", "name of the [metric](metrics.md)"),
    _figure("statistic", "text", "mean, p50, p90, p95 or p99; null for a figure of the whole phase"),
    _figure("unit", "text", "unit; null for a figure of the whole phase, whose name has it"),
    _estimated("value", "number", "the figure"),
    _estimated("low", "number", "lower end of its interval; null where it is open or not known"),
    _estimated("high", "number", "upper end of its interval; null where it is open or not known"),
    _estimated("confidence", "number", "confidence of the interval, 0.95 for 95 %"),
    _estimated("n", "integer", "requests that it is of"),
    _estimated("enough", "boolean", "whether these are enough to judge the statistic"),
)


def _judged(name: str, kind: Kind, meaning: str) -> Column:
    return Column(name=name, kind=kind, meaning=meaning, read=lambda pair: getattr(pair[1], name))


SLOS: Final = (
    Column(name="path", kind="text", meaning="file of the run", read=lambda pair: pair[0]),
    _judged("slo", "text", "the SLO as it was declared"),
    _judged("origin", "text", "where it was declared"),
    _judged("outcome", "text", "its outcome, as of a run"),
    _judged("metric", "text", "metric that it is about"),
    _judged("statistic", "text", "statistic of the metric; null for a figure of the whole phase"),
    _judged("operator", "text", "<, <=, > or >="),
    _judged("bound", "number", "the bound"),
    _judged("value", "number", "the figure that was judged"),
    _judged("low", "number", "lower end of its interval"),
    _judged("high", "number", "upper end of its interval"),
    _judged("n", "integer", "requests that it is of"),
    _judged("sentence", "text", "the verdict in a sentence"),
)


def run_row(run: ShownRun) -> dict[str, Any]:
    return row_of(RUNS, run)


def figure_rows(run: ShownRun) -> Iterator[dict[str, Any]]:
    """None of a run that is not valid; no latency of a sweep, and of one that has spent its error budget."""
    result = run.result
    if run.row.withheld is not None:
        return
    pooled = bool(result.steps) or result.overspent is not None
    for metric, found in () if pooled else result.estimates.items():
        for statistic in ("mean", "p50", "p90", "p95", "p99"):
            at = getattr(found, statistic)
            yield _row(Shown(path=run.row.path, metric=metric, statistic=statistic, unit=found.unit, estimate=at))
    for metric, at in result.rates.items():
        yield _row(Shown(path=run.row.path, metric=metric, statistic=None, unit=None, estimate=at))


def _row(figure: Shown) -> dict[str, Any]:
    return row_of(FIGURES, figure)


def slo_rows(run: ShownRun) -> Iterator[dict[str, Any]]:
    """A verdict on a run that is not valid has no figure."""
    for verdict in run.result.verdicts:
        told = row_of(SLOS, (run.row.path, verdict))
        yield told if run.row.withheld is None else {**told, "value": None, "low": None, "high": None}
