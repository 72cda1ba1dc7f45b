"""Saved runs as the sides of a comparison: one figure a trial for each declared metric."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ragmeter.core.caveats import Conditions
from ragmeter.core.comparison import Side
from ragmeter.core.metrics import METRICS
from ragmeter.core.records import Phase, RequestSample
from ragmeter.core.run import RunEnding, RunPlan
from ragmeter.core.run_figures import cost_of_run, harness_of_run
from ragmeter.core.series import percentile_share, series_of
from ragmeter.core.steady import steady_state
from ragmeter.core.summary import Figures, finite_estimate, summarise
from ragmeter.core.trials import MIN_TO_SHOW

DECLARED: tuple[tuple[str, str | None], ...] = (
    ("ttft_ms", "p50"),
    ("ttft_ms", "p95"),
    ("tpot_ms", "p50"),
    ("e2e_ms", "p50"),
    ("e2e_ms", "p95"),
    ("output_tokens_per_s", None),
    ("usd_per_1m_tokens", None),
)
"""What is compared, declared before anything is looked at: the correction is over all of these."""
Key = tuple[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRun:
    """A raw record and where it lies."""

    path: str
    plan: RunPlan
    samples: tuple[RequestSample, ...]
    ending: RunEnding


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRun:
    """A run with one figure a trial for each declared metric."""

    run: SavedRun
    side: Side
    by_trial: Mapping[Key, tuple[float | None, ...]]
    enough: Mapping[Key, bool]
    trial_numbers: tuple[int, ...]
    conditions: Conditions


def labels(runs: Sequence[SavedRun]) -> list[str]:
    """The provider's name; with a number where two runs have the same."""
    providers = [run.plan.provider for run in runs]
    seen: Counter[str] = Counter()
    labels = []
    for provider in providers:
        seen[provider] += 1
        labels.append(provider if providers.count(provider) == 1 else f"{provider} #{seen[provider]}")
    return labels


def measure(run: SavedRun, label: str) -> MeasuredRun:
    mine = [sample for sample in run.samples if sample.phase is Phase.MEASURED]
    plan = run.plan
    figures = summarise(mine, Phase.MEASURED, goodput=plan.workload.goodput, seed=plan.workload.seed)
    side = _side(run, label, mine, figures)
    numbers = tuple(sorted({sample.trial for sample in mine}))
    started = datetime.fromisoformat(plan.started_at)
    trials = [[sample for sample in mine if sample.trial == number] for number in numbers]
    return MeasuredRun(
        run=run,
        side=side,
        by_trial={key: tuple(_figure(plan, trial, *key) for trial in trials) for key in DECLARED},
        enough={key: _enough(figures, *key) for key in DECLARED},
        trial_numbers=numbers,
        conditions=Conditions(
            side=side,
            seed=plan.workload.seed,
            begin=started + timedelta(seconds=min((s.scheduled_ns for s in mine), default=0) / 1e9),
            end=started + timedelta(seconds=max((s.ended_ns for s in mine), default=0) / 1e9),
            steady=tuple(steady_state(trial) for trial in trials),
        ),
    )


def _side(run: SavedRun, label: str, mine: Sequence[RequestSample], figures: Figures) -> Side:
    harness = harness_of_run(run.plan, run.ending, mine)
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
        mean_output_tokens=figures.phase.avg_output_tokens,
        effective_decode_concurrency=harness.effective_decode_concurrency,
        not_fit=harness.reasons,
        raw_samples_path=run.path,
    )


def _figure(plan: RunPlan, trial: Sequence[RequestSample], metric: str, statistic: str | None) -> float | None:
    """Of one trial."""
    if statistic is not None:
        return series_of(METRICS[metric], trial, plan.workload.seed).of_each_trial(percentile_share(statistic))[0]
    figures = summarise(trial, Phase.MEASURED)
    if metric != "usd_per_1m_tokens":
        return figures.rates[metric].value
    cost = cost_of_run(plan, figures, trial)
    return cost.usd_per_1m_tokens if cost else None


def _enough(figures: Figures, metric: str, statistic: str | None) -> bool:
    estimate = figures.estimate(metric, statistic)
    return estimate is None or estimate.enough or figures.trials < MIN_TO_SHOW
