"""The client measurement error, as the terminal and the page say it."""

from typing import Final

from ragmeter.core.client.floor import Calibration
from ragmeter.core.requests.figure import metric_short
from ragmeter.core.stats.estimate import Estimate
from ragmeter.report.words.format import UNKNOWN, count, quantity

CALIBRATED: Final = ("ttft_ms", "itl_ms", "tpot_ms")


def floors(at: Calibration) -> dict[str, str]:
    """By the name people know: ``4 µs (p99 40 µs)``."""
    return {
        metric_short(name): f"{_time(at.floors[name].p50)} (p99 {_time(at.floors[name].p99)})" for name in CALIBRATED
    }


def load(at: Calibration) -> str:
    """What the client was kept busy with."""
    cpu = quantity(at.client_cpu_ratio, "ratio")
    return f"{count(at.requests)} requests, {count(round(at.events_per_s))} events/s, {cpu} CPU"


def _time(at: Estimate) -> str:
    if at.value is None:
        return UNKNOWN
    return f"{at.value * 1e3:.0f} µs" if at.value < 1 else quantity(at.value, "ms")
