"""A fraction of three factors that never ran, whose effects are known: k makes the TTFT 1.5 times as long."""

from dataclasses import replace
from typing import Any

from ragmeter.core.compare.factors.build import factors_found
from ragmeter.core.compare.factors.document import FactorsFound
from ragmeter.core.requests.records import ErrorClass
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.schedule.design import Cell, Design, design_of
from tests.saved import saved_run

BLOCKS = (1.0, 1.3, 0.8, 1.1, 0.9)
"""By what factor each block is slow, in all of its cells."""


def manifest() -> dict[str, Any]:
    varied = {"retrieval.k": [2, 5], "retrieval.mode": ["dense", "hybrid"], "benchmark.max_output_tokens": [16, 64]}
    return {"factors": {"vary": varied, "generators": {"max_output_tokens": ["k", "mode"]}}}


def half_of_three() -> Design:
    found = design_of(manifest(), "w.yaml")
    assert found is not None
    return found


def of_cell(cell: Cell) -> SavedRun:
    factor = 1.5 if cell.levels["k"] == 5 else 1.0
    return saved_run("mine", [factor * block for block in BLOCKS], seed=cell.number, variant=cell.label)


def failing(run: SavedRun) -> SavedRun:
    """With five of its requests failed."""
    failed = [replace(at, error=ErrorClass.TIMEOUT) for at in run.samples[:5]]
    return replace(run, samples=(*failed, *run.samples[5:]))


def fraction(*, broken: int | None = None) -> FactorsFound:
    """broken: the number of a cell that breaks its error budget."""
    design = half_of_three()
    runs = {cell.number: of_cell(cell) for cell in design.cells}
    if broken is not None:
        runs[broken] = failing(runs[broken])
    return factors_found(design, runs, ragmeter_version="0")
