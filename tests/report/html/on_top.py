"""Results whose page begins with what is theirs: failures that decide, a capacity, and a run over its time."""

import math
from dataclasses import replace
from typing import Final

from ragmeter.core.figures.timeline import Timeline
from ragmeter.core.result.failures import FailureCount, FailureGroup
from ragmeter.core.result.result import RunResult
from ragmeter.core.verdicts.capacity import Capacity, CapacityStep, Tried
from ragmeter.core.verdicts.records import Outcome
from tests.report.examples import passing
from tests.report.figures import judge, ratio_estimate

EXPIRED: Final = "HTTP 401 Unauthorized: token expired"


def timeline(bins: int = 60, *, failing_from: int | None = None) -> Timeline:
    """An open loop of 2 requests/s; from a part on, all of them fail."""
    wave = [2 + 0.4 * math.sin(at / 3) for at in range(bins)]
    fails = [failing_from is not None and at >= failing_from for at in range(bins)]
    return Timeline(
        bin_s=5.0,
        offered_per_s=(2.0,) * bins,
        sent_per_s=tuple(wave),
        answered_per_s=tuple(0.0 if failed else value for value, failed in zip(wave, fails, strict=True)),
        failed_per_s=tuple(value if failed else 0.0 for value, failed in zip(wave, fails, strict=True)),
        in_flight=tuple(0.1 if failed else 6 + value for value, failed in zip(wave, fails, strict=True)),
        ttft_p50_ms=tuple(None if failed else 600 + 40 * value for value, failed in zip(wave, fails, strict=True)),
        ttft_max_ms=tuple(None if failed else 900 + 90 * value for value, failed in zip(wave, fails, strict=True)),
    )


def over_time() -> RunResult:
    return replace(passing(), timeline=timeline())


def expired() -> RunResult:
    """The token of the client runs out in the middle of the run, and two answers are lost otherwise."""
    base = passing(failures=240, seed=23)
    share = ratio_estimate(240, 500)
    return replace(
        base,
        outcome=Outcome.FAIL,
        verdicts=(*base.verdicts[:2], judge("error_ratio <= 0.02", share, 0.02)),
        overspent="240 of 500 requests failed, more than the error budget (error_ratio <= 0.02)",
        failures=(
            FailureCount(error="http_status", http_status=401, requests=238),
            FailureCount(error="timeout", http_status=None, requests=2),
        ),
        failure_groups=(
            FailureGroup(
                error="http_status", http_status=401, message=EXPIRED, requests=238, first_s=151.2, last_s=299.8
            ),
            FailureGroup(
                error="timeout", http_status=None, message="no end within 120 s", requests=2, first_s=12.0, last_s=12.0
            ),
        ),
        timeline=timeline(failing_from=30),
    )


def searched() -> RunResult:
    """A search that held at 8 requests/s."""

    def step(level: float, good: int, tried: Tried) -> CapacityStep:
        return CapacityStep(
            level=level,
            requests=200,
            good=good,
            good_ratio=ratio_estimate(good, 200),
            tried=tried,
            requests_per_s=level * good / 200,
            output_tokens_per_s=level * 218,
            ttft_p50_ms=500 + 20 * level,
            ttft_p95_ms=800 + 60 * level,
            latency_p95_ms=9000.0,
            reasons=(),
        )

    found = Capacity(
        unit="requests/s",
        metric="good_ratio",
        at_least=0.95,
        held=8.0,
        failed=9.0,
        steps=(step(4, 200, Tried.HELD), step(8, 199, Tried.HELD), step(9, 150, Tried.FAILED)),
        ended=None,
        trials=None,
        sentence="8 requests/s hold good_ratio >= 0.95, 9 do not",
    )
    return replace(passing(), capacity=found, concurrency=None, timeline=timeline())
