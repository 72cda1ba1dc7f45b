"""What saved runs, or the first trials of a session, say of a gate: how many trials it needs, what it can decide."""

import math
from collections.abc import Mapping, Sequence

from ragmeter.core.compare.gate_plan import (
    ASSUMED_SPREAD,
    Decided,
    Needed,
    Spread,
    decided_words,
    needed_for,
    needed_words,
    of_both,
    smallest_decided,
    spread_of,
)
from ragmeter.core.compare.sides import figures_by_trial
from ragmeter.core.formatting import percent
from ragmeter.core.requests.figure import Figure
from ragmeter.core.run.saved import SavedRun


def sessions_words(figures: Sequence[Figure], runs: Sequence[SavedRun], min_effect_ratio: float) -> str | None:
    """``3 saved sessions can decide about a change of 4 % of p50(e2e_ms)``; None when they are too few.

    runs: of one system, each of a session of its own.
    """
    decided = _decided(figures, [figures_by_trial(run, figures) for run in runs])
    if not decided:
        return None
    return (
        f"{len(runs)} saved sessions can decide about {decided_words(decided)}; "
        f"{percent(min_effect_ratio)} % is what matters"
    )


def _decided(figures: Sequence[Figure], sessions: Sequence[Mapping[Figure, Sequence[float | None]]]) -> list[Decided]:
    """Of the figures that enough sessions have in every trial."""
    found = []
    for figure in figures:
        whole = [[value for value in session[figure] if value is not None and value > 0] for session in sessions]
        known = [values for values, session in zip(whole, sessions, strict=True) if len(values) == len(session[figure])]
        if (change := smallest_decided([values for values in known if values])) is not None:
            found.append(Decided(figure=figure, change_ratio=change))
    return found


def pairs_needed(
    one: Sequence[SavedRun], other: Sequence[SavedRun], figures: Sequence[Figure], min_effect_ratio: float
) -> list[Needed]:
    """Trials of each of two systems, by the spread of their newest runs; where one has none, by the one assumed."""
    near, far = (_spreads(runs, figures) for runs in (one, other))
    spread = {key: of_both(near.get(key), far.get(key)) for key in figures}
    return [needed_for(key, spread[key], min_effect_ratio, len(figures)) for key in figures]


def pairs_words(
    needed: Sequence[Needed], min_effect_ratio: float, one: Sequence[SavedRun], other: Sequence[SavedRun], planned: int
) -> str:
    """``needs 7 trials (5 to 15) to decide about a change of 5 % of p50(ttft_ms), by the spread of the last runs; 5 are
    planned``.
    """
    by = "by the spread of the last runs" if one and other else f"if their trials differ by {percent(ASSUMED_SPREAD)} %"
    return f"needs {needed_words(needed, min_effect_ratio)}, {by}; {planned} are planned"


def _spreads(runs: Sequence[SavedRun], figures: Sequence[Figure]) -> Mapping[Figure, Spread]:
    """Of the newest run, and those figures whose trials tell it."""
    by_trial = figures_by_trial(runs[0], figures) if runs else {}
    return {figure: spread for figure, values in by_trial.items() if (spread := spread_of(values)) is not None}


def needed_by_pairs(
    one: Mapping[Figure, Sequence[float | None]],
    other: Mapping[Figure, Sequence[float | None]],
    min_effect_ratio: float,
) -> list[Needed]:
    """Trials of each of two systems, by the pairs that a session has measured so far: of the figures that they tell.

    one, other: one figure for each trial, of the same ones.
    """
    spreads = {figure: _spread_of_pairs(one[figure], other[figure]) for figure in one}
    return [
        needed_for(figure, spread, min_effect_ratio, len(one))
        for figure, spread in spreads.items()
        if spread is not None
    ]


def most_of(needed: Sequence[Needed]) -> Needed | None:
    """The figure that takes the most trials; None of none."""
    return max(needed, key=lambda at: math.inf if at.trials is None else at.trials, default=None)


def trials_of(needed: Sequence[Needed], planned: int) -> int | None:
    """That decide about every figure, at least those planned; None where it takes more than are counted."""
    most = most_of(needed)
    return planned if most is None else None if most.trials is None else max(planned, most.trials)


def _spread_of_pairs(one: Sequence[float | None], other: Sequence[float | None]) -> Spread | None:
    if len(one) != len(other):
        return None
    pairs = zip(one, other, strict=True)
    return spread_of([None if not a or not b else b / a for a, b in pairs])


def is_outside(said: Needed, now: Needed) -> bool:
    """Whether the trials that were said are not among those that may be needed by what is known now."""
    trials, low, high = (math.inf if each is None else each for each in (said.trials, now.low, now.high))
    return not low <= trials <= high
