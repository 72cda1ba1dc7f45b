"""The curve of an imported sweep, a row a load."""

from collections.abc import Sequence

from ragmeter.core.compare.importers.steps import Step
from ragmeter.core.stats.trials import mean_over_trials

_COLUMNS = {
    "TTFT p50": "p50(ttft_ms)",
    "TTFT p95": "p95(ttft_ms)",
    "TPOT p50": "p50(tpot_ms)",
    "latency p50": "p50(e2e_ms)",
    "tokens/s": "output_tokens_per_s",
    "requests/s": "requests_per_s",
}
"""Times in ms."""


def sweep_table(tool: str, steps: Sequence[Step]) -> list[str]:
    """Figures of the typical trial; `-` for what not every trial has."""
    head = ["step", "load", "trials", "failed", *_COLUMNS]
    rows = [
        [
            str(number),
            str(step.load),
            str(len(step.results)),
            f"{sum(at.reading.errors for at in step.results)}/{sum(at.reading.requests for at in step.results)}",
            *(_cell(step, name) for name in _COLUMNS.values()),
        ]
        for number, step in enumerate(steps, start=1)
    ]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = [
        "  ".join(f"{cell:<{wide}}" for cell, wide in zip(row, widths, strict=True)).rstrip() for row in [head, *rows]
    ]
    return [f"sweep of {len(steps)} loads by {tool}; times in ms", *lines]


def _cell(step: Step, name: str) -> str:
    values = [each.reading.figures.get(name) for each in step.results]
    known = [value for value in values if value is not None]
    return f"{mean_over_trials(known)[0]:.4g}" if known and len(known) == len(values) else "-"
