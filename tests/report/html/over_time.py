"""Indexes of runs that never ran: none, one, and many with new levels and with what is no figure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from ragmeter.core.result.result import RunResult
from ragmeter.core.verdicts.records import Outcome
from ragmeter.report.html.index.records import Compared, Imported, Index
from ragmeter.report.tables.over_time import history_rows
from tests.report.examples import failing, hostile, invalid, passing

HOSTILE: Final = "<script>alert('x')</script>\" onload=\"x"
_FIRST: Final = datetime.fromisoformat("2026-09-01T09:00:00+00:00")


def run_at(place: int, base: RunResult, *, factor: float = 1.0, branch: str | None = "main") -> RunResult:
    """The run of a day, a factor slower than its base; every second day is a little slower."""
    latency = factor * (1.01 if place % 2 else 0.99)
    return replace(
        base,
        run_id=f"run-{place}",
        started_at=(_FIRST + timedelta(days=place)).isoformat(),
        run_metadata={**base.run_metadata, "branch": branch, "commit": f"{place:040x}"},
        ttft_p50_ms=None if base.ttft_p50_ms is None else base.ttft_p50_ms * latency,
    )


def thirty() -> list[RunResult]:
    """Half as slow again from the 16th on; some failed, some not valid, not judged or cut, and some of a branch."""
    found = [run_at(place, passing(), factor=1.0 if place < 15 else 1.5) for place in range(30)]
    found[4] = run_at(4, failing(), branch="try/it")
    found[9] = run_at(9, invalid())
    found[11] = replace(found[11], outcome=Outcome.NOT_JUDGED, verdicts=())
    found[20] = replace(found[20], status="interrupted", outcome=Outcome.INCONCLUSIVE)
    found[21] = run_at(21, failing(), branch="try/it")
    return found


def index(results: Sequence[RunResult], *, other: bool = False) -> Index:
    """other: with files that are no runs, whose texts are hostile."""
    rows = history_rows((f"{result.run_id}.json", result) for result in results)
    pages = {row.path: {"page": f"runs/{place}.html", "result": row.path} for place, row in enumerate(rows)}
    imported = (Imported(path="a.trials.json", tool=HOSTILE, provider=HOSTILE, workload=None, trials=3),)
    compared = (
        Compared(title="a or b?", started_at=HOSTILE, claim=HOSTILE, address="comparisons/a.html"),
        Compared(title=HOSTILE, started_at="2026-09-02T09:00:00+00:00", claim=None, address=None),
    )
    return Index(
        name="reports" if not other else HOSTILE,
        rows=tuple(rows),
        links=pages,
        imported=imported if other else (),
        compared=compared if other else (),
        damaged=((HOSTILE, f"not JSON: {HOSTILE}"),) if other else (),
    )


def many() -> Index:
    return index([*thirty(), replace(hostile(), started_at="2026-10-05T09:00:00+00:00")], other=True)
