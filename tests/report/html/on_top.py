"""Results whose page begins with what is theirs: failures that decide, a capacity, and a run over its time."""

import math
from dataclasses import replace
from typing import Any, Final

from ragmeter.core.figures.observe.served import ObserverCost
from ragmeter.core.figures.observe.split import StageBounds
from ragmeter.core.figures.timeline import Timeline
from ragmeter.core.result.failures import FailureCount, FailureGroup
from ragmeter.core.result.result import RunResult
from ragmeter.core.run.saturation import LoadedStep, Saturation
from ragmeter.core.run.serving import Serving
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
    """With what the servers told meanwhile, but for twenty seconds in which they were not read."""
    at = timeline()
    bins = range(len(at.in_flight))
    told = {
        "llm_running": [min(8.0, round(value)) for value in at.in_flight],
        "llm_waiting": [max(0.0, place - 40.0) for place in bins],
        "kv_cache_usage_ratio": [min(1.0, 0.3 + place / 70) for place in bins],
        "llm_output_tokens_per_s": [180 + 30 * math.sin(place / 4) for place in bins],
        "preemptions_per_s": [0.2 if place > 50 else 0.0 for place in bins],
    }
    servers = {
        name: tuple(None if 20 <= place < 24 else value for place, value in enumerate(values))
        for name, values in told.items()
    }
    met = {"llm_running": 8.0, "llm_waiting": 12.0, "kv_cache_usage_ratio": 0.97}
    base = passing()
    slowest = tuple(replace(one, meanwhile=met if place % 3 else {}) for place, one in enumerate(base.slowest))
    return replace(base, timeline=replace(at, servers=servers), slowest=slowest)


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
    return replace(passing(), capacity=found, concurrency=None, timeline=timeline(), **_served())


def _served() -> dict[str, Any]:
    """What the servers told at each load of a search."""
    loads = [(4.0, 2.1, 5.0, 0.0, 0.31), (8.0, 7.2, 8.0, 0.4, 0.83), (9.0, 8.0, 8.0, 14.0, 0.99)]
    steps = tuple(
        LoadedStep(
            level=level,
            running_mean=running,
            running_max=most,
            waiting_mean=waiting,
            kv_cache_usage_max_ratio=usage,
            preemptions=0.0,
        )
        for level, running, most, waiting, usage in loads
    )
    words = "the KV cache was full first, at 9 requests/s"
    saturation = Saturation(unit="requests/s", steps=steps, full={"kv_cache": 9.0}, sentence=words)
    cost = ObserverCost(sources=1, readings=310, failed=0, took_mean_ms=4.1, took_max_ms=18.0, cpu_ratio=0.004)
    return {"saturation": saturation, "serving": Serving(trials=(), figures={}, counts=(), cost=cost)}


def bounded() -> RunResult:
    """Of whose breakdown one stage is known by a histogram of the LLM server, and one between its bounds alone."""
    base = passing()
    assert base.attribution is not None
    first, second, *others = base.attribution.stages
    stages = (
        replace(first, basis="histogram"),
        replace(second, basis="bounded", low_ms=second.mean_ms / 2, high_ms=second.mean_ms * 2),
        *others,
    )
    bounds = StageBounds(name="llm_queue", label="LLM queue", low_ms=0.0, high_ms=120.0)
    split = "the LLM servers' histograms have 80 requests, of which these 60 are a part"
    found = replace(base.attribution, stages=stages, bounded_ratio=0.04, llm_split=split, tail_bounds=(bounds,))
    return replace(base, attribution=found)
