"""The question of a comparison, and what is said before its answer."""

from ragmeter.core.compare.comparison import Comparison


def question(found: Comparison) -> str:
    names = [side.label for side in found.sides]
    workloads = dict.fromkeys(side.workload for side in found.sides)
    return f"{', '.join(names[:-1])} or {names[-1]}: which one for {' and '.join(workloads)}?"


def overspent(found: Comparison) -> list[str]:
    """Of each side that has spent its error budget: said before anything that looks like its speed."""
    return [
        f"{side.label}: {side.overspent}. It is called neither faster nor cheaper."
        for side in found.sides
        if side.overspent is not None
    ]
