"""From the runs of all cells of a plan to the document."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from ragmeter.core.compare.compare import MIN_EFFECT_RATIO
from ragmeter.core.compare.factors.document import CellFigures, FactorOf, FactorsFound, Frontier
from ragmeter.core.compare.factors.effects import (
    MIN_EFFECT_SHARE,
    Asked,
    Examined,
    Units,
    asked_of,
    concluded,
    over_blocks,
    over_questions,
)
from ragmeter.core.compare.factors.responses import OVER_BLOCKS, OVER_QUESTIONS, Answered, answered
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.requests.figure import Figure
from ragmeter.core.run.caches import caveat_of_marks
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.schedule.design import Cell, Design
from ragmeter.core.stats.contrast import Contrast
from ragmeter.core.stats.trials import MIN_TO_CLAIM

_NOT_MEASURED: Final = "it was not measured"
LATENCY: Final = Figure("ttft_ms", "p50")
COST: Final = Figure("usd_per_good_request")


def factors_found(
    design: Design,
    runs: Mapping[int, SavedRun],
    *,
    min_effect_ratio: float = MIN_EFFECT_RATIO,
    ragmeter_version: str,
) -> FactorsFound:
    """runs: by the number of the cell, at least one; a cell without a run is marked."""
    cells = [answered(cell, runs[cell.number]) for cell in design.cells if cell.number in runs]
    whole = [each for each in cells if each.marked is None]
    asked = asked_of(design, [each.cell for each in whole])
    unknown = {str(figure): why for figure in (*OVER_BLOCKS, *OVER_QUESTIONS) if (why := _unknown(figure, whole))}
    tests = [
        test
        for figure in (*OVER_BLOCKS, *OVER_QUESTIONS)
        if str(figure) not in unknown
        for test in _tests(figure, asked, whole)
    ]
    frontier = _frontier(whole, unknown)
    on_it = _on_frontier(whole, frontier)
    plan = next(iter(runs.values())).plan
    blocks = max((each.measured.side.trials for each in cells), default=0)
    return FactorsFound(
        ragmeter_version=ragmeter_version,
        workload=plan.workload.name,
        started_at=min(run.plan.started_at for run in runs.values()),
        factors=tuple(
            FactorOf(name=each.name, key=each.key, levels=each.levels, deployed=each.deployed)
            for each in design.factors
        ),
        plan=design.sentence,
        resolution=design.resolution,
        blocks=blocks,
        cells=tuple(_cell(cell, cells, on_it) for cell in design.cells),
        effects=concluded(tests, design, min_effect_ratio),
        frontier=frontier,
        confusions=design.confusions,
        caveats=tuple(_caveats(design, whole, blocks, plan.workload)),
        unknown=unknown,
        family=sum(test.at is not None and test.at.p_value is not None for test in tests),
        min_effect_ratio=min_effect_ratio,
        min_effect_share=MIN_EFFECT_SHARE,
    )


def _unknown(figure: Figure, whole: Sequence[Answered]) -> str | None:
    """Why no effect on a figure can be told."""
    if not whole:
        return "no cell is left"
    if figure in OVER_QUESTIONS:
        if all(figure in each.by_question for each in whole):
            return None
        return (
            "no question has labelled passages that the service tells"
            if figure.metric == "recall_at_k"
            else ("the service does not tell the text of the passages, or no answer states anything")
        )
    if all(any(value is not None for value in each.by_block(figure).values()) for each in whole):
        return None
    if figure == COST:
        return "a provider has no price sheet, or no answer was good"
    return "a cell has no answers"


def _tests(figure: Figure, asked: Sequence[Asked], whole: Sequence[Answered]) -> list[Examined]:
    enough = all(each.measured.enough.get(figure, True) for each in whole)
    return [
        Examined(figure=figure, asked=each, units=_units(figure), at=_at(figure, each.weights, whole), enough=enough)
        for each in asked
    ]


def _units(figure: Figure) -> Units:
    return "questions" if figure in OVER_QUESTIONS else "blocks"


def _at(figure: Figure, weights: Sequence[float] | None, whole: Sequence[Answered]) -> Contrast | None:
    if weights is None:
        return None
    if _units(figure) == "questions":
        return over_questions(weights, [each.by_question[figure] for each in whole])
    return over_blocks(weights, [each.by_block(figure) for each in whole])


def _frontier(whole: Sequence[Answered], unknown: Mapping[str, str]) -> Frontier:
    def known(*figures: Figure) -> str | None:
        names = (str(figure) for figure in figures if str(figure) not in unknown)
        return next((name for name in names if all(name in each.estimates for each in whole)), None)

    return Frontier(quality=known(*OVER_QUESTIONS), latency=known(LATENCY), cost=known(COST))


def _on_frontier(whole: Sequence[Answered], frontier: Frontier) -> set[int]:
    """Numbers of the cells that no other dominates."""
    signs = [(frontier.quality, -1.0), (frontier.latency, 1.0), (frontier.cost, 1.0)]
    places = {
        each.cell.number: [sign * (each.estimates[name].value or 0.0) for name, sign in signs if name is not None]
        for each in whole
    }
    return {
        number for number, own in places.items() if own and not any(_dominates(other, own) for other in places.values())
    }


def _dominates(other: Sequence[float], own: Sequence[float]) -> bool:
    return other != own and all(theirs <= mine for theirs, mine in zip(other, own, strict=True))


def _cell(cell: Cell, cells: Sequence[Answered], on_it: set[int]) -> CellFigures:
    found = next((each for each in cells if each.cell.number == cell.number), None)
    made = CellFigures(
        number=cell.number,
        label=cell.label,
        levels=dict(cell.levels),
        provider=cell.provider,
        run_id=None,
        raw_samples_path=None,
        trials=0,
        requests=0,
        estimates={},
        marked=_NOT_MEASURED,
        frontier=cell.number in on_it,
    )
    if found is None:
        return made
    side = found.measured.side
    return replace(
        made,
        provider=side.provider,
        run_id=side.run_id,
        raw_samples_path=side.raw_samples_path,
        trials=side.trials,
        requests=side.requests,
        estimates=dict(found.estimates),
        marked=found.marked,
    )


def _caveats(design: Design, whole: Sequence[Answered], blocks: int, workload: Workload) -> list[str]:
    found = []
    if blocks < MIN_TO_CLAIM:
        found.append(f"{blocks} blocks: no effect on a time or a price is concluded from fewer than {MIN_TO_CLAIM}")
    if len(whole) < len(design.cells):
        missing = ", ".join(str(cell.number) for cell in design.cells if cell not in [each.cell for each in whole])
        found.append(
            f"without cell {missing} the plan is not balanced: what is concluded holds if the interactions that are "
            "not asked for are none"
        )
    if workload.open_loop:
        found.append("requests follow a schedule, so the price of one follows from its rate and not from the cell")
    found += dict.fromkeys(words for each in whole if (words := caveat_of_marks(each.run.plan)) is not None)
    if workload.caches is None and not any(factor.key == "cache.kv" for factor in design.factors):
        found.append("no cache state is declared: cells that ask the same can meet in the caches of the service")
    return found
