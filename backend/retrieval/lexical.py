"""BM25 over the texts of one snapshot, by bm25s."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import bm25s
import numpy as np
import numpy.typing as npt

logging.getLogger("bm25s").setLevel(logging.WARNING)  # it asks for all of its debug lines itself


class LexicalIndex:
    """Lucene's BM25 with k1 1.5 and b 0.75. Words are runs of two or more letters or digits, without regard to case;
    none are left out or stemmed, so that it serves any language that puts spaces between words.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        words = bm25s.tokenize(list(texts), stopwords=None, show_progress=False)
        self._count = len(texts) if words.vocab else 0
        self._bm25 = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
        if self._count:
            self._bm25.index(words, show_progress=False)

    def search(
        self, queries: Sequence[str], k: int, rows: npt.NDArray[np.bool_] | None = None
    ) -> list[list[tuple[int, float]]]:
        """For each query the rows of at most k texts that share a word with it, and their scores, best first.

        rows: which of them count; None: all.
        """
        k = min(k, self._count)
        if k == 0:
            return [[] for _ in queries]
        words = bm25s.tokenize(list(queries), stopwords=None, return_ids=False, show_progress=False)
        weights = None if rows is None else rows.astype(np.float32)
        found, scores = self._bm25.retrieve(words, k=k, show_progress=False, weight_mask=weights)
        return [
            [(int(row), float(score)) for row, score in zip(*line, strict=True) if score > 0]
            for line in zip(found, scores, strict=True)
        ]
