"""Runs over time: one row each, newest last."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ragmeter.core.formatting import percent
from ragmeter.core.result.result import RunResult
from ragmeter.core.stats.changes import change_points, change_ratio
from ragmeter.core.stats.estimate import Estimate
from ragmeter.report.words.format import UNKNOWN, figure, moment
from ragmeter.report.words.markup import clean
from ragmeter.report.words.naming import provider_name, series_name

_BARS: Final = "▁▂▃▄▅▆▇█"
_TREND_RUNS: Final = 8
CHANGING: Final = {"ttft_p50_ms": "TTFT p50", "tpot_p50_ms": "TPOT p50", "output_tokens_per_s": "throughput"}
"""Figures whose level is watched, and what they are called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One run. trend: TTFT p50 of this and the runs before it of the same provider and workload, oldest first, at most
    eight; only runs of one workload hash, definition, token source and cache state are
    in one trend. changes: by figure the new level relative to
    the one before, where this run is the first of a new level; see `change_points`.
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
    changes: dict[str, float] = field(default_factory=dict)


def history_rows(saved: Sequence[tuple[str, RunResult]]) -> list[HistoryRow]:
    """saved: (path, result)."""
    seen: dict[tuple[str, ...], list[float | None]] = {}
    series: dict[tuple[str, ...], list[int]] = {}
    rows: list[HistoryRow] = []
    for path, result in sorted(saved, key=lambda at: (at[1].started_at, at[0])):
        kind = (
            provider_name(result),
            result.workload_manifest_hash,
            result.definitions_version,
            str(result.token_source),
            "" if result.caches is None else result.caches.declared,
            str(result.variant),
        )
        past = seen.setdefault(kind, [])
        past.append(_of_one_load(result, result.ttft_p50_ms))
        series.setdefault(kind, []).append(len(rows))
        rows.append(_row(path, result, tuple(past[-_TREND_RUNS:])))
    for of_kind in series.values():
        _mark_changes(rows, of_kind)
    return rows


def _mark_changes(rows: list[HistoryRow], of_kind: Sequence[int]) -> None:
    """In the rows at which the level of a figure changed. Runs without the figure, and cut ones, are passed over."""
    for name in CHANGING:
        known = [(at, value) for at in of_kind if rows[at].status == "complete" and (value := getattr(rows[at], name))]
        values = [value for _, value in known]
        points = change_points(values)
        for point in points:
            at = known[point][0]
            changes = {**rows[at].changes, name: change_ratio(values, points, point)}
            rows[at] = replace(rows[at], changes=changes)


def _row(path: str, result: RunResult, trend: tuple[float | None, ...]) -> HistoryRow:
    return HistoryRow(
        started_at=result.started_at,
        run_id=result.run_id,
        path=path,
        provider=provider_name(result),
        workload=series_name(result),
        outcome=result.outcome.value,
        status=result.status,
        trials=result.trials,
        ttft_p50_ms=_of_one_load(result, result.ttft_p50_ms),
        ttft_p95_ms=_of_one_load(result, result.ttft_p95_ms),
        tpot_p50_ms=_of_one_load(result, result.tpot_p50_ms),
        output_tokens_per_s=_throughput(result.rates.get("output_tokens_per_s")),
        trend=trend,
    )


def _of_one_load(result: RunResult, latency_ms: float | None) -> float | None:
    """None of a sweep, whose steps pooled are a latency of no load, and of a run that has spent its error budget, whose
    latencies are those of the survivors.
    """
    return None if result.steps or result.overspent is not None else latency_ms


def _throughput(at: Estimate | None) -> float | None:
    return None if at is None else at.value


def history_lines(rows: Sequence[HistoryRow]) -> list[str]:
    """A table of columns as wide as their widest cell."""
    head = (
        "started",
        "provider",
        "workload",
        "TTFT p50",
        "p95",
        "TPOT p50",
        "throughput",
        "outcome",
        "TTFT p50 trend",
        "new level",
    )
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
        changes_text(row),
    )


def changes_text(row: HistoryRow) -> str:
    """``TTFT p50 +42 %``."""
    return ", ".join(
        f"{CHANGING[name]} {'+' if ratio > 1 else ''}{percent(ratio - 1)} %" for name, ratio in row.changes.items()
    )


def sparkline(values: Sequence[float | None]) -> str:
    """Bars from 0 to the largest value, so that a small change looks small; an unknown value is a dash."""
    top = max((value for value in values if value is not None), default=0.0)
    return "".join(UNKNOWN if value is None else _BARS[round(value / top * 7) if top else 0] for value in values)
