"""Where a figure changed from one run to the next for good."""

import math
from collections.abc import Sequence
from itertools import pairwise

from ragmeter.core.stats.contrast import contrast

SEGMENT = 3
"""Fewest runs on each side of a change: below, the spread of a side is not known."""
ALPHA = 0.01


def change_points(values: Sequence[float]) -> list[int]:
    """Indices at which a new level begins, of positive figures in the order of time.

    Binary segmentation (Scott & Knott 1974): the split with the smallest p of Welch's test of the logarithms, corrected
    by Bonferroni for the splits that were tried, counts below 1 %; then both sides are searched in the same way.
    """
    found = sorted(_within(values, 0))
    return _confirmed(values, found)


def _within(values: Sequence[float], offset: int) -> list[int]:
    splits = range(SEGMENT, len(values) - SEGMENT + 1)
    if not splits:
        return []
    p, at = min((_p(values[:split], values[split:]), split) for split in splits)
    if p * len(splits) >= ALPHA:
        return []
    return [*_within(values[:at], offset), offset + at, *_within(values[at:], offset + at)]


def _confirmed(values: Sequence[float], found: Sequence[int]) -> list[int]:
    """Those that still separate their two neighbours: a split of the whole can be of a change beside it."""
    ends = [0, *found, len(values)]
    return [
        at
        for (before, at), (_, after) in zip(pairwise(ends), pairwise(ends[1:]), strict=False)
        if _p(values[before:at], values[at:after]) < ALPHA
    ]


def _p(before: Sequence[float], after: Sequence[float]) -> float:
    return contrast(before, after, paired=False).p_value or 0.0


def change_ratio(values: Sequence[float], points: Sequence[int], at: int) -> float:
    """The level that begins at a change point, relative to the level before it."""
    ends = [0, *points, len(values)]
    index = ends.index(at)
    before, after = values[ends[index - 1] : at], values[at : ends[index + 1]]
    return math.exp(_mean_log(after) - _mean_log(before))


def _mean_log(values: Sequence[float]) -> float:
    return sum(math.log(value) for value in values) / len(values)
