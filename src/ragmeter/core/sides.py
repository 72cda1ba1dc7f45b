"""Runs as the sides of a comparison: one figure a trial for each declared metric."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ragmeter.core.caveats import Conditions, caveats_of_run
from ragmeter.core.comparison import Side
from ragmeter.core.curves import curves_of
from ragmeter.core.economics import Terms, economics
from ragmeter.core.identity import identity_of
from ragmeter.core.imported import ImportedTrials, measure_imported
from ragmeter.core.measured import DECLARED, Key, MeasuredRun, labels, written
from ragmeter.core.metrics import METRICS
from ragmeter.core.records import Phase, RequestSample
from ragmeter.core.result import Estimate
from ragmeter.core.run import RunEnding, RunPlan
from ragmeter.core.run_figures import cost_of_run, harness_of_run
from ragmeter.core.series import percentile_share, series_of
from ragmeter.core.steady import steady_state
from ragmeter.core.summary import Figures, finite_estimate, summarise
from ragmeter.core.trials import MIN_TO_SHOW
from ragmeter.core.vantage import figures_of, seen_by_users


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRun:
    """A raw record and where it lies. sha256: of the file; None for a run in memory."""

    path: str
    plan: RunPlan
    samples: tuple[RequestSample, ...]
    ending: RunEnding
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRun:
    """Results of another tool and where they lie."""

    path: str
    trials: ImportedTrials


NO_TERMS = Terms()


def measure_all(
    runs: Sequence[SavedRun | ImportedRun], declared: Sequence[Key] = DECLARED, terms: Terms = NO_TERMS
) -> list[MeasuredRun]:
    """Each run as a side, labelled by its provider. terms: what is asked of its price."""
    named = labels([run.plan.provider if isinstance(run, SavedRun) else run.trials.provider for run in runs])
    return [
        measure(run, label, declared, terms)
        if isinstance(run, SavedRun)
        else measure_imported(run.trials, run.path, label, declared)
        for run, label in zip(runs, named, strict=True)
    ]


def measure(run: SavedRun, label: str, declared: Sequence[Key] = DECLARED, terms: Terms = NO_TERMS) -> MeasuredRun:
    """The last trial of a run that ended early is left out, unless it is the only one: it was cut short."""
    mine = [sample for sample in run.samples if sample.phase is Phase.MEASURED]
    numbers = sorted({sample.trial for sample in mine})
    whole = numbers[:-1] if run.ending.status == "interrupted" and len(numbers) > 1 else numbers
    trials = {number: [sample for sample in mine if sample.trial == number] for number in whole}
    kept = [sample for trial in trials.values() for sample in trial]
    figures = figures_of(kept, Phase.MEASURED, run.plan)
    by_trial = {key: {number: _figure(run.plan, trial, *key) for number, trial in trials.items()} for key in declared}
    side = _side(run, label, trials, figures, by_trial, terms)
    return MeasuredRun(
        side=side,
        by_trial=by_trial,
        enough={key: _enough(figures, *key) for key in declared},
        conditions=_conditions(run, side, mine),
        identity=identity_of(run.plan),
    )


def _conditions(run: SavedRun, side: Side, mine: Sequence[RequestSample]) -> Conditions:
    started = datetime.fromisoformat(run.plan.started_at)
    return Conditions(
        side=side,
        interleaving=run.plan.interleaving,
        begin=started + timedelta(seconds=min((s.scheduled_ns for s in mine), default=0) / 1e9),
        end=started + timedelta(seconds=max((s.ended_ns for s in mine), default=0) / 1e9),
    )


def _side(
    run: SavedRun,
    label: str,
    trials: Mapping[int, Sequence[RequestSample]],
    figures: Figures,
    by_trial: Mapping[Key, Mapping[int, float | None]],
    terms: Terms,
) -> Side:
    kept = [sample for trial in trials.values() for sample in trial]
    harness, cost = harness_of_run(run.plan, run.ending, kept), cost_of_run(run.plan, figures, kept)
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
        figures={written(key): tuple(values.values()) for key, values in by_trial.items()},
        curves=curves_of(figures),
        cost=None if cost is None else economics(cost, figures, terms),
        mean_output_tokens=figures.phase.avg_output_tokens,
        effective_decode_concurrency=harness.effective_decode_concurrency,
        not_fit=harness.reasons,
        caveats=caveats_of_run(harness, run.ending, figures.rates["error_ratio"], steady),
        netprobe_reference=run.plan.metadata.get("netprobe_ew_path"),
        raw_samples_path=run.path,
        raw_sha256=run.sha256,
    )


_CARD: tuple[Key, ...] = (
    ("ttft_ms", "p50"),
    ("ttft_ms", "p95"),
    ("tpot_ms", "p50"),
    ("e2e_ms", "p50"),
    ("e2e_ms", "p95"),
    ("output_tokens_per_s", None),
    ("requests_per_s", None),
    ("goodput_rps", None),
    ("good_ratio", None),
    ("error_ratio", None),
)
"""What is told of each side by itself."""


def _estimates(figures: Figures) -> dict[str, Estimate]:
    found = {written(key): figures.estimate(*key) for key in _CARD}
    return {name: finite_estimate(at) for name, at in found.items() if at is not None}


def _figure(plan: RunPlan, trial: Sequence[RequestSample], metric: str, statistic: str | None) -> float | None:
    """Of one trial."""
    if statistic is not None:
        seen = seen_by_users(trial, plan)
        return series_of(METRICS[metric], seen, plan.workload.seed).of_each_trial(percentile_share(statistic))[0]
    figures = summarise(trial, Phase.MEASURED, goodput=plan.workload.goodput)
    if not metric.startswith("usd_"):
        rate = figures.rates.get(metric)
        return rate.value if rate else None
    cost = cost_of_run(plan, figures, trial)
    return getattr(cost, metric) if cost else None


def _enough(figures: Figures, metric: str, statistic: str | None) -> bool:
    estimate = figures.estimate(metric, statistic)
    return estimate is None or estimate.enough or figures.trials < MIN_TO_SHOW
