"""What the service asks of a store of vectors: FAISS in this process, or a database that replicas share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from .embedder import Vectors
from .filters import Filter
from .records import Chunk, Docset, Document, Hit, Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreIdentity:
    """Part of the identity of a run. `version`: what the store says of itself, with its extension where it has one."""

    name: str
    version: str


class Store(Protocol):
    """Every method blocks, on a disk or on a network: call it from a worker thread. Searches may run beside a change.

    Raises StoreError where the store does not do what it is asked.
    """

    @property
    def recipe(self) -> Recipe: ...

    @property
    def identity(self) -> StoreIdentity: ...

    def warm_up(self, vectors: Vectors) -> None:
        """Pays once, in the thread that will search, for what the first search would have to wait for."""
        ...

    def search(self, docset: str, vectors: Vectors, k: int, where: Filter | None = None) -> list[list[Hit]]:
        """The k nearest chunks for each row of `vectors`, best first; fewer when fewer pass the filter.

        Raises UnknownDocsetError, and BadRequestError for a field that no document has.
        """
        ...

    def search_words(self, docset: str, queries: Sequence[str], k: int, where: Filter | None = None) -> list[list[Hit]]:
        """The k chunks that share the weightiest words with each query, best first; none that shares no word.

        Raises as `search`.
        """
        ...

    def docsets(self) -> list[Docset]: ...

    def documents(self, docset: str) -> list[Document]:
        """In the order of their names. Raises UnknownDocsetError."""
        ...

    def change(
        self, docset: str, *, remove: set[str], add: Sequence[Document], chunks: Sequence[Chunk], vectors: Vectors
    ) -> None:
        """Without the documents named in `remove`, with those of `add`, whose chunks have the rows of `vectors`. One
        that is added replaces one of the same name.

        All of it or nothing, and durable once it returns: searches see the docset as it was until then. A docset that
        does not exist is made.
        """
        ...

    def problem(self) -> str | None:
        """Why a search would fail now; None: it would not."""
        ...

    def close(self) -> None: ...
