"""An immutable snapshot of a docset: documents, chunks, FAISS index. Searches run on one while the next is built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from .among import search_among
from .embedder import Vectors
from .parameters import has_outgrown, lists_for
from .records import Chunk, Docset, Document, Hit, Recipe, docset_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Row i of the index is chunk i; documents are by name, in the order of their chunks."""

    docset: str
    generation: int
    recipe: Recipe
    documents: dict[str, Document]
    chunks: tuple[Chunk, ...]
    index: Any

    def search(self, vectors: Vectors, k: int, passing: npt.NDArray[np.bool_] | None = None) -> list[list[Hit]]:
        """The k nearest chunks for each row of `vectors`, best first; fewer when the docset has fewer.

        passing: which rows count; None: all.
        """
        count = len(self.chunks) if passing is None else int(passing.sum())
        k = min(k, count)
        if k == 0:
            return [[] for _ in vectors]
        if passing is None or count == len(self.chunks):
            scores, rows = self.index.search(vectors, k)
        else:
            scores, rows = search_among(self.index, self.recipe, vectors, k, passing)
        return [
            [self.hit(int(row), float(score)) for row, score in zip(*line, strict=True) if row >= 0]
            for line in zip(rows, scores, strict=True)
        ]

    def hit(self, row: int, score: float) -> Hit:
        chunk = self.chunks[row]
        return Hit(chunk=chunk, score=score, meta=self.documents[chunk.name].meta)

    @property
    def docset_hash(self) -> str:
        return docset_hash(self.recipe, ((document.name, document.sha256) for document in self.documents.values()))

    def describe(self) -> Docset:
        return Docset(
            name=self.docset,
            generation=self.generation,
            documents=len(self.documents),
            chunks=len(self.chunks),
            hash=self.docset_hash,
        )


def new_index(recipe: Recipe, vectors: Vectors) -> Any:
    """Of these vectors. One of inverted lists without any cannot be clustered: it stays empty until there are some."""
    index = _empty_index(recipe, len(vectors))
    if len(vectors):
        index.train(vectors)
        index.add(vectors)
    return index


def _empty_index(recipe: Recipe, rows: int) -> Any:
    parameters = recipe.index_parameters
    match recipe.index_type:
        case "hnsw":
            graph = faiss.IndexHNSWFlat(recipe.dimension, parameters["M"], faiss.METRIC_INNER_PRODUCT)
            graph.hnsw.efConstruction = parameters["efConstruction"]
            graph.hnsw.efSearch = parameters["efSearch"]
            return graph
        case "ivf":
            lists = lists_for(rows, parameters)
            index: Any = faiss.index_factory(recipe.dimension, f"IVF{lists},Flat", faiss.METRIC_INNER_PRODUCT)
            index.nprobe = min(parameters["nprobe"], lists)
            index.make_direct_map()  # finds the vector of a row again
            return index
    return faiss.IndexFlatIP(recipe.dimension)


def empty_snapshot(docset: str, recipe: Recipe) -> Snapshot:
    nothing = np.empty((0, recipe.dimension), dtype=np.float32)
    return Snapshot(
        docset=docset, generation=0, recipe=recipe, documents={}, chunks=(), index=new_index(recipe, nothing)
    )


def next_snapshot(
    old: Snapshot, *, remove: set[str], add: Sequence[Document], chunks: Sequence[Chunk], vectors: Vectors
) -> Snapshot:
    """The generation after `old`: without the documents named in `remove`, with those of `add` behind them."""
    kept_rows = [row for row, chunk in enumerate(old.chunks) if chunk.name not in remove]
    documents = {name: document for name, document in old.documents.items() if name not in remove}
    documents.update({document.name: document for document in add})
    return Snapshot(
        docset=old.docset,
        generation=old.generation + 1,
        recipe=old.recipe,
        documents=documents,
        chunks=(*(old.chunks[row] for row in kept_rows), *chunks),
        index=_next_index(old, kept_rows, vectors),
    )


def _next_index(old: Snapshot, kept_rows: list[int], vectors: Vectors) -> Any:
    if kept_rows and len(kept_rows) == len(old.chunks) and not _outgrown(old, len(kept_rows) + len(vectors)):
        index = faiss.clone_index(old.index)
        if len(vectors):
            index.add(vectors)
        return index
    if not kept_rows:
        return new_index(old.recipe, vectors)
    kept = old.index.reconstruct_batch(np.array(kept_rows, dtype=np.int64))
    return new_index(old.recipe, np.concatenate([kept, vectors]))


def _outgrown(old: Snapshot, rows: int) -> bool:
    return old.recipe.index_type == "ivf" and has_outgrown(old.index.nlist, rows, old.recipe.index_parameters)
