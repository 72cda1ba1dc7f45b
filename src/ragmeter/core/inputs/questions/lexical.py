"""Search by words alone, BM25: whether a question leads to its passage, and to few others.

Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009), with its usual k1 and b.
"""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ragmeter.core.inputs.questions.words import STOP_WORDS, words

K1, B = 1.2, 0.75
TIE = 1e-9
"""Relative difference below which two scores are equal on any processor."""


class LexicalIndex:
    """Scores of the words of texts. ``texts`` are numbered in their order."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._size = len(texts)
        counts = [Counter(words(text)) for text in texts]
        lengths = [sum(each.values()) for each in counts]
        mean = sum(lengths) / max(1, len(lengths)) or 1.0
        places: dict[str, list[tuple[int, float]]] = {}
        for number, (each, length) in enumerate(zip(counts, lengths, strict=True)):
            damping = K1 * (1 - B + B * length / mean)
            for word, count in each.items():
                places.setdefault(word, []).append((number, count * (K1 + 1) / (count + damping)))
        self._postings: dict[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]] = {
            word: (np.array([at for at, _ in found]), self.rarity(len(found)) * np.array([by for _, by in found]))
            for word, found in places.items()
        }

    def rarity(self, texts: int) -> float:
        """Inverse document frequency of a word that so many texts have."""
        return math.log(1 + (self._size - texts + 0.5) / (texts + 0.5))

    def weight(self, word: str) -> float:
        """Inverse document frequency; 0 of a word that no text has."""
        found = self._postings.get(word)
        return 0.0 if found is None else self.rarity(len(found[0]))

    def rank(self, question: str, number: int) -> int | None:
        """Place of a text among those found, from 1; texts with its score do not count. None: it shares no word."""
        scores = self._scores(question)
        own = scores[number]
        return int((scores > own * (1 + TIE)).sum()) + 1 if own > 0 else None

    def best(self, question: str, count: int) -> list[int]:
        """The texts that share a word with the question and score highest, the best first."""
        scores = self._scores(question)
        return [int(at) for at in np.argsort(-scores, kind="stable")[:count] if scores[at] > 0]

    def _scores(self, question: str) -> npt.NDArray[np.float64]:
        scores = np.zeros(self._size)
        for word in sorted(set(words(question)) - STOP_WORDS):
            if (posting := self._postings.get(word)) is not None:
                scores[posting[0]] += posting[1]
        return scores
