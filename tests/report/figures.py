"""Figures of the examples, drawn from seeded random numbers: points, distributions, verdicts, cost."""

import math
import random
from collections.abc import Sequence
from typing import Any, Final

from ragmeter.core.figures.attribution import Attribution
from ragmeter.core.figures.series import Distribution
from ragmeter.core.figures.stages import Stage
from ragmeter.core.figures.summary import PhaseFigures, Point
from ragmeter.core.money.cost import Cost
from ragmeter.core.stats.estimate import Estimate
from ragmeter.core.verdicts.records import Outcome, SloVerdict

_Z: Final = 1.959964


_MINIMUM: Final = {0.5: 12, 0.9: 64, 0.95: 130, 0.99: 662}


def quantile_estimate(values: Sequence[float], q: float) -> Estimate:
    """Order statistics with the normal approximation of their ranks: good enough for a picture."""
    n, ordered = len(values), sorted(values)
    if not n:
        return Estimate(value=None, low=None, high=None, n=0, enough=False)
    spread = _Z * math.sqrt(n * q * (1 - q))
    low, high = math.floor(n * q - spread), math.ceil(n * q + spread)
    return Estimate(
        value=ordered[min(math.ceil(n * q), n) - 1],
        low=ordered[low - 1] if low >= 1 else None,
        high=ordered[high - 1] if high <= n else None,
        n=n,
        enough=n >= _MINIMUM[q],
    )


def mean_estimate(values: Sequence[float]) -> Estimate:
    n = len(values)
    if n < 2:
        return Estimate(value=values[0] if n else None, low=None, high=None, n=n, enough=False)
    mean = sum(values) / n
    error = _Z * math.sqrt(sum((value - mean) ** 2 for value in values) / (n - 1) / n)
    return Estimate(value=mean, low=mean - error, high=mean + error, n=n, enough=n >= 30)


def ratio_estimate(good: int, n: int) -> Estimate:
    """Wilson's interval."""
    if not n:
        return Estimate(value=None, low=None, high=None, n=0, enough=False)
    share, square = good / n, _Z * _Z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = _Z / (1 + square / n) * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return Estimate(value=share, low=max(middle - half, 0.0), high=min(middle + half, 1.0), n=n, enough=True)


def distribution(values: Sequence[float], unit: str = "ms") -> Distribution:
    p50, p90, p95, p99 = (quantile_estimate(values, q) for q in (0.5, 0.9, 0.95, 0.99))
    ends = (min(values), max(values)) if values else (None, None)
    return Distribution(
        unit=unit,
        n=len(values),
        mean=mean_estimate(values),
        p50=p50,
        p90=p90,
        p95=p95,
        p99=p99,
        min=ends[0],
        max=ends[1],
    )


def points(n: int, *, failures: int, ttft_ms: float, tpot_ms: float, seed: int) -> tuple[Point, ...]:
    rng = random.Random(seed)
    failed = set(rng.sample(range(n), failures))
    return tuple(_point(index, index in failed, ttft_ms, tpot_ms, rng) for index in range(n))


def _point(index: int, failed: bool, ttft_ms: float, tpot_ms: float, rng: random.Random) -> Point:
    at = index * 0.41 + rng.random() * 0.2
    if failed:
        error = rng.choice(("timeout", "timeout", "truncated", "http_status"))
        return Point(t_s=at, ttft_ms=None, e2e_ms=None, tpot_ms=None, error=error)
    first = ttft_ms * rng.lognormvariate(0, 0.42)
    pace = tpot_ms * rng.lognormvariate(0, 0.1)
    return Point(t_s=at, ttft_ms=first, e2e_ms=first + pace * rng.randint(180, 255), tpot_ms=pace, error=None)


_STAGES: Final[tuple[tuple[str, str, float, Any], ...]] = (
    ("queue", "Queue in the backend", 0.24, "server"),
    ("embedding", "Embedding of the query", 0.04, "server"),
    ("retrieval", "Retrieval", 0.015, "server"),
    ("inference_ttft", "LLM to its first token", 0.665, "server"),
    ("rest", "Network and proxies", 0.04, "remainder"),
)


def stages(total_ms: float, shares: Sequence[float] | None = None) -> tuple[Stage, ...]:
    used = shares or [share for _, _, share, _ in _STAGES]
    return tuple(
        Stage(name=name, label=label, mean_ms=total_ms * share, share_ratio=share, basis=basis)
        for (name, label, _, basis), share in zip(_STAGES, used, strict=True)
    )


def attribution(values: Sequence[float]) -> Attribution:
    mean = sum(values) / len(values)
    tail = sorted(values)[-max(len(values) // 20, 1) :]
    tail_mean = sum(tail) / len(tail)
    return Attribution(
        n=len(values),
        ttft_mean_ms=mean,
        stages=stages(mean),
        tail=stages(tail_mean, (0.616, 0.02, 0.01, 0.334, 0.02)) if len(values) >= 20 else None,
        tail_ttft_mean_ms=tail_mean if len(values) >= 20 else None,
        decode_mean_ms=8120.0,
        measured_ratio=0.85,
        tail_sentence=None,
        sentence="66.5 % of the time to first token is the LLM's; in the tail it is the queue (61 %).",
    )


def verdict(slo: str, outcome: Outcome, at: Estimate, bound: float, sentence: str) -> SloVerdict:
    statistic, _, rest = slo.partition("(")
    metric, operator = (rest.partition(")")[0], "<=") if rest else slo.split(maxsplit=2)[:2]
    return SloVerdict(
        slo=slo,
        outcome=outcome,
        sentence=sentence,
        metric=metric,
        statistic=statistic if rest else None,
        operator=operator,
        bound=bound,
        value=at.value,
        low=at.low,
        high=at.high,
        n=at.n,
        origin="workloads/standard.yaml",
    )


def judge(slo: str, at: Estimate, bound: float) -> SloVerdict:
    """Three-way rule on an upper or lower bound, for examples that agree with themselves."""
    upper = "<=" in slo
    if at.value is None or not at.enough or at.low is None or at.high is None:
        return verdict(slo, Outcome.NO_DATA, at, bound, f"{slo}: too few samples to judge (n={at.n})")
    inside, outside = (at.high <= bound, at.low > bound) if upper else (at.low >= bound, at.high < bound)
    outcome = Outcome.PASS if inside else Outcome.FAIL if outside else Outcome.INCONCLUSIVE
    shown = (
        f"{slo.partition(' ')[0]} = {at.value:.4g} against {bound:g}  (95% CI {at.low:.4g}..{at.high:.4g}, n={at.n})"
    )
    return verdict(slo, outcome, at, bound, shown)


def cost(success: int, tokens: int, duration_s: float, gpu_usd: float = 0.52) -> Cost:
    hourly = gpu_usd + 0.072
    run = hourly * duration_s / 3600
    return Cost(
        as_of="2026-01-30",
        source="https://www.linode.com/pricing/",
        hourly_cluster_cost_usd=hourly,
        benchmark_run_cost_usd=run,
        egress_cost_usd=0.0000041,
        usd_per_1m_tokens=run / tokens * 1e6 if tokens else None,
        usd_per_1m_good_tokens=run / tokens * 1.04e6 if tokens else None,
        usd_per_request=run / 500,
        usd_per_successful_request=run / success if success else None,
        usd_per_good_request=run / success * 1.04 if success else None,
        usd_per_month=hourly * 730,
        parts={"gpu_nodes": gpu_usd, "cpu_nodes": 0.072, "cluster_management": 0.0},
        warnings=("the price sheet is 294 days old",),
    )


def phase(values: Sequence[Point], duration_s: float, tokens: int) -> PhaseFigures:
    good = [point for point in values if point.error is None]
    ttft, e2e, tpot = (distribution([getattr(p, name) for p in good]) for name in ("ttft_ms", "e2e_ms", "tpot_ms"))
    return PhaseFigures(
        requests=len(values),
        success=len(good),
        errors=len(values) - len(good),
        duration_seconds=duration_s,
        ttft_p50_ms=ttft.p50.value,
        ttft_p95_ms=ttft.p95.value,
        latency_p50_ms=e2e.p50.value,
        latency_p95_ms=e2e.p95.value,
        tpot_p50_ms=tpot.p50.value,
        tpot_p95_ms=tpot.p95.value,
        avg_tokens_per_sec=17.7 if good else None,
        total_tokens=tokens,
        avg_output_tokens=tokens / len(good) if good else None,
        total_prompt_tokens=len(good) * 812,
        avg_prompt_tokens=812.0 if good else None,
        output_tokens_per_s=tokens / duration_s,
        requests_per_s=len(good) / duration_s,
    )


def rates_of(success: int, n: int, tokens: int, duration_s: float) -> dict[str, Estimate]:
    def around(value: float) -> Estimate:
        return Estimate(value=value, low=value * 0.96, high=value * 1.035, n=n, enough=n >= 30)

    return {
        "output_tokens_per_s": around(tokens / duration_s),
        "requests_per_s": around(success / duration_s),
        "goodput_rps": around(success * 0.98 / duration_s),
        "good_ratio": ratio_estimate(round(success * 0.985), n),
        "error_ratio": ratio_estimate(n - success, n),
        "stall_ratio": ratio_estimate(round(n * 0.03), n),
    }


def classes_of(drawn: Sequence[Point]) -> dict[str, int]:
    found = [point.error for point in drawn if point.error is not None]
    return {name: found.count(name) for name in sorted(set(found))}
