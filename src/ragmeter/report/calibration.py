"""The client's own error, as the terminal and the page say it."""

from typing import Final

from ragmeter.core.result import Calibration, Estimate
from ragmeter.report.format import UNKNOWN, count, quantity

LABELS: Final = {"ttft_ms": "TTFT", "itl_ms": "ITL", "tpot_ms": "TPOT"}


def floors(at: Calibration) -> dict[str, str]:
    """By the name people know: ``4 µs (p99 40 µs)``."""
    return {label: f"{_time(at.floors[name].p50)} (p99 {_time(at.floors[name].p99)})" for name, label in LABELS.items()}


def load(at: Calibration) -> str:
    """What the client was kept busy with."""
    cpu = quantity(at.client_cpu_ratio, "ratio")
    return f"{count(at.requests)} requests, {count(round(at.events_per_s))} events/s, {cpu} CPU"


def _time(at: Estimate) -> str:
    if at.value is None:
        return UNKNOWN
    return f"{at.value * 1e3:.0f} µs" if at.value < 1 else quantity(at.value, "ms")
