"""The words of a factorial plan, for terminal and page."""

from collections.abc import Callable

from ragmeter.core.compare.comparison import Decision
from ragmeter.core.compare.factors.document import CellFigures, EffectFigure, FactorsFound
from ragmeter.core.formatting import number_text
from ragmeter.core.formatting import percent as per_cent
from ragmeter.core.requests.figure import Figure, metric_short, parse_figure
from ragmeter.core.stats.estimate import Estimate
from ragmeter.report.words.format import UNKNOWN

CONCLUDED = (Decision.A_BETTER, Decision.B_BETTER)
COLUMNS = (
    Figure("recall_at_k"),
    Figure("groundedness", "mean"),
    Figure("ttft_ms", "p50"),
    Figure("ttft_ms", "p95"),
    Figure("usd_per_good_request"),
)


def title(found: FactorsFound) -> str:
    """``What k and mode cost: rag-knobs @ local``."""
    *others, last = (factor.name for factor in found.factors)
    named = f"{', '.join(others)} and {last}" if others else last
    providers = ", ".join(dict.fromkeys(cell.provider for cell in found.cells if cell.provider is not None))
    return f"What {named} cost{'s' if not others else ''}: {found.workload} @ {providers}"


def plan_words(found: FactorsFound) -> str:
    """What the effects rest on."""
    requests = sum(cell.requests for cell in found.cells)
    blocks = f"{found.blocks} block{'' if found.blocks == 1 else 's'}"
    return (
        f"{found.plan[0].upper()}{found.plan[1:]}. {blocks} with a trial of every cell in drawn order; {requests:,} "
        f"requests. Brackets are 95 % intervals; significance is corrected over all {found.family} effects that were "
        "tested."
    )


def claims(found: FactorsFound) -> list[str]:
    """What was concluded, a sentence for each figure of each effect; what to say where there is nothing."""
    told = [
        f"{figure_name(at.figure)}: {at.sentence}{alias_words(at)}" for at in found.effects if at.decision in CONCLUDED
    ]
    return told or ["No effect is shown."]


def conclusions(found: FactorsFound) -> list[str]:
    """`claims`, each with the workload that it is of, and the frontier."""
    told = [*claims(found), frontier_words(found)]
    return [f"{found.workload}: {words}" for words in told if words is not None]


def figure_name(figure: Figure) -> str:
    """``TTFT p50``; the label where there is nothing shorter."""
    return figure.label if metric_short(figure.metric) == figure.metric else figure.short


def alias_words(at: EffectFigure) -> str:
    """`` (or of mode x max_output_tokens)`` of an effect that the plan cannot distinguish from others."""
    return f" (or this is the effect of {' or of '.join(at.aliases)})" if at.aliases else ""


def effect_words(at: EffectFigure) -> str:
    """``+12 % [5, 18]``; of a share ``+6.2 points [2, 10]``."""
    if at.ratio is not None:
        return _change(at.ratio, lambda ratio: per_cent(ratio - 1), "%")
    return (
        UNKNOWN
        if at.difference is None
        else _change(at.difference, lambda share: number_text(100 * share, 3), "points")
    )


def _change(at: Estimate, said: Callable[[float], str], unit: str) -> str:
    if at.value is None:
        return UNKNOWN
    value = said(at.value)
    sign = "" if value.startswith("-") or value == "0" else "+"
    ends = "" if at.low is None or at.high is None else f" [{said(at.low)}, {said(at.high)}]"
    return f"{sign}{value} {unit}{ends}"


def frontier_words(found: FactorsFound) -> str | None:
    """Which cells no other dominates; None where there is nothing to weigh."""
    figures = (found.frontier.quality, found.frontier.latency, found.frontier.cost)
    names = [figure_name(parse_figure(name, name)) for name in figures if name is not None]
    cells = [cell for cell in found.cells if cell.frontier]
    if len(names) < 2 or not cells:
        return None
    said = "; ".join(cell_words(cell) for cell in cells)
    return f"On the frontier of {', '.join(names[:-1])} and {names[-1]}, by their values: {said}"


def cell_words(cell: CellFigures) -> str:
    return f"{cell.number} ({cell.label.replace(' ', ', ')})"
