"""The figures of each step of a sweep: what a curve of latency over throughput is drawn from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from ragmeter.core.client.harness import harness_of
from ragmeter.core.figures.quality.known import known_quality
from ragmeter.core.figures.retrieval import labels_of, retrieval_of
from ragmeter.core.figures.summary import summarise
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.requests.records import Phase, RequestSample
from ragmeter.core.stats.estimate import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a sweep, over all trials. rate_per_s: as asked for; offered and achieved are as in `Harness`.

    quality: of what was retrieved, and the means of what was answered, as far as they are known.
    """

    step: int
    rate_per_s: float
    offered_rate_per_s: float | None
    achieved_rate_per_s: float | None
    requests: int
    errors: int
    requests_per_s: float | None
    output_tokens_per_s: float | None
    ttft_p50_ms: float | None
    ttft_p95_ms: float | None
    tpot_p50_ms: float | None
    tpot_p95_ms: float | None
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    peak_concurrency: int
    quality: Mapping[str, Estimate] = field(default_factory=dict)


def steps_of(samples: Sequence[RequestSample], workload: Workload, gone: Collection[str] = ()) -> tuple[Step, ...]:
    """Of the measured requests, over all trials; empty when the load had one step. gone: as in `retrieval_of`."""
    measured = [sample for sample in samples if sample.phase is Phase.MEASURED]
    found = enumerate(workload.rates_per_s)
    return tuple(
        _step([sample for sample in measured if sample.step == number], measured, workload, number, rate, gone)
        for number, rate in found
    )


def _step(
    samples: Sequence[RequestSample],
    run: Sequence[RequestSample],
    workload: Workload,
    number: int,
    rate_per_s: float,
    gone: Collection[str],
) -> Step:
    figures = summarise(samples, Phase.MEASURED, goodput=workload.goodput, seed=workload.seed)
    harness = harness_of(samples, clock="", open_loop=True, client_cpu_ratio=None)
    phase = figures.phase
    retrieval = retrieval_of(samples, labels_of(workload.prompts), workload.k, gone, run=run)
    return Step(
        step=number,
        rate_per_s=rate_per_s,
        offered_rate_per_s=harness.offered_rate_per_s,
        achieved_rate_per_s=harness.achieved_rate_per_s,
        requests=phase.requests,
        errors=phase.errors,
        requests_per_s=phase.requests_per_s,
        output_tokens_per_s=phase.output_tokens_per_s,
        ttft_p50_ms=phase.ttft_p50_ms,
        ttft_p95_ms=phase.ttft_p95_ms,
        tpot_p50_ms=phase.tpot_p50_ms,
        tpot_p95_ms=phase.tpot_p95_ms,
        latency_p50_ms=phase.latency_p50_ms,
        latency_p95_ms=phase.latency_p95_ms,
        peak_concurrency=harness.peak_concurrency,
        quality=known_quality(figures, retrieval),
    )
