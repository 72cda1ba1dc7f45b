"""Runs as the sides of a comparison: one figure a trial for each declared metric."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ragmeter.core.client.harness import Harness
from ragmeter.core.compare.caveats import Conditions, caveats_of_run
from ragmeter.core.compare.circumstances import asked_of, declared_of, price_doubt, seconds_per_trial
from ragmeter.core.compare.comparison import Side
from ragmeter.core.compare.imported import ImportedTrials, measure_imported
from ragmeter.core.compare.measured import DECLARED, MeasuredRun, labels
from ragmeter.core.figures.curves import curves_of
from ragmeter.core.figures.steady import steady_state
from ragmeter.core.figures.summary import Figures, finite_estimate, summarise
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.money.cost import Cost, withhold
from ragmeter.core.money.economics import Terms, economics
from ragmeter.core.requests.figure import Figure, percentile_share
from ragmeter.core.requests.records import Phase, RequestSample
from ragmeter.core.requests.token_source import of_one_source, remarks, token_source
from ragmeter.core.run.figures import cost_of_run, harness_of_run
from ragmeter.core.run.identity import identity_of
from ragmeter.core.run.plan import RunPlan
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.run.vantage import figures_of
from ragmeter.core.stats.estimate import Estimate
from ragmeter.core.stats.trials import MIN_TO_SHOW
from ragmeter.core.verdicts.error_budget import overspent_in
from ragmeter.core.verdicts.of_run import JudgedRun, judge_run
from ragmeter.core.verdicts.slo import parse_slo


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRun:
    """Results of another tool and where they lie."""

    path: str
    trials: ImportedTrials


NO_TERMS = Terms()


def measure_all(
    runs: Sequence[SavedRun | ImportedRun], declared: Sequence[Figure] = DECLARED, terms: Terms = NO_TERMS
) -> list[MeasuredRun]:
    """Each run as a side, labelled by its provider. terms: what is asked of its price."""
    named = labels([run.plan.label if isinstance(run, SavedRun) else run.trials.provider for run in runs])
    return [
        measure(run, label, declared, terms)
        if isinstance(run, SavedRun)
        else measure_imported(run.trials, run.path, label, declared)
        for run, label in zip(runs, named, strict=True)
    ]


def measure(run: SavedRun, label: str, declared: Sequence[Figure] = DECLARED, terms: Terms = NO_TERMS) -> MeasuredRun:
    """The last trial of a run that ended early is left out, unless it is the only one: it was cut short."""
    trials = _trials(run)
    kept = [sample for trial in trials.values() for sample in trial]
    judged = judge_run(run.plan, of_one_source(run.samples), run.ending)
    is_whole = len(kept) == len(judged.measured)
    figures = judged.figures if is_whole else figures_of(kept, Phase.MEASURED, run.plan)
    harness = judged.harness if is_whole else harness_of_run(run.plan, run.ending, kept)
    by_trial = _by_trial(run.plan, trials, declared)
    side = _side(run, label, trials, _Found(figures=figures, harness=harness, judged=judged, by_trial=by_trial), terms)
    return MeasuredRun(
        side=side,
        by_trial=by_trial,
        enough={key: _enough(figures, *key) for key in declared},
        conditions=_conditions(run, side, [sample for sample in run.samples if sample.phase is Phase.MEASURED]),
        identity={**identity_of(run.plan), "token_source": source.value if (source := token_source(kept)) else None},
    )


def figures_by_trial(run: SavedRun, declared: Sequence[Figure]) -> Mapping[Figure, Sequence[float | None]]:
    """One figure a trial for each metric, without what else a side of a comparison has."""
    return {key: list(values.values()) for key, values in _by_trial(run.plan, _trials(run), declared).items()}


def sent_by_trial(
    workload: Workload, samples: Sequence[RequestSample], declared: Sequence[Figure]
) -> Mapping[Figure, Sequence[float | None]]:
    """As `figures_by_trial`, of samples that are still coming in from one place, and without costs.

    samples: of whole trials.
    """
    mine = [sample for sample in of_one_source(samples) if sample.phase is Phase.MEASURED]
    trials = [[s for s in mine if s.trial == number] for number in sorted({sample.trial for sample in mine})]
    figures = [summarise(trial, Phase.MEASURED, goodput=workload.goodput, seed=workload.seed) for trial in trials]
    return {key: [_sent(of_trial, *key) for of_trial in figures] for key in declared if not _is_cost(key)}


def _trials(run: SavedRun) -> Mapping[int, Sequence[RequestSample]]:
    """The measured requests of each whole trial, by its number."""
    mine = [sample for sample in of_one_source(run.samples) if sample.phase is Phase.MEASURED]
    numbers = sorted({sample.trial for sample in mine})
    whole = numbers[:-1] if run.ending.status == "interrupted" and len(numbers) > 1 else numbers
    return {number: [sample for sample in mine if sample.trial == number] for number in whole}


def _conditions(run: SavedRun, side: Side, mine: Sequence[RequestSample]) -> Conditions:
    started = datetime.fromisoformat(run.plan.started_at)
    return Conditions(
        side=side,
        interleaving=run.plan.interleaving,
        begin=started + timedelta(seconds=min((s.scheduled_ns for s in mine), default=0) / 1e9),
        end=started + timedelta(seconds=max((s.ended_ns for s in mine), default=0) / 1e9),
        traced=run.ending.received is not None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What was found of a run. figures, harness: of its whole trials. judged: of all of it."""

    figures: Figures
    harness: Harness
    judged: JudgedRun
    by_trial: Mapping[Figure, Mapping[int, float | None]]


def _side(
    run: SavedRun,
    label: str,
    trials: Mapping[int, Sequence[RequestSample]],
    found: _Found,
    terms: Terms,
) -> Side:
    kept = [sample for trial in trials.values() for sample in trial]
    figures, harness, judged = found.figures, found.harness, found.judged
    cost = cost_of_run(run.plan, figures, kept)
    spent = overspent_in([parse_slo(at.expression, at.origin) for at in run.plan.slos], figures.phase)
    steady = [steady_state(trial) for trial in trials.values()]
    return Side(
        label=label,
        run_id=run.plan.run_id,
        provider=run.plan.provider,
        workload=run.plan.workload.name,
        started_at=run.plan.started_at,
        status=run.ending.status,
        trials=figures.trials,
        requests=figures.phase.requests,
        error_ratio=finite_estimate(figures.rates["error_ratio"]),
        estimates=_estimates(figures),
        figures={str(key): tuple(values.values()) for key, values in found.by_trial.items()},
        curves=curves_of(figures),
        cost=None if cost is None else economics(withhold(cost, spent), figures, terms),
        mean_output_tokens=figures.phase.avg_output_tokens,
        effective_decode_concurrency=harness.effective_decode_concurrency,
        not_fit=harness.reasons,
        caveats=(
            *caveats_of_run(harness, run.ending, figures.rates["error_ratio"], steady, spent),
            *([judged.caches.undeclared] if judged.caches.undeclared else []),
            *remarks(kept),
        ),
        netprobe_reference=run.plan.metadata.get("netprobe_ew_path"),
        raw_samples_path=run.path,
        raw_sha256=run.sha256,
        overspent=spent,
        outcome=judged.outcome,
        verdicts=judged.verdicts,
        capacity=judged.capacity,
        asked=asked_of(run.plan),
        declared=declared_of(run.plan),
        price_doubt=price_doubt(run.plan),
        seconds_per_trial=seconds_per_trial(run.ending, trials, run.plan),
    )


_CARD: tuple[Figure, ...] = (
    Figure("ttft_ms", "p50"),
    Figure("ttft_ms", "p95"),
    Figure("tpot_ms", "p50"),
    Figure("e2e_ms", "p50"),
    Figure("e2e_ms", "p95"),
    Figure("output_tokens_per_s"),
    Figure("requests_per_s"),
    Figure("goodput_rps"),
    Figure("good_ratio"),
    Figure("error_ratio"),
)
"""What is told of each side by itself."""


def _estimates(figures: Figures) -> dict[str, Estimate]:
    found = {str(key): figures.estimate(*key) for key in _CARD}
    return {name: finite_estimate(at) for name, at in found.items() if at is not None}


def _by_trial(
    plan: RunPlan, trials: Mapping[int, Sequence[RequestSample]], declared: Sequence[Figure]
) -> dict[Figure, dict[int, float | None]]:
    figures = {number: figures_of(trial, Phase.MEASURED, plan) for number, trial in trials.items()}
    costs = {number: cost_of_run(plan, figures[number], trial) for number, trial in trials.items()}
    return {
        key: {
            number: _of_cost(costs[number], key) if _is_cost(key) else _sent(figures[number], *key) for number in trials
        }
        for key in declared
    }


def _of_cost(cost: Cost | None, figure: Figure) -> float | None:
    value: float | None = None if cost is None else getattr(cost, figure.metric)
    return value


def _is_cost(figure: Figure) -> bool:
    return figure.metric.startswith("usd_")


def _sent(figures: Figures, metric: str, statistic: str | None) -> float | None:
    """A latency or a rate of one trial."""
    if statistic is not None:
        series = figures.series.get(metric)
        return None if series is None else series.of_each_trial(percentile_share(statistic))[0]
    rate = figures.rates.get(metric)
    return rate.value if rate else None


def _enough(figures: Figures, metric: str, statistic: str | None) -> bool:
    estimate = figures.estimate(metric, statistic)
    return estimate is None or estimate.enough or figures.trials < MIN_TO_SHOW
