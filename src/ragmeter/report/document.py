"""From a plan, its samples and its ending to the result. Everything in a report can be computed again from those."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from ragmeter.core.attribution import attribute
from ragmeter.core.capacity import capacity_of
from ragmeter.core.cost import cost_rates
from ragmeter.core.edge import edge_of
from ragmeter.core.metrics import METRICS
from ragmeter.core.probe_effect import effect_of_probe
from ragmeter.core.records import Phase, RequestSample
from ragmeter.core.result import Cost, Outcome, Retrieval, RunResult
from ragmeter.core.retrieval import retrieval_of, retrieval_rates
from ragmeter.core.run import RunEnding, RunPlan
from ragmeter.core.run_figures import cost_of_run, harness_of_run
from ragmeter.core.slo import parse_slo
from ragmeter.core.slowest import slowest_of
from ragmeter.core.step_verdicts import StepFigures, judge_steps
from ragmeter.core.steps import steps_of
from ragmeter.core.summary import Figures, finite_distribution, finite_estimate, summarise
from ragmeter.core.vantage import figures_of, seen_by_users
from ragmeter.core.verdicts import judge, overall

MAX_POINTS = 5000
"""Requests that a plot shows; of more, every n-th."""


def result_of(
    plan: RunPlan, samples: Sequence[RequestSample], ending: RunEnding, *, raw_samples_path: str | None
) -> RunResult:
    """The result of a run, also of one that ended early."""
    workload = plan.workload
    measured = [sample for sample in samples if sample.phase is Phase.MEASURED]
    seen = seen_by_users(measured, plan)
    figures, retrieval, cost = _figures(plan, measured)
    warmup = summarise(samples, Phase.WARMUP, goodput=workload.goodput, seed=workload.seed)
    harness = harness_of_run(plan, ending, measured)
    capacity = capacity_of(ending, samples, workload, figures.rates["good_ratio"])
    probe = plan.netprobe
    llm_round_trip_ms = probe.p50_ms if probe else None
    label = f"{workload.name} @ {plan.provider}"
    slos = [parse_slo(declared.expression, declared.origin) for declared in plan.slos]
    steps = _steps(plan, measured, ending)
    verdicts = tuple(judge_steps(slo, steps, label) if steps else judge(slo, figures, harness, label) for slo in slos)
    phase = figures.phase
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
        outcome=_outcome(overall(verdicts, harness, phase.success), ending),
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
        verdicts=verdicts,
        attribution=attribute(seen, llm_round_trip_ms, llm_network=probe.sentence if probe else None),
        retrieval=retrieval,
        cost=cost,
        harness=harness,
        metadata_origins=dict(plan.metadata_origins),
        warnings=(*_warnings(plan, figures, ending, cost), *effect_of_probe(plan, measured)),
        formulas={name: metric.formula for name, metric in METRICS.items()},
        points=figures.points[:: -(-len(figures.points) // MAX_POINTS) or 1],
        capacity=capacity,
        undecided=ending.undecided,
        raw_samples_path=raw_samples_path,
        slowest=slowest_of(seen, plan.trace_url, llm_round_trip_ms),
        steps=steps_of(samples, workload),
        ended_at=_ended_at(plan, samples),
        edge=edge_of(samples, plan, ending),
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


def _figures(plan: RunPlan, measured: Sequence[RequestSample]) -> tuple[Figures, Retrieval | None, Cost | None]:
    """Everything that SLOs are judged on."""
    workload = plan.workload
    figures = figures_of(measured, Phase.MEASURED, plan)
    retrieval = retrieval_of(measured, {i: p.relevant for i, p in enumerate(workload.prompts)}, workload.k)
    cost = cost_of_run(plan, figures, measured)
    return _with_rates(figures, retrieval, cost), retrieval, cost


def _steps(plan: RunPlan, measured: Sequence[RequestSample], ending: RunEnding) -> list[StepFigures]:
    """Of a sweep; empty otherwise."""
    found = []
    for number, rate_per_s in enumerate(plan.workload.rates_per_s):
        own = [sample for sample in measured if sample.step == number]
        figures, _, _ = _figures(plan, own)
        harness = harness_of_run(plan, ending, own)
        found.append(StepFigures(step=number, rate_per_s=rate_per_s, figures=figures, harness=harness))
    return found


def _with_rates(figures: Figures, retrieval: Retrieval | None, cost: Cost | None) -> Figures:
    if retrieval is not None:
        figures = figures.with_rates(retrieval_rates(retrieval))
    if cost is not None:
        figures = figures.with_rates(cost_rates(cost, figures.phase, figures.rates))
    return figures


def _whole(level: float | None) -> int | None:
    return None if level is None else int(level)


def _outcome(outcome: Outcome, ending: RunEnding) -> Outcome:
    """Half of a run can fail and cannot pass; nor can one that did not come to know what it was to know."""
    cannot_pass = ending.status == "interrupted" or ending.undecided is not None
    return Outcome.INCONCLUSIVE if outcome is Outcome.PASS and cannot_pass else outcome


def _warnings(plan: RunPlan, figures: Figures, ending: RunEnding, cost: Cost | None) -> tuple[str, ...]:
    reason = (f"interrupted: {ending.reason}",) if ending.reason else ()
    undecided = (f"undecided: {ending.undecided}",) if ending.undecided else ()
    return (*reason, *undecided, *plan.warnings, *ending.warnings, *figures.warnings, *(cost.warnings if cost else ()))
