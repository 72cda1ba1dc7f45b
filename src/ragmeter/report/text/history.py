"""Runs over time: one row each, newest last."""

from collections.abc import Sequence
from typing import Final

from ragmeter.report.tables.over_time import HistoryRow, changes_text
from ragmeter.report.words.format import UNKNOWN, figure, moment
from ragmeter.report.words.markup import clean

_BARS: Final = "▁▂▃▄▅▆▇█"


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
    return columns([head, *(_cells(row) for row in rows)])


def columns(table: Sequence[Sequence[str]]) -> list[str]:
    """One line for each row, with columns as wide as their widest cell."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
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


def sparkline(values: Sequence[float | None]) -> str:
    """Bars from 0 to the largest value, so that a small change looks small; an unknown value is a dash."""
    top = max((value for value in values if value is not None), default=0.0)
    return "".join(UNKNOWN if value is None else _BARS[round(value / top * 7) if top else 0] for value in values)
