"""Which session begins when, and how long its user thinks before each further turn: drawn before a phase begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from ragmeter.core.inputs.talks import Leaving, Sessions

NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTalk:
    """One session of a phase.

    number: in the whole run. first: the place of its first turn in the plan; the others follow. offset_ns: when it
    begins, since the phase began; None in a closed loop, where it begins when a user is free. thinks_ns: from the end
    of each answer but the last to the next question.
    """

    number: int
    first: int
    turns: int
    offset_ns: int | None
    thinks_ns: tuple[int, ...]

    @property
    def places(self) -> range:
        return range(self.first, self.first + self.turns)


def talks_of(
    sessions: Sessions,
    scripts: Sequence[int],
    *,
    first_number: int,
    offsets_ns: Sequence[int] | None,
    rng: np.random.Generator,
) -> tuple[PlannedTalk, ...]:
    """scripts: the script of each session, in order."""
    turns = [sessions.turns[script] for script in scripts]
    firsts = list(accumulate(turns, initial=0))
    thinks = (sessions.think.draw(sum(turns), rng) * NS_PER_S).astype(np.int64).tolist()
    return tuple(
        PlannedTalk(
            number=first_number + place,
            first=firsts[place],
            turns=count,
            offset_ns=None if offsets_ns is None else offsets_ns[place],
            thinks_ns=tuple(thinks[firsts[place] : firsts[place] + count - 1]),
        )
        for place, count in enumerate(turns)
    )


def leaves_of(leaving: Leaving, requests: int, rng: np.random.Generator) -> tuple[int | None, ...]:
    """Of each request, after which time its client goes away; None for one that stays to the end."""
    goes = rng.random(requests) < leaving.share
    after = (leaving.after.draw(requests, rng) * NS_PER_S).astype(np.int64).tolist()
    return tuple(ns if gone else None for ns, gone in zip(after, goes, strict=True))
