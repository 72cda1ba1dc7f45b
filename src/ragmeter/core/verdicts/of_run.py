"""A run and what is judged of it: its figures, its verdicts, and the outcome that they make."""

from collections.abc import Sequence
from dataclasses import dataclass

from ragmeter.core.client.harness import Harness
from ragmeter.core.figures.observe.watched import Watched
from ragmeter.core.figures.retrieval import Retrieval, labels_of, retrieval_of, retrieval_rates, why_no_retrieval
from ragmeter.core.figures.summary import Figures
from ragmeter.core.money.cost import Cost, cost_rates, withhold
from ragmeter.core.requests.quality_metrics import NEEDS_PASSAGES
from ragmeter.core.requests.records import Phase, RequestSample
from ragmeter.core.run.caches import Caches, caches_of
from ragmeter.core.run.figures import cost_of_run, harness_of_run
from ragmeter.core.run.plan import RunEnding, RunPlan
from ragmeter.core.run.serving import spans_of, with_servers
from ragmeter.core.run.vantage import figures_of
from ragmeter.core.verdicts.caches import withheld
from ragmeter.core.verdicts.capacity import Capacity, capacity_of
from ragmeter.core.verdicts.error_budget import overspent_in, with_budget
from ragmeter.core.verdicts.judge import judge_all, outcome_of_run
from ragmeter.core.verdicts.records import Outcome, SloVerdict
from ragmeter.core.verdicts.slo import Slo, parse_slo
from ragmeter.core.verdicts.step_verdicts import StepFigures, judge_steps


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRun:
    """measured: its samples of that phase. figures: with the costs and the recall as rates. overspent: as in
    `RunResult`.
    """

    measured: tuple[RequestSample, ...]
    figures: Figures
    retrieval: Retrieval | None
    cost: Cost | None
    harness: Harness
    capacity: Capacity | None
    caches: Caches
    verdicts: tuple[SloVerdict, ...]
    outcome: Outcome
    overspent: str | None


def judge_run(plan: RunPlan, samples: Sequence[RequestSample], ending: RunEnding) -> JudgedRun:
    """samples: of all phases, their tokens counted in one way."""
    measured = tuple(sample for sample in samples if sample.phase is Phase.MEASURED)
    slos = _slos(plan)
    spans = spans_of(plan, ending)
    figures, retrieval, cost = _figures(plan, measured, slos)
    figures = with_servers(figures, spans)
    harness, caches = harness_of_run(plan, ending, measured), caches_of(plan, samples, ending)
    label = f"{plan.workload.name} @ {plan.label}"
    steps = _steps(plan, measured, ending, slos, spans)
    judged = judge_steps(slos, steps, label) if steps else judge_all(slos, figures, harness, label)
    verdicts = withheld(judged, caches.undeclared)
    whole = ending.status == "complete" and ending.undecided is None and not caches.undeclared
    return JudgedRun(
        measured=measured,
        figures=figures,
        retrieval=retrieval,
        cost=cost,
        harness=harness,
        capacity=capacity_of(ending, samples, plan.workload, figures.rates["good_ratio"]),
        caches=caches,
        verdicts=verdicts,
        outcome=outcome_of_run(verdicts, harness, figures.phase.success, whole=whole),
        overspent=overspent_in(slos, figures.phase),
    )


def _slos(plan: RunPlan) -> list[Slo]:
    """Of records that were written without an error budget, too."""
    return [parse_slo(at.expression, at.origin) for at in with_budget(plan.slos, plan.workload.rates_per_s)]


def _figures(
    plan: RunPlan,
    measured: Sequence[RequestSample],
    slos: Sequence[Slo],
    rate_per_s: float | None = None,
    run: Sequence[RequestSample] | None = None,
) -> tuple[Figures, Retrieval | None, Cost | None]:
    """Everything that SLOs are judged on. Of a step: rate_per_s, and all measured samples of its run."""
    workload = plan.workload
    figures = figures_of(measured, Phase.MEASURED, plan)
    retrieval = retrieval_of(measured, labels_of(workload.prompts), workload.k, plan.gone_labels, run=run)
    cost = cost_of_run(plan, figures, measured)
    cost = None if cost is None else withhold(cost, overspent_in(slos, figures.phase, rate_per_s))
    return _with_rates(figures, retrieval, cost), retrieval, cost


def _steps(
    plan: RunPlan,
    measured: Sequence[RequestSample],
    ending: RunEnding,
    slos: Sequence[Slo],
    spans: Sequence[Watched],
) -> list[StepFigures]:
    """Of a sweep; empty otherwise."""
    found = []
    for number, rate_per_s in enumerate(plan.workload.rates_per_s):
        own = [sample for sample in measured if sample.step == number]
        figures, _, _ = _figures(plan, own, slos, rate_per_s, measured)
        figures = with_servers(figures, spans, number)
        harness = harness_of_run(plan, ending, own)
        found.append(StepFigures(step=number, rate_per_s=rate_per_s, figures=figures, harness=harness))
    return found


def _with_rates(figures: Figures, retrieval: Retrieval | None, cost: Cost | None) -> Figures:
    if retrieval is not None:
        figures = figures.with_rates(retrieval_rates(retrieval))
    if (why := why_no_retrieval(retrieval)) is not None:
        figures = figures.with_unknown(NEEDS_PASSAGES, why)
    if cost is not None:
        figures = figures.with_rates(cost_rates(cost, figures.phase, figures.rates))
    return figures
