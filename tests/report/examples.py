"""Results that look like real ones, one for each state a run can end in. Drawn from seeded random numbers."""

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final

from ragmeter.core.client.harness import Harness
from ragmeter.core.compare.edge import Edge, EdgeMetric
from ragmeter.core.figures.retrieval import Retrieval
from ragmeter.core.figures.series import Distribution
from ragmeter.core.figures.summary import Point
from ragmeter.core.inputs.workload import Override
from ragmeter.core.result.result import RunResult
from ragmeter.core.run.caches import Caches, TrialHitRatio
from ragmeter.core.stats.estimate import Estimate
from ragmeter.core.verdicts.records import Outcome, SloVerdict
from tests.report.figures import (
    attribution,
    classes_of,
    cost,
    distribution,
    judge,
    mean_estimate,
    phase,
    points,
    rates_of,
    ratio_estimate,
)
from tests.report.slow import slow_requests

CACHES: Final = Caches(
    declared="cold",
    marked_by="cache_salt",
    requests=40,
    questions=30,
    repeated_in_run=10,
    repeated_in_trial=4,
    hit_ratio=Estimate(value=0.004, low=0.001, high=0.009, n=40, enough=True),
    trials=(TrialHitRatio(trial=0, hit_ratio=0.004, source="usage"),),
)
HOSTILE: Final = '<script>alert("x")</script> \' & \x1b[31m'


METADATA: Final[dict[str, Any]] = {
    "provider": "akamai-lke",
    "region": "us-ord",
    "cluster_label": "rag-bench-ord",
    "node_instance_type": "g2-gpu-rtx4000a1-s",
    "gpu_model": "NVIDIA RTX 4000 Ada Generation",
    "gpu_count": 1,
    "ray_version": None,
    "vllm_version": "0.32.0",
    "model_id": "Qwen/Qwen3-1.7B",
    "dtype": "float16",
    "quantization": None,
    "max_model_len": 8192,
    "backend_image_tag": "2026.11.3@sha256:4b1f0d7c9a1e5d8f2c6b7a3e9d0f1c2b3a4958677685940312233445566778899",
    "frontend_image_tag": None,
    "vllm_image_tag": "v0.32.0",
    "timestamp": "2026-11-20T09:31:07Z",
    "k": 5,
    "docset": "default",
    "dataset": None,
    "max_output_tokens": 256,
    "cost_config_path": "fixtures/providers/akamai-lke.yaml",
    "netprobe_ew_path": None,
}


ORIGINS: Final[dict[str, str | None]] = {
    "provider": "option --provider",
    "region": "declared in fixtures/providers/akamai-lke.yaml",
    "cluster_label": "declared in the environment",
    "node_instance_type": "Kubernetes",
    "gpu_model": "Kubernetes",
    "gpu_count": "Kubernetes",
    "vllm_version": "LLM",
    "model_id": "backend /info",
    "dtype": "backend /info",
    "max_model_len": "backend /info",
    "backend_image_tag": "backend /info",
    "vllm_image_tag": "Kubernetes",
    "timestamp": "clock",
    "k": "manifest",
    "docset": "manifest",
    "max_output_tokens": "manifest",
    "cost_config_path": "provider file",
}


FORMULAS: Final = {
    "ttft_ms": "t_F - t_send: first non-empty answer text, from the first byte of the request sent",
    "tpot_ms": "(t_L - t_F) / (N - n_F); none when N ≤ n_F",
    "itl_ms": "gap between successive text events, pooled over requests",
    "e2e_ms": "t_E - t_send",
    "output_tokens_per_s": "Σ N of successes / duration of the measured phase",
    "good_ratio": "requests that meet every per-request SLO / all requests sent",
    "error_ratio": "failed requests / all requests sent",
}


HARNESS: Final = Harness(
    clock="CLOCK_MONOTONIC, user space",
    client_cpu_ratio=0.22,
    schedule_lag_p99_ms=0.41,
    offered_rate_per_s=None,
    achieved_rate_per_s=2.41,
    peak_concurrency=10,
    effective_decode_concurrency=7.6,
)


@cache
def passing(n: int = 500, failures: int = 3, ttft_ms: float = 640.0, tpot_ms: float = 38.0, seed: int = 7) -> RunResult:
    """A run that meets its SLOs; the other states are made from it."""
    drawn = points(n, failures=failures, ttft_ms=ttft_ms, tpot_ms=tpot_ms, seed=seed)
    good = [point for point in drawn if point.error is None]
    duration_s, tokens = (n * 0.41 + 9) or 1.0, len(good) * 218
    measured = phase(drawn, duration_s, tokens)
    estimates = _estimates(good)
    rates = rates_of(len(good), n, tokens, duration_s)
    verdicts = (
        judge("p95(ttft_ms) <= 1500", estimates["ttft_ms"].p95, 1500),
        judge("p50(tpot_ms) <= 45", estimates["tpot_ms"].p50, 45),
        judge("error_ratio <= 0.02", rates["error_ratio"], 0.02),
        judge("good_ratio >= 0.95", rates["good_ratio"], 0.95),
    )
    return RunResult(
        caches=CACHES,
        requests=n + 10,
        concurrency=10,
        success=len(good),
        errors=n - len(good),
        ttft_p50_ms=measured.ttft_p50_ms,
        ttft_p95_ms=measured.ttft_p95_ms,
        latency_p50_ms=measured.latency_p50_ms,
        latency_p95_ms=measured.latency_p95_ms,
        tpot_p50_ms=measured.tpot_p50_ms,
        tpot_p95_ms=measured.tpot_p95_ms,
        avg_tokens_per_sec=measured.avg_tokens_per_sec,
        total_tokens=tokens,
        avg_output_tokens=measured.avg_output_tokens,
        total_prompt_tokens=measured.total_prompt_tokens,
        avg_prompt_tokens=measured.avg_prompt_tokens,
        duration_seconds=duration_s,
        warmup_requests=10,
        measured_requests=n,
        max_output_tokens=256,
        phases={
            "warmup": phase(points(10, failures=0, ttft_ms=ttft_ms * 3, tpot_ms=tpot_ms, seed=1), 6.2, 2180),
            "measured": measured,
        },
        workload_manifest_path="workloads/standard.yaml",
        workload_manifest_hash="sha256:9d2c0f3f2b60a1e9d5f6f0c0a3d4b5968778695a4b3c2d1e0f9e8d7c6b5a4938",
        run_metadata=METADATA,
        cost_reference="fixtures/providers/akamai-lke.yaml",
        netprobe_reference=None,
        run_id="01JD4W5X7K2M9Q8R3T6V0Z1A2B",
        status="complete",
        outcome=_worst(verdicts),
        ragmeter_version="0.1.0",
        definitions_version="1",
        started_at="2026-11-20T09:31:07.204511Z",
        seed=20261120,
        trials=1,
        workload={
            "schema": "workload.v1",
            "name": "standard",
            "version": "1.0",
            "benchmark": {
                "concurrency": 10,
                "requests": n,
                "warmup_requests": 10,
                "timeout": 120,
                "max_output_tokens": 256,
            },
            "retrieval": {"k": 5, "docset": "default"},
            "prompts": [
                "Explain what this system is and why vLLM matters.",
                "What are the key features of RAG systems?",
            ],
            "slo": [at.slo for at in verdicts],
        },
        overrides=(Override(key="benchmark.requests", manifest=100, used=n, origin="option --bench-requests"),),
        estimates=estimates,
        rates=rates,
        errors_by_class=classes_of(drawn),
        verdicts=verdicts,
        attribution=attribution([point.ttft_ms for point in good if point.ttft_ms is not None]) if good else None,
        retrieval=Retrieval(
            k=5, n=200, recall_at_k=mean_estimate([1.0] * 188 + [0.5] * 12), hit_ratio=ratio_estimate(197, 200)
        ),
        cost=cost(len(good), tokens, duration_s),
        harness=HARNESS,
        metadata_origins=ORIGINS,
        warnings=(),
        formulas=FORMULAS,
        points=drawn,
        slowest=slow_requests(drawn),
        raw_samples_path="reports/ns/akamai-lke/2026-11-20T09-31-07Z.samples.jsonl",
        ended_at="2026-11-20T09:41:09.500000+00:00",
    )


def _estimates(good: Sequence[Point]) -> dict[str, Distribution]:
    rng = random.Random(3)
    gaps = [rng.lognormvariate(3.6, 0.3) for _ in range(len(good) * 20)]
    named = {name: [getattr(point, name) for point in good] for name in ("ttft_ms", "tpot_ms", "e2e_ms")}
    return {name: distribution(values) for name, values in (named | {"itl_ms": gaps}).items()}


def _worst(verdicts: Sequence[SloVerdict]) -> Outcome:
    order = (Outcome.FAIL, Outcome.NO_DATA, Outcome.INCONCLUSIVE)
    return next((outcome for outcome in order if any(at.outcome is outcome for at in verdicts)), Outcome.PASS)


def failing() -> RunResult:
    """Slower than its SLO, with a queue and 41 failed requests; its backend sends traces."""
    made = passing(failures=41, ttft_ms=1320.0, tpot_ms=52.0, seed=11)
    return replace(made, slowest=slow_requests(made.points, traced=True))


def inconclusive() -> RunResult:
    """The bound lies inside the interval of p95."""
    return passing(failures=1, ttft_ms=745.0, seed=5)


def no_data() -> RunResult:
    """Forty requests: no p95, no p99."""
    return passing(n=40, failures=0, seed=9)


def invalid() -> RunResult:
    late = replace(
        HARNESS,
        client_cpu_ratio=0.97,
        schedule_lag_p99_ms=212.0,
        offered_rate_per_s=20.0,
        achieved_rate_per_s=17.3,
        reasons=(
            "the client's CPU was at 97 %, above 85 %",
            "17.3 requests/s were sent instead of 20 (-13.5 %, allowed 2 %)",
            "p99 schedule lag of 212 ms is 33 % of the median TTFT, allowed 1 %",
        ),
    )
    unjudged = tuple(
        replace(at, outcome=Outcome.INVALID, sentence=f"{at.slo}: not judged, the measurement is not valid")
        for at in passing().verdicts
    )
    return replace(passing(), outcome=Outcome.INVALID, harness=late, concurrency=None, verdicts=unjudged)


def interrupted() -> RunResult:
    warnings = ("interrupted: Ctrl-C", "8 requests ended by the client's own doing: neither successes nor errors")
    return replace(passing(n=160, failures=0, seed=21), status="interrupted", warnings=warnings)


def without_success() -> RunResult:
    """Every request failed: figures are unknown, not zero."""
    base = passing(n=30, failures=30, seed=2)
    empty = {name: distribution([]) for name in base.estimates}
    return replace(base, estimates=empty, retrieval=None, cost=cost(0, 0, 21.3), total_tokens=None)


def bare() -> RunResult:
    """The least a result can hold."""
    return replace(
        without_success(),
        concurrency=None,
        duration_seconds=None,
        estimates={},
        rates={},
        verdicts=(),
        outcome=Outcome.NO_DATA,
        cost=None,
        points=(),
        slowest=(),
        phases={},
        overrides=(),
        errors_by_class={},
        run_metadata={},
        metadata_origins={},
        formulas={},
        workload={},
        raw_samples_path=None,
    )


def tiny() -> RunResult:
    """Six requests: no interval has both ends, throughputs have none at all."""
    base = passing(n=6, failures=0, seed=4)
    bounds = tuple(replace(at, low=None, high=None) for at in base.verdicts)
    rates = {name: replace(at, low=None, high=None) for name, at in base.rates.items()}
    return replace(base, verdicts=bounds, rates=rates, attribution=None)


def hostile() -> RunResult:
    """Text from outside that tries to be markup, in every place that can carry text."""
    base = failing()
    bad = tuple(replace(at, sentence=HOSTILE, slo=HOSTILE, origin=HOSTILE) for at in base.verdicts)
    return replace(
        base,
        verdicts=bad,
        slowest=tuple(
            replace(at, error=HOSTILE, trace_id=HOSTILE, trace_url="javascript:alert(1)") for at in base.slowest
        ),
        run_metadata=dict.fromkeys((*METADATA, HOSTILE), HOSTILE),
        metadata_origins=dict.fromkeys(ORIGINS, HOSTILE),
        workload={"name": HOSTILE, "prompts": [HOSTILE]},
        warnings=(HOSTILE,),
        errors_by_class={HOSTILE: 3},
        overrides=(Override(key=HOSTILE, manifest=HOSTILE, used=[HOSTILE], origin=HOSTILE),),
        formulas={HOSTILE: HOSTILE},
        harness=replace(HARNESS, clock=HOSTILE, reasons=(HOSTILE,)),
        estimates=base.estimates | {HOSTILE: base.estimates["ttft_ms"]},
        workload_manifest_path=HOSTILE,
        started_at=HOSTILE,
        run_id=HOSTILE,
    )


def second_provider() -> RunResult:
    """The same workload on another provider."""
    base = passing(failures=2, ttft_ms=410.0, tpot_ms=54.2, seed=13)
    elsewhere = METADATA | {
        "provider": "aws-eks",
        "region": "us-east-2",
        "cluster_label": "rag-bench-ohio",
        "node_instance_type": "g6.xlarge",
        "gpu_model": "NVIDIA L4",
    }
    return replace(base, run_metadata=elsewhere, cost=cost(base.success, 108_000, 214.0, 0.8048))


def two_vantages() -> RunResult:
    """Of which half of the requests were sent from inside of the cluster."""

    def at(metric: str, statistic: str | None, inside: float, adds: float, spread: float) -> EdgeMetric:
        difference = Estimate(value=adds, low=adds - spread, high=adds + spread, n=5, enough=statistic != "p95")
        unit = "ratio" if statistic is None else "ms"
        return EdgeMetric(
            metric=metric, statistic=statistic, unit=unit, inside=inside, outside=inside + adds, difference=difference
        )

    edge = Edge(
        trials=5,
        inside_requests=250,
        outside_requests=250,
        metrics=(
            at("ttft_ms", "p50", 628.0, 12.1, 2.2),
            at("ttft_ms", "p95", 1190.0, 14.0, 31.0),
            at("itl_ms", "p99", 61.0, 0.4, 0.9),
            at("connect_ms", "p50", 0.4, 27.5, 1.2),
            at("round_trip_ms", "p50", 0.3, 9.0, 0.2),
            at("error_ratio", None, 0.004, -0.001, 0.003),
        ),
        sentence="the edge (load balancer, ingress, internet) adds 12.1 ms [9.9, 14.3] to p50 TTFT, of which 9 ms is "
        "round trip",
        caveats=("the requests from outside took 9 % longer in all than those from inside",),
    )
    return replace(passing(), edge=edge)


def every_state() -> dict[str, RunResult]:
    return {
        "two_vantages": two_vantages(),
        "pass": passing(),
        "fail": failing(),
        "inconclusive": inconclusive(),
        "no_data": no_data(),
        "invalid": invalid(),
        "interrupted": interrupted(),
        "without_success": without_success(),
        "bare": bare(),
        "tiny": tiny(),
        "hostile": hostile(),
        "second_provider": second_provider(),
    }
