"""Results of other tools as trials of a run: the document ``trials.v1``, and the side of a comparison that it makes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ragmeter.core.compare.caveats import Conditions
from ragmeter.core.compare.comparison import Side
from ragmeter.core.compare.importers.offered import OfferedLoad
from ragmeter.core.compare.measured import MeasuredRun
from ragmeter.core.figures.summary import finite_estimate
from ragmeter.core.requests.figure import Figure
from ragmeter.core.run.identity import COULD_EXPLAIN, MUST_MATCH, OF_IMPORTS
from ragmeter.core.stats.estimate import Estimate
from ragmeter.core.stats.trials import estimate_over_trials, share_over_trials
from ragmeter.core.verdicts.error_budget import budgets_at, overspent


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedTrial:
    """One result of another tool.

    figures: by ``p50(ttft_ms)`` and the like, in our units; only what is comparable. result: which one of a file that
    holds several, from 1. started_at: without a zone where the file has none.
    """

    path: str
    sha256: str
    started_at: str | None
    requests: int
    errors: int
    figures: dict[str, float]
    mean_output_tokens: float | None
    result: int | None = None
    tool_version: str | None = None
    load: OfferedLoad | None = None

    @property
    def source(self) -> tuple[str, int]:
        """The same for the same bytes."""
        return self.sha256, self.result or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedTrials:
    """Results of one tool on one provider, each a trial.

    interleaving: as in `RunPlan`: the i-th trial ran in one block with the i-th of every other of that name.
    identity: fields of a run's identity that the tool wrote down, those of its load among them. load: what all trials
    were measured with; None for what an older version imported. notes: where its definitions differ from ours, and what
    was left out.
    """

    schema: Literal["trials.v1"] = "trials.v1"
    ragmeter_version: str
    tool: str
    provider: str
    workload: str | None
    interleaving: str | None
    identity: dict[str, Any]
    trials: tuple[ImportedTrial, ...]
    notes: tuple[str, ...]
    load: OfferedLoad | None = None


def measure_imported(run: ImportedTrials, path: str, label: str, declared: Sequence[Figure]) -> MeasuredRun:
    """Whether a percentile had enough requests is judged by the tool that made it, not here."""
    by_trial = {
        key: {number: trial.figures.get(str(key)) for number, trial in enumerate(run.trials)} for key in declared
    }
    side = _side(run, path, label, by_trial)
    known = {"tool": run.tool, **run.identity}
    return MeasuredRun(
        side=side,
        by_trial=by_trial,
        enough=dict.fromkeys(declared, True),
        conditions=Conditions(
            side=side,
            interleaving=run.interleaving,
            begin=None,
            end=None,
        ),
        identity={field: known.get(field) for field in (*MUST_MATCH, *OF_IMPORTS, *COULD_EXPLAIN)},
    )


def _side(run: ImportedTrials, path: str, label: str, by_trial: Mapping[Figure, Mapping[int, float | None]]) -> Side:
    sent = [trial.requests for trial in run.trials]
    spent = overspent(budgets_at(()), errors=sum(trial.errors for trial in run.trials), sent=sum(sent))
    lengths = [trial.mean_output_tokens for trial in run.trials if trial.mean_output_tokens is not None]
    return Side(
        label=label,
        run_id=path,
        provider=run.provider,
        workload=run.workload or "not known",
        started_at=min((trial.started_at for trial in run.trials if trial.started_at), default="not known"),
        status="complete",
        trials=len(run.trials),
        requests=sum(sent),
        error_ratio=finite_estimate(share_over_trials([trial.errors for trial in run.trials], sent)),
        estimates=_estimates(run),
        figures={str(key): tuple(values.values()) for key, values in by_trial.items()},
        curves={},
        cost=None,
        mean_output_tokens=sum(lengths) / len(lengths) if len(lengths) == len(run.trials) else None,
        effective_decode_concurrency=None,
        not_fit=(),
        caveats=(
            *([spent] if spent else []),
            f"its figures are those of {run.tool}",
            *([f"load: {run.load}"] if run.load else ["its load is not known: import it again"]),
            *run.notes,
        ),
        netprobe_reference=None,
        raw_samples_path=path,
        raw_sha256=None,
        overspent=spent,
    )


def _estimates(run: ImportedTrials) -> dict[str, Estimate]:
    names = dict.fromkeys(name for trial in run.trials for name in trial.figures)
    n = sum(trial.requests for trial in run.trials)
    return {
        name: finite_estimate(estimate_over_trials([trial.figures.get(name) for trial in run.trials], n=n, enough=True))
        for name in names
    }
