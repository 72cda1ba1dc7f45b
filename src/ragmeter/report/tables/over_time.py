"""Runs over time: what is known of each, and where a figure reached a new level."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from ragmeter.core.formatting import percent
from ragmeter.core.result.result import RunResult
from ragmeter.core.stats.changes import Level, levels
from ragmeter.core.stats.estimate import Estimate
from ragmeter.core.verdicts.records import Outcome
from ragmeter.report.words.naming import provider_name, series_name

_TREND_RUNS: Final = 8
CHANGING: Final = {
    "ttft_p50_ms": "TTFT p50",
    "tpot_p50_ms": "TPOT p50",
    "output_tokens_per_s": "throughput",
    "usd_per_1000_good_requests": "cost of 1,000 good requests",
}
"""Figures whose level is watched, and what they are called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One run. model, branch, commit: None where they are not known. withheld: why the run has no figures here, in a
    sentence; None where it has. series: runs of one number are in one trend: of the same provider, workload hash,
    definition, token source, cache state, model and branch. trend: TTFT p50 of this and the runs before it of its
    series, oldest first, at most eight. changes: by figure the new level relative to the one before, where this run is
    the first of a new level; see `change_points`.
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
    trend: tuple[float | None, ...] = ()
    changes: dict[str, float] = field(default_factory=dict)
    usd_per_1000_good_requests: float | None = None
    model: str | None = None
    branch: str | None = None
    commit: str | None = None
    withheld: str | None = None
    series: int = 0

    @property
    def is_counted(self) -> bool:
        """Whether its figures are in the levels of its series: a run that was cut has figures of another load."""
        return self.status == "complete"


def history_rows(saved: Iterable[tuple[str, RunResult]]) -> list[HistoryRow]:
    """The newest last. saved: (path, result); each result is let go before the next is asked for."""
    told = sorted(((_kind(result), _row(path, result)) for path, result in saved), key=lambda at: _order(at[1]))
    series: dict[tuple[str, ...], list[int]] = {}
    rows: list[HistoryRow] = []
    for at, (kind, row) in enumerate(told):
        mine = series.setdefault(kind, [])
        mine.append(at)
        number = list(series).index(kind) + 1
        past = [told[earlier][1].ttft_p50_ms for earlier in mine[-_TREND_RUNS:]]
        rows.append(replace(row, series=number, trend=tuple(past)))
    for of_kind in series.values():
        _mark_changes(rows, of_kind)
    return rows


def _order(row: HistoryRow) -> tuple[str, str]:
    return row.started_at, row.path


def _kind(result: RunResult) -> tuple[str, ...]:
    return (
        provider_name(result),
        result.workload_manifest_hash,
        result.definitions_version,
        str(result.token_source),
        "" if result.caches is None else result.caches.declared,
        str(result.variant),
        str(_told(result, "model_id")),
        str(_told(result, "branch")),
    )


def _told(result: RunResult, name: str) -> str | None:
    value = result.run_metadata.get(name)
    return None if value is None else str(value)


def levels_of(rows: Sequence[HistoryRow], name: str) -> tuple[list[int], list[Level]]:
    """Of one series, in the order of time: which of the rows have the figure and count, and the levels of those."""
    known = [at for at, row in enumerate(rows) if row.is_counted and getattr(row, name)]
    return known, levels([getattr(rows[at], name) for at in known])


def _mark_changes(rows: list[HistoryRow], of_kind: Sequence[int]) -> None:
    """In the rows at which the level of a figure changed."""
    mine = [rows[at] for at in of_kind]
    for name in CHANGING:
        known, found = levels_of(mine, name)
        for before, after in pairwise(found):
            at = of_kind[known[after.first]]
            rows[at] = replace(rows[at], changes={**rows[at].changes, name: after.value / before.value})


def _row(path: str, result: RunResult) -> HistoryRow:
    withheld = _withheld(result)
    whole = withheld is None
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
        output_tokens_per_s=_value(result.rates.get("output_tokens_per_s")) if whole else None,
        usd_per_1000_good_requests=_thousand(result) if whole else None,
        model=_told(result, "model_id"),
        branch=_told(result, "branch"),
        commit=_told(result, "commit"),
        withheld=withheld,
    )


def _withheld(result: RunResult) -> str | None:
    """Of a run that is not valid: its figures may be those of the client. One without SLOs has figures as any other."""
    if result.outcome is not Outcome.INVALID:
        return None
    first, *more = result.harness.reasons or ("the measurement is not valid",)
    return f"{first} (and {len(more)} more)" if more else first


def _of_one_load(result: RunResult, latency_ms: float | None) -> float | None:
    """None of a run whose figures are withheld, of a sweep, whose steps pooled are a latency of no load, and of a run
    that has spent its error budget, whose latencies are those of the survivors.
    """
    if result.steps or result.overspent is not None or _withheld(result) is not None:
        return None
    return latency_ms


def _thousand(result: RunResult) -> float | None:
    one = None if result.cost is None else result.cost.usd_per_good_request
    return None if one is None else 1000 * one


def _value(at: Estimate | None) -> float | None:
    return None if at is None else at.value


def changes_text(row: HistoryRow) -> str:
    """``TTFT p50 +42 %``."""
    return ", ".join(f"{CHANGING[name]} {change_text(ratio)}" for name, ratio in row.changes.items())


def change_text(ratio: float) -> str:
    """``+42 %``: a level relative to the one before."""
    return f"{'+' if ratio > 1 else ''}{percent(ratio - 1)} %"
