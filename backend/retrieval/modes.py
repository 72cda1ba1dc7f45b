"""How passages are searched: by meaning, by words, or by both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..parsing import Mode
from .filters import Filter
from .records import Hit


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What one query asks of a store. candidates: chunks that each of the two searches brings to a hybrid one.
    where: None searches all documents.
    """

    docset: str
    k: int
    mode: Mode = "dense"
    candidates: int = 0
    where: Filter | None = None

    @property
    def by_meaning(self) -> bool:
        return self.mode != "lexical"

    @property
    def by_words(self) -> bool:
        return self.mode != "dense"

    @property
    def depth(self) -> int:
        """How many chunks each search has to find."""
        return max(self.k, self.candidates) if self.mode == "hybrid" else self.k


RRF_CONSTANT = 60
"""Of reciprocal rank fusion, as in Cormack, Clarke and Büttcher, https://doi.org/10.1145/1571941.1572114."""


def fuse(*rankings: Sequence[Hit]) -> list[Hit]:
    """One ranking of several: a chunk's score is the sum of 1 / (60 + rank) over those that have it, ranks from 1.

    Scores of different searches have no common scale; their ranks do. Chunks of one score stay in the order in which
    they were met, the first ranking first.
    """
    scores: dict[str, float] = {}
    found: dict[str, Hit] = {}
    for ranking in rankings:
        for rank, hit in enumerate(ranking, start=1):
            scores[hit.chunk.id] = scores.get(hit.chunk.id, 0.0) + 1 / (RRF_CONSTANT + rank)
            found.setdefault(hit.chunk.id, hit)
    best = sorted(scores, key=lambda name: -scores[name])
    return [replace(found[name], score=scores[name]) for name in best]
