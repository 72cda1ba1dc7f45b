"""What a store holds and what a search finds, whichever store it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


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

    def differences(self, stored: dict[str, Any]) -> str:
        """How this one differs from the one that a docset was built with; empty: not at all."""
        wanted = asdict(self)
        return ", ".join(
            f"{key} {stored.get(key)!r}, now {wanted[key]!r}" for key in wanted if stored.get(key) != wanted[key]
        )


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
    """`score`: of a dense search the inner product of two vectors of length one, a cosine; of one by words what the
    store weighs them by; of a hybrid one that of `modes.fuse`; of a reranked one that of the reranker.
    """

    chunk: Chunk
    score: float
    meta: dict[str, Any]

    def describe(self) -> dict[str, Any]:
        own: dict[str, Any] = {"name": self.chunk.name, "chunk": self.chunk.number}
        if self.chunk.section is not None:
            own["section"] = self.chunk.section
        return {"id": self.chunk.id, "score": round(self.score, 6), "meta": {**self.meta, **own}}


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankerIdentity:
    """Part of the identity of a run. kind: `late_interaction` in this process, or `http`."""

    kind: str
    model: str

    @property
    def text(self) -> str:
        return f"{self.kind} {self.model}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Docset:
    """What a store tells of one docset. `hash`: see `docset_hash`; `generation` counts its changes."""

    name: str
    generation: int
    documents: int
    chunks: int
    hash: str


def docset_hash(recipe: Recipe, documents: Iterable[tuple[str, str]]) -> str:
    """Identity of what is searched: name and sha256 of each document, chunking, embedder, index type and parameters."""
    identity = json.dumps({"documents": sorted(documents), "recipe": asdict(recipe)}, sort_keys=True)
    return "sha256:" + hashlib.sha256(identity.encode()).hexdigest()
