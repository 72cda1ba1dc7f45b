"""Runs over time: one row each, newest last."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ragmeter.core.result import Estimate, RunResult
from ragmeter.report.format import UNKNOWN, figure, moment
from ragmeter.report.markup import clean
from ragmeter.report.naming import provider_name, workload_name

_BARS: Final = "▁▂▃▄▅▆▇█"
_TREND_RUNS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One run. trend: TTFT p50 of this and the runs before it of the same provider and workload, oldest first, at most
    eight; only runs of one workload hash and definition are in one trend.
    """

    started_at: str
    run_id: str
    path: str
    provider: str
    workload: str
    outcome: str
    status: str
    trials: int
    ttft_p50_ms: float | None
    ttft_p95_ms: float | None
    tpot_p50_ms: float | None
    output_tokens_per_s: float | None
    trend: tuple[float | None, ...]


def history_rows(saved: Sequence[tuple[str, RunResult]]) -> list[HistoryRow]:
    """saved: (path, result)."""
    seen: dict[tuple[str, ...], list[float | None]] = {}
    rows = []
    for path, result in sorted(saved, key=lambda at: (at[1].started_at, at[0])):
        kind = (provider_name(result), result.workload_manifest_hash, result.definitions_version)
        past = seen.setdefault(kind, [])
        past.append(result.ttft_p50_ms)
        rows.append(_row(path, result, tuple(past[-_TREND_RUNS:])))
    return rows


def _row(path: str, result: RunResult, trend: tuple[float | None, ...]) -> HistoryRow:
    return HistoryRow(
        started_at=result.started_at,
        run_id=result.run_id,
        path=path,
        provider=provider_name(result),
        workload=workload_name(result),
        outcome=result.outcome.value,
        status=result.status,
        trials=result.trials,
        ttft_p50_ms=result.ttft_p50_ms,
        ttft_p95_ms=result.ttft_p95_ms,
        tpot_p50_ms=result.tpot_p50_ms,
        output_tokens_per_s=_throughput(result.rates.get("output_tokens_per_s")),
        trend=trend,
    )


def _throughput(at: Estimate | None) -> float | None:
    return None if at is None else at.value


def history_lines(rows: Sequence[HistoryRow]) -> list[str]:
    """A table of columns as wide as their widest cell."""
    head = ("started", "provider", "workload", "TTFT p50", "p95", "TPOT p50", "throughput", "outcome", "TTFT p50 trend")
    table = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(head))]
    return ["  ".join(cell.ljust(wide) for cell, wide in zip(line, widths, strict=True)).rstrip() for line in table]


def _cells(row: HistoryRow) -> tuple[str, ...]:
    latencies = (figure("_ms", value) for value in (row.ttft_p50_ms, row.ttft_p95_ms, row.tpot_p50_ms))
    outcome = row.outcome.replace("_", " ") + (" (interrupted)" if row.status == "interrupted" else "")
    return (
        moment(row.started_at),
        clean(row.provider),
        clean(row.workload),
        *latencies,
        figure("tokens_per_s", row.output_tokens_per_s),
        outcome,
        sparkline(row.trend),
    )


def sparkline(values: Sequence[float | None]) -> str:
    """Bars from 0 to the largest value, so that a small change looks small; an unknown value is a dash."""
    top = max((value for value in values if value is not None), default=0.0)
    return "".join(UNKNOWN if value is None else _BARS[round(value / top * 7) if top else 0] for value in values)
