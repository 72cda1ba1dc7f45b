"""From a plan, its samples and its ending to the result. Everything in a report can be computed again from those."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from ragmeter.core.client.harness import Harness
from ragmeter.core.compare.edge import edge_of
from ragmeter.core.figures.attribution import attribute
from ragmeter.core.figures.observe.estimates import whole_histograms
from ragmeter.core.figures.observe.over_time import lines_of
from ragmeter.core.figures.replicas import Replica, caveats_of_replicas, replicas_of
from ragmeter.core.figures.retrieval import Retrieval, caveat_of_retrieval
from ragmeter.core.figures.slowest import slowest_of
from ragmeter.core.figures.spans.joined import traced_of
from ragmeter.core.figures.summary import Figures, finite_distribution, finite_estimate, points_of, summarise
from ragmeter.core.figures.talks import Departures, caveat_of_departures, departures_of, talks_of
from ragmeter.core.figures.timeline import timeline_of
from ragmeter.core.money.cost import Cost
from ragmeter.core.requests.answers import caveats_of_answers, finish_reasons
from ragmeter.core.requests.metrics import METRICS
from ragmeter.core.requests.records import Phase, RequestSample
from ragmeter.core.requests.repeats import caveat_of_repeats
from ragmeter.core.requests.token_source import of_one_source, remarks, token_source
from ragmeter.core.result.failures import failure_groups, failures_of
from ragmeter.core.result.result import RunResult
from ragmeter.core.run.caches import caveat_of_marks
from ragmeter.core.run.plan import RunEnding, RunPlan
from ragmeter.core.run.probe_effect import effect_of_probe
from ragmeter.core.run.saturation import saturation_of
from ragmeter.core.run.serving import Serving, caveat_of_counts, serving_of, spans_of
from ragmeter.core.run.vantage import seen_by_users
from ragmeter.core.verdicts.of_run import judge_run
from ragmeter.core.verdicts.records import Outcome
from ragmeter.core.verdicts.steps import steps_of

MAX_POINTS = 5000
"""Requests that a plot shows; of more, every n-th."""


def result_of(
    plan: RunPlan, samples: Sequence[RequestSample], ending: RunEnding, *, raw_samples_path: str | None
) -> RunResult:
    """The result of a run, also of one that ended early."""
    workload, samples = plan.workload, of_one_source(samples)
    judged = judge_run(plan, samples, ending)
    measured, figures, cost = judged.measured, judged.figures, judged.cost
    seen = seen_by_users(measured, plan)
    warmup = summarise(samples, Phase.WARMUP, goodput=workload.goodput, seed=workload.seed)
    capacity = judged.capacity
    probe = plan.netprobe
    llm_round_trip_ms = probe.p50_ms if probe else None
    phase = figures.phase
    replicas = replicas_of(measured)
    left = departures_of(measured, ending.cache_counts)
    serving = serving_of(plan, measured, ending, figures)
    spans = spans_of(plan, ending)
    served = lines_of(spans)
    return RunResult(
        **{name: getattr(phase, name) for name in names_users_know},
        concurrency=workload.concurrency if capacity is None or workload.open_loop else _whole(capacity.held),
        warmup_requests=warmup.phase.requests,
        measured_requests=phase.requests,
        max_output_tokens=workload.max_output_tokens,
        phases={"warmup": warmup.phase, "measured": phase},
        workload_manifest_path=workload.path,
        workload_manifest_hash=workload.sha256,
        run_metadata=dict(plan.metadata),
        cost_reference=plan.provider_path if plan.cost else None,
        netprobe_reference=probe.path if probe else None,
        run_id=plan.run_id,
        status=ending.status,
        outcome=judged.outcome,
        ragmeter_version=plan.ragmeter_version,
        definitions_version=plan.definitions_version,
        started_at=plan.started_at,
        seed=workload.seed,
        trials=workload.trials if workload.until is None else figures.trials,
        workload=dict(workload.manifest),
        overrides=workload.overrides,
        estimates={name: finite_distribution(d) for name, d in figures.distributions().items()},
        rates={name: finite_estimate(estimate) for name, estimate in figures.rates.items()},
        errors_by_class=dict(figures.errors_by_class),
        verdicts=judged.verdicts,
        attribution=attribute(
            seen,
            llm_round_trip_ms,
            llm_network=probe.sentence if probe else None,
            is_valid=judged.outcome is not Outcome.INVALID,
            histograms=whole_histograms(figures.served),
        ),
        retrieval=judged.retrieval,
        cost=cost,
        harness=judged.harness,
        metadata_origins=dict(plan.metadata_origins),
        warnings=(
            *_warnings(plan, figures, ending, cost),
            *remarks(measured),
            *effect_of_probe(plan, measured),
        ),
        formulas={name: metric.formula for name, metric in METRICS.items()},
        points=points_of(seen, MAX_POINTS),
        capacity=capacity,
        undecided=ending.undecided,
        raw_samples_path=raw_samples_path,
        slowest=slowest_of(seen, plan.trace_url, llm_round_trip_ms, served),
        steps=steps_of(samples, workload, plan.gone_labels),
        ended_at=_ended_at(plan, samples),
        edge=edge_of(samples, plan, ending),
        token_source=token_source(measured),
        caveats=_caveats(plan, samples, judged.harness, replicas, judged.retrieval, left, serving),
        unknown=dict(figures.unknown),
        finish_reasons=finish_reasons(measured),
        overspent=judged.overspent,
        failures=failures_of(measured),
        caches=judged.caches,
        talks=talks_of(measured, workload.sessions),
        left=left,
        replicas=replicas,
        failure_groups=failure_groups(measured),
        timeline=timeline_of(measured, open_loop=workload.open_loop, served=served),
        variant=plan.variant,
        serving=serving,
        saturation=saturation_of(plan, ending, spans),
        traced=traced_of(measured, ending.traces, ending.received),
    )


def _ended_at(plan: RunPlan, samples: Sequence[RequestSample]) -> str | None:
    if not samples:
        return None
    length = timedelta(microseconds=max(sample.ended_ns for sample in samples) / 1000)
    return (datetime.fromisoformat(plan.started_at) + length).isoformat()


names_users_know = (
    "requests",
    "success",
    "errors",
    "ttft_p50_ms",
    "ttft_p95_ms",
    "latency_p50_ms",
    "latency_p95_ms",
    "tpot_p50_ms",
    "tpot_p95_ms",
    "avg_tokens_per_sec",
    "total_tokens",
    "avg_output_tokens",
    "total_prompt_tokens",
    "avg_prompt_tokens",
    "duration_seconds",
)


def _caveats(
    plan: RunPlan,
    samples: Sequence[RequestSample],
    harness: Harness,
    replicas: Sequence[Replica],
    retrieval: Retrieval | None,
    left: Departures | None,
    serving: Serving | None,
) -> tuple[str, ...]:
    """The weightiest first."""
    measured = [sample for sample in samples if sample.phase is Phase.MEASURED]
    more = (
        _caveat_of_proxy(plan.metadata.get("proxy")),
        caveat_of_repeats(samples),
        caveat_of_retrieval(retrieval),
        caveat_of_marks(plan),
        caveat_of_departures(left, len(measured)),
        caveat_of_counts(serving, failed=sum(not sample.ok for sample in measured)),
    )
    drawn = plan.workload.lengths is not None and plan.workload.lengths.output is not None
    of_answers = caveats_of_answers(measured, None if drawn else plan.workload.max_output_tokens)
    bursts = dict.fromkeys(harness.unjudged.values())
    return (*bursts, *of_answers, *caveats_of_replicas(replicas), *(each for each in more if each is not None))


def _caveat_of_proxy(proxy: str | None) -> str | None:
    if not proxy:
        return None
    return f"requests went through the proxy {proxy}: what it takes is in every figure, and round trips are to it"


def _whole(level: float | None) -> int | None:
    return None if level is None else int(level)


def _warnings(plan: RunPlan, figures: Figures, ending: RunEnding, cost: Cost | None) -> tuple[str, ...]:
    reason = (f"interrupted: {ending.reason}",) if ending.reason else ()
    undecided = (f"undecided: {ending.undecided}",) if ending.undecided else ()
    return (*reason, *undecided, *plan.warnings, *ending.warnings, *figures.warnings, *(cost.warnings if cost else ()))
