"""A batch of queries, each searched as it asks: vectors first, words next, then the two fused."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ..errors import ServiceError
from .embedder import Embedder
from .filters import Filter
from .modes import Search, fuse
from .records import Hit
from .store import Store

Asked: TypeAlias = tuple[str, Search]
_Rankings: TypeAlias = dict[int, list[Hit] | ServiceError]
"""By the place of a query in its batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """hits: those of each query, best first, or why there are none. Times are of the whole batch; lexical_ms is None
    where no query of it is searched by words.
    """

    hits: list[list[Hit] | ServiceError]
    embedding_ms: float
    dense_ms: float
    lexical_ms: float | None


def find(embedder: Embedder, store: Store, batch: Sequence[Asked]) -> Found:
    """An error of one docset is not that of the others in the batch."""
    by_meaning = [place for place, (_, search) in enumerate(batch) if search.by_meaning]
    by_words = [place for place, (_, search) in enumerate(batch) if search.by_words]
    began_ns = time.perf_counter_ns()
    vectors = embedder.embed([batch[place][0] for place in by_meaning]) if by_meaning else None
    embedded_ns = time.perf_counter_ns()
    dense: _Rankings = {}
    if vectors is not None:
        row_of = {place: row for row, place in enumerate(by_meaning)}
        dense = _by_docset(
            batch,
            by_meaning,
            lambda docset, of, k, where: store.search(docset, vectors[[row_of[at] for at in of]], k, where),
        )
    searched_ns = time.perf_counter_ns()
    lexical = _by_docset(
        batch,
        by_words,
        lambda docset, of, k, where: store.search_words(docset, [batch[at][0] for at in of], k, where),
    )
    ended_ns = time.perf_counter_ns()
    return Found(
        hits=[_one(search, dense.get(place), lexical.get(place)) for place, (_, search) in enumerate(batch)],
        embedding_ms=(embedded_ns - began_ns) / 1e6 if by_meaning else 0.0,
        dense_ms=(searched_ns - embedded_ns) / 1e6 if by_meaning else 0.0,
        lexical_ms=(ended_ns - searched_ns) / 1e6 if by_words else None,
    )


def _by_docset(
    batch: Sequence[Asked],
    places: Sequence[int],
    search: Callable[[str, Sequence[int], int, Filter | None], list[list[Hit]]],
) -> _Rankings:
    """search: gets a docset, the places of its queries of one filter, how deep the deepest of them goes, the filter."""
    grouped: dict[tuple[str, Filter | None], list[int]] = defaultdict(list)
    for place in places:
        grouped[batch[place][1].docset, batch[place][1].where].append(place)
    rankings: _Rankings = {}
    for (docset, where), of in grouped.items():
        try:
            found = search(docset, of, max(batch[place][1].depth for place in of), where)
        except ServiceError as error:
            rankings.update(dict.fromkeys(of, error))
        else:
            rankings.update((place, hits[: batch[place][1].depth]) for place, hits in zip(of, found, strict=True))
    return rankings


def _one(
    search: Search, dense: list[Hit] | ServiceError | None, lexical: list[Hit] | ServiceError | None
) -> list[Hit] | ServiceError:
    rankings = []
    for ranking in (dense, lexical):
        if isinstance(ranking, ServiceError):
            return ranking
        if ranking is not None:
            rankings.append(ranking)
    return (fuse(*rankings) if len(rankings) > 1 else rankings[0])[: search.k]
