"""Searches by words and by both: the rankings, how they are fused, and what each batch is told of its times."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from backend.errors import UnknownDocsetError
from backend.parsing import Mode
from backend.retrieval.embedder import Embedder
from backend.retrieval.faiss_store import FaissStore
from backend.retrieval.lexical import LexicalIndex
from backend.retrieval.modes import Search, fuse
from backend.retrieval.records import Chunk, Hit, Recipe
from backend.retrieval.searching import find
from tests.backend.retrieval.test_backend_index import TEXTS, with_texts

PARTS = {
    "valve.md": "Error E-4711: the valve XK77 is stuck.",
    "pump.md": "Error E-4712: the pump is stuck.",
    "cats.md": "Cats sleep most of the day on warm keyboards.",
}


def hits(*names: str) -> list[Hit]:
    return [
        Hit(chunk=Chunk(name=name, number=0, section=None, text=""), score=1 / rank, meta={})
        for rank, name in enumerate(names, start=1)
    ]


@pytest.mark.parametrize(
    ("rankings", "fused"),
    [
        ((), []),
        (([], []), []),
        ((["a", "b"], []), [("a", 1 / 61), ("b", 1 / 62)]),
        ((["a", "b"], ["b", "c"]), [("b", 1 / 62 + 1 / 61), ("a", 1 / 61), ("c", 1 / 62)]),
        ((["a", "b"], ["a", "b"]), [("a", 2 / 61), ("b", 2 / 62)]),
        ((["a", "b"], ["b", "a"]), [("a", 1 / 61 + 1 / 62), ("b", 1 / 61 + 1 / 62)]),  # a tie: as they were met
    ],
)
def test_ranks_are_fused_and_scores_are_not(rankings: tuple[list[str], ...], fused: list[tuple[str, float]]) -> None:
    found = fuse(*(hits(*names) for names in rankings))
    assert [hit.chunk.name for hit in found] == [name for name, _ in fused]
    assert [hit.score for hit in found] == pytest.approx([score for _, score in fused])


@pytest.mark.parametrize(
    ("texts", "query", "rows"),
    [
        ([], "cats", []),
        (["", "?"], "cats", []),
        (["cats"], "", []),
        (["cats"], "dogs", []),
        (["cats"], "Cats?", [0]),
        (["a warm dog", "a warm cat", "a cold cat"], "CAT, warm", [1, 0, 2]),
        (["größe", "GRÖSSE GRÖßE"], "Größe", [0, 1]),
    ],
)
def test_texts_that_share_a_word_are_found(texts: list[str], query: str, rows: list[int]) -> None:
    assert sorted(row for row, _ in LexicalIndex(texts).search([query], 9)[0]) == sorted(rows)
    assert [row for row, _ in LexicalIndex(texts).search([query], 1)[0]] == rows[:1]


@pytest.fixture
def store(tmp_path: Path, recipe: Recipe, embedder: Embedder) -> Iterator[FaissStore]:
    opened = FaissStore(tmp_path, recipe)
    opened.publish(with_texts(opened.snapshot_or_empty("default"), embedder, PARTS))
    yield opened
    opened.close()


def names_of(found: object) -> list[str]:
    assert isinstance(found, list), found
    return [hit.chunk.name for hit in found]


def test_a_batch_of_all_modes(embedder: Embedder, store: FaissStore) -> None:
    """A part number is a word like any other by words, and next to nothing to the vectors."""
    modes: list[tuple[Mode, int]] = [("dense", 3), ("lexical", 3), ("lexical", 1), ("hybrid", 2), ("hybrid", 9)]
    batch = [("XK77", Search(docset="default", k=k, mode=mode, candidates=3)) for mode, k in modes]
    found = find(embedder, store, batch)
    dense, lexical, first, two, all_of_both = (names_of(each) for each in found.hits)
    assert len(dense) == 3
    assert lexical == first == ["valve.md"]
    assert two[0] == all_of_both[0] == "valve.md"
    assert (len(two), sorted(all_of_both)) == (2, sorted(PARTS))
    assert min(found.embedding_ms, found.dense_ms, found.lexical_ms or 0) > 0


@pytest.mark.parametrize(("mode", "embeds", "by_words"), [("dense", True, False), ("lexical", False, True)])
def test_a_search_that_nobody_asked_for_is_not_made(
    embedder: Embedder, store: FaissStore, mode: Mode, embeds: bool, by_words: bool
) -> None:
    class Counting:
        calls = 0

        def embed(self, texts: list[str]) -> object:
            self.calls += 1
            return embedder.embed(texts)

    counting = Counting()
    found = find(counting, store, [("cats", Search(docset="default", k=1, mode=mode))])  # type: ignore[arg-type]
    assert (counting.calls > 0, found.lexical_ms is not None) == (embeds, by_words)


def test_a_docset_that_is_not_there_is_no_error_of_the_others(embedder: Embedder, store: FaissStore) -> None:
    batch = [
        ("cats", Search(docset=docset, k=1, mode=mode))
        for docset in ("missing", "default")
        for mode in ("lexical", "hybrid")
    ]
    *missing, lexical, hybrid = find(embedder, store, batch).hits
    assert [type(each) for each in missing] == [UnknownDocsetError] * 2
    assert names_of(lexical) == names_of(hybrid) == ["cats.md"]


def test_words_of_each_snapshot_are_those_of_its_texts(embedder: Embedder, recipe: Recipe, tmp_path: Path) -> None:
    """Before the first search by words, after it, after a change, after a deletion, and after a restart."""

    def found(of: FaissStore, query: str) -> list[str]:
        return [hit.chunk.name for hit in of.search_words("default", [query], 5)[0]]

    nothing = np.empty((0, embedder.dimension), dtype=np.float32)
    store = FaissStore(tmp_path, recipe)
    store.publish(with_texts(store.snapshot_or_empty("default"), embedder, PARTS))
    assert found(store, "sleeping keyboards warm") == ["cats.md"]
    store.publish(with_texts(store.snapshot("default"), embedder, {"cats.md": "Dogs, rather.", **TEXTS}))
    assert found(store, "keyboards") == ["cats.md"]
    assert found(store, "dogs gpu") == ["prices.md"]
    store.change("default", remove={"cats.md", "valve.md"}, add=[], chunks=[], vectors=nothing)
    assert found(store, "XK77 keyboards") == []
    assert found(store, "pump") == ["pump.md"]
    store.close()
    again = FaissStore(tmp_path, recipe, by_words=True)
    assert found(again, "pump XK77") == ["pump.md"]
    again.change("default", remove={"pump.md"}, add=[], chunks=[], vectors=nothing)
    assert found(again, "pump") == []
    again.close()
