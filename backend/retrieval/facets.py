"""Which rows of a snapshot pass a filter."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .filters import Filter, facts_of, written
from .index import Snapshot

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Facets:
    """Made of a snapshot when it is first searched with a filter.

    by_field: for each field the numbers of the documents that have a value. document_of: number of each row's document.
    """

    snapshot: Snapshot
    by_field: dict[str, dict[str, list[int]]]
    document_of: npt.NDArray[np.int64]

    @classmethod
    def of(cls, snapshot: Snapshot) -> Facets:
        numbers = {name: number for number, name in enumerate(snapshot.documents)}
        by_field: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for number, document in enumerate(snapshot.documents.values()):
            for name, value in facts_of(document).items():
                by_field[name][written(value)].append(number)
        rows = np.fromiter((numbers[chunk.name] for chunk in snapshot.chunks), np.int64, len(snapshot.chunks))
        return cls(snapshot, {name: dict(values) for name, values in by_field.items()}, rows)

    def rows(self, where: Filter) -> Mask:
        """Raises BadRequestError for a field that no document has."""
        where.check(self.snapshot.docset, self.by_field)
        passing = np.ones(len(self.snapshot.documents), dtype=np.bool_)
        for name, values in where.fields:
            having = np.zeros_like(passing)
            for value in values:
                having[self.by_field.get(name, {}).get(written(value), [])] = True
            passing &= having
        return passing[self.document_of]
