"""What a cell of a factorial plan answers with: one figure a block of what is measured in time and money, and one score
a question of what is a share.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from ragmeter.core.compare.measured import MeasuredRun
from ragmeter.core.compare.sides import measure
from ragmeter.core.figures.retrieval import Retrieval, labels_of, recall_by_question, retrieval_of
from ragmeter.core.figures.series import mean_over_questions
from ragmeter.core.requests.figure import Figure
from ragmeter.core.requests.metrics import METRICS
from ragmeter.core.requests.records import Phase, RequestSample
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.schedule.design import Cell
from ragmeter.core.stats.estimate import Estimate

OVER_BLOCKS: Final = (Figure("ttft_ms", "p50"), Figure("ttft_ms", "p95"), Figure("usd_per_good_request"))
OVER_QUESTIONS: Final = (Figure("recall_at_k"), Figure("groundedness", "mean"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A cell that was measured.

    by_block: by figure and number of the trial. by_question: by figure and index of the question, the mean score of its
    requests. marked: why nothing is concluded from it.
    """

    cell: Cell
    run: SavedRun
    measured: MeasuredRun
    by_question: Mapping[Figure, Mapping[int, float]]
    estimates: Mapping[str, Estimate]
    marked: str | None

    def by_block(self, figure: Figure) -> Mapping[int, float | None]:
        return self.measured.by_trial[figure]


def answered(cell: Cell, run: SavedRun) -> Answered:
    measured = measure(run, cell.label, OVER_BLOCKS)
    mine = [sample for sample in run.samples if sample.phase is Phase.MEASURED and sample.ok]
    return Answered(
        cell=cell,
        run=run,
        measured=measured,
        by_question=_scores(run, mine),
        estimates=_estimates(run, measured, mine),
        marked=_mark(measured),
    )


def _mark(measured: MeasuredRun) -> str | None:
    side = measured.side
    if side.overspent is not None:
        return side.overspent
    if side.not_fit:
        return f"the measurement is not valid: {side.not_fit[0]}"
    return "it was interrupted" if side.status == "interrupted" else None


def _scores(run: SavedRun, mine: list[RequestSample]) -> dict[Figure, Mapping[int, float]]:
    workload = run.plan.workload
    recalls = recall_by_question(mine, labels_of(workload.prompts), workload.k, run.plan.gone_labels)
    found = {Figure("recall_at_k"): recalls, Figure("groundedness", "mean"): _by_question(mine, "groundedness")}
    return {figure: scores for figure, scores in found.items() if scores}


def _by_question(mine: list[RequestSample], metric: str) -> dict[int, float]:
    measure_of: Callable[[RequestSample], float | None] | None = METRICS[metric].measure
    scores: dict[int, list[float]] = {}
    for sample in mine:
        value = None if measure_of is None else measure_of(sample)
        if value is not None:
            scores.setdefault(sample.prompt_index, []).append(value)
    return {question: float(np.mean(values)) for question, values in scores.items()}


def _estimates(run: SavedRun, measured: MeasuredRun, mine: list[RequestSample]) -> dict[str, Estimate]:
    side, workload = measured.side, run.plan.workload
    found = {str(figure): side.estimates.get(str(figure)) for figure in OVER_BLOCKS if figure.statistic}
    found["usd_per_good_request"] = None if side.cost is None else side.cost.usd_per_good_request
    quality: Retrieval | None = retrieval_of(mine, labels_of(workload.prompts), workload.k, run.plan.gone_labels)
    found["recall_at_k"] = quality.recall_at_k if quality is not None and quality.n else None
    grounded = list(_by_question(mine, "groundedness").values())
    found["mean(groundedness)"] = mean_over_questions(grounded, len(grounded)) if grounded else None
    found["error_ratio"] = side.error_ratio
    return {name: at for name, at in found.items() if at is not None and at.value is not None}
