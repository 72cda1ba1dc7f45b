"""Where a figure changed from one run to the next for good."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from ragmeter.core.stats.contrast import contrast

SEGMENT = 3
"""Fewest runs on each side of a change: below, the spread of a side is not known."""
ALPHA = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Figures of one level, one after the other: the index of the first, how many, and their geometric mean."""

    first: int
    count: int
    value: float


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


def levels(values: Sequence[float]) -> list[Level]:
    """The levels between the change points, in order; one where nothing changed, none without figures."""
    ends = [0, *change_points(values), len(values)]
    return [
        Level(first=first, count=end - first, value=math.exp(fmean(map(math.log, values[first:end]))))
        for first, end in pairwise(ends)
        if first < end
    ]
