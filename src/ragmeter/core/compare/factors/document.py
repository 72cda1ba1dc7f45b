"""What the runs of a factorial plan say: the document ``factors.v1``, field by field."""

from dataclasses import dataclass
from typing import Literal

from ragmeter.core.compare.comparison import Decision
from ragmeter.core.requests.figure import OfFigure
from ragmeter.core.schedule.factors import Level
from ragmeter.core.stats.estimate import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorOf:
    """As `Factor`. name: as the cells and effects have it."""

    name: str
    key: str
    levels: tuple[Level, ...]
    deployed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFigures:
    """One combination of levels and its run.

    provider, run_id, raw_samples_path: None of a cell that was not measured. trials: whole ones. estimates: by
    ``p50(ttft_ms)`` and the like. marked: why the cell has no part in the effects; None where it has. frontier: whether
    no other cell is at least as good in quality, latency and cost, and better in one of them, by the values.
    """

    number: int
    label: str
    levels: dict[str, Level]
    provider: str | None
    run_id: str | None
    raw_samples_path: str | None
    trials: int
    requests: int
    estimates: dict[str, Estimate]
    marked: str | None
    frontier: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectFigure(OfFigure):
    """One effect on one figure, at the mean of all other factors.

    effect: the names of its factors. change: ``k: 2 to 5``. aliases: effects that this plan cannot distinguish from it.
    ratio: of the figure after the change to before it; of an interaction, of the change at the second level to that at
    the first. difference: the same as a difference, of a share. One of the two is None. units: what the interval is
    over. p_adjusted: after Holm's correction over all effects and figures of the document.
    """

    metric: str
    statistic: str | None
    unit: str
    effect: tuple[str, ...]
    change: str
    aliases: tuple[str, ...]
    ratio: Estimate | None
    difference: Estimate | None
    units: Literal["blocks", "questions"]
    p_value: float | None
    p_adjusted: float | None
    decision: Decision
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """The figures of which the frontier is: of quality, latency and cost, as far as they are known of every cell."""

    quality: str | None
    latency: str | None
    cost: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorsFound:
    """The runs of one plan.

    plan: in a sentence. resolution: of a fraction; None of a full plan. blocks: in each of them every cell ran one
    trial, in drawn order. confusions, caveats: in sentences. unknown: why a figure has no effects, by the figure.
    family: how many were tested at once. min_effect_ratio, min_effect_share: the smallest change that matters.
    """

    schema: Literal["factors.v1"] = "factors.v1"
    ragmeter_version: str
    workload: str
    started_at: str
    factors: tuple[FactorOf, ...]
    plan: str
    resolution: int | None
    blocks: int
    cells: tuple[CellFigures, ...]
    effects: tuple[EffectFigure, ...]
    frontier: Frontier
    confusions: tuple[str, ...]
    caveats: tuple[str, ...]
    unknown: dict[str, str]
    family: int
    min_effect_ratio: float
    min_effect_share: float
