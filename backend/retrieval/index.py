"""An immutable snapshot of a docset: documents, chunks, FAISS index. Searches run on one while the next is built."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import faiss
import numpy as np

from .embedder import Vectors

# Fixed and published, so that two runs search alike: https://faiss.ai/cpp_api/struct/structfaiss_1_1HNSW.html
INDEX_PARAMETERS: dict[str, dict[str, Any]] = {
    "flat": {"metric": "inner_product"},
    "hnsw": {"metric": "inner_product", "M": 32, "efConstruction": 200, "efSearch": 128},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What decides the vectors of a docset beside its documents."""

    embedding_model_id: str
    embedding_sha256: str
    dimension: int
    chunk_chars: int
    chunk_overlap: int
    index_type: str
    index_parameters: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    id: str
    name: str
    sha256: str
    chars: int
    chunks: int
    meta: dict[str, Any]
    ingested_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """`number` counts from 0 within the document; the id `name#number` is the same at each ingest of the same text."""

    name: str
    number: int
    section: str | None
    text: str

    @property
    def id(self) -> str:
        return f"{self.name}#{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    chunk: Chunk
    score: float
    meta: dict[str, Any]

    def describe(self) -> dict[str, Any]:
        own: dict[str, Any] = {"name": self.chunk.name, "chunk": self.chunk.number}
        if self.chunk.section is not None:
            own["section"] = self.chunk.section
        return {"id": self.chunk.id, "score": round(self.score, 6), "meta": {**self.meta, **own}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Row i of the index is chunk i; documents are by name, in the order of their chunks."""

    docset: str
    generation: int
    recipe: Recipe
    documents: dict[str, Document]
    chunks: tuple[Chunk, ...]
    index: Any

    def search(self, vectors: Vectors, k: int) -> list[list[Hit]]:
        """The k nearest chunks for each row of `vectors`, best first; fewer when the docset has fewer."""
        k = min(k, len(self.chunks))
        if k == 0:
            return [[] for _ in vectors]
        scores, rows = self.index.search(vectors, k)
        return [
            [self._hit(int(row), float(score)) for row, score in zip(*line, strict=True) if row >= 0]
            for line in zip(rows, scores, strict=True)
        ]

    def _hit(self, row: int, score: float) -> Hit:
        chunk = self.chunks[row]
        return Hit(chunk=chunk, score=score, meta=self.documents[chunk.name].meta)

    @property
    def docset_hash(self) -> str:
        """Identity of what is searched: documents, chunking, embedder, index type and parameters."""
        documents = sorted((document.name, document.sha256) for document in self.documents.values())
        identity = json.dumps({"documents": documents, "recipe": asdict(self.recipe)}, sort_keys=True)
        return "sha256:" + hashlib.sha256(identity.encode()).hexdigest()


def new_index(recipe: Recipe) -> Any:
    if recipe.index_type == "flat":
        return faiss.IndexFlatIP(recipe.dimension)
    parameters = recipe.index_parameters
    index = faiss.IndexHNSWFlat(recipe.dimension, parameters["M"], faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = parameters["efConstruction"]
    index.hnsw.efSearch = parameters["efSearch"]
    return index


def empty_snapshot(docset: str, recipe: Recipe) -> Snapshot:
    return Snapshot(docset=docset, generation=0, recipe=recipe, documents={}, chunks=(), index=new_index(recipe))


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
    if len(kept_rows) == len(old.chunks):
        index = faiss.clone_index(old.index)
    else:
        index = new_index(old.recipe)
        index.add(old.index.reconstruct_batch(np.array(kept_rows, dtype=np.int64)))
    index.add(vectors)
    return index
