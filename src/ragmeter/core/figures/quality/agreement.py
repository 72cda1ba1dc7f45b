"""How far an answer agrees with a labelled one, as SQuAD defines it."""

import re
from collections import Counter
from collections.abc import Sequence

from ragmeter.core.inputs.questions.words import words

_ARTICLES = frozenset({"a", "an", "the"})
_COLLAPSED = 0.25


def tokens_of(text: str) -> list[str]:
    """Its words without case, punctuation and English articles."""
    return [word for word in words(re.sub(r"[-/_]", " ", text)) if word not in _ARTICLES]


def is_exact(answer: Sequence[str], labels: Sequence[Sequence[str]]) -> bool:
    return any(list(answer) == list(label) for label in labels)


def best_f1(answer: Sequence[str], labels: Sequence[Sequence[str]]) -> float:
    """Against the label that it agrees with best. Two texts without a word agree."""
    return max(_f1(answer, label) for label in labels)


def is_collapsed(answer: Sequence[str], labels: Sequence[Sequence[str]]) -> bool:
    """Whether it has less than a quarter of the words of the shortest label."""
    return len(answer) < _COLLAPSED * min(len(label) for label in labels)


def _f1(answer: Sequence[str], label: Sequence[str]) -> float:
    if not answer or not label:
        return float(not answer and not label)
    shared = (Counter(answer) & Counter(label)).total()
    return 2 * shared / (len(answer) + len(label))
