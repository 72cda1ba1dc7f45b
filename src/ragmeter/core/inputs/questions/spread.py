"""How evenly questions lie over the passages and documents that they are about."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_high

from ragmeter.core.inputs.questions.making import Question
from ragmeter.core.inputs.questions.passages import Passage
from ragmeter.core.inputs.questions.sentences import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Questions of each passage, those without one included. passages, documents: that are asked about, and in all."""

    questions: int
    passages: tuple[int, int]
    documents: tuple[int, int]
    fewest: int
    median: int
    most: int
    kinds: tuple[tuple[Kind, int], ...]


def spread_of(questions: Sequence[Question], passages: Sequence[Passage]) -> Spread:
    """``passages`` are not empty."""
    counts = Counter(question.passage.id for question in questions)
    each = [counts[passage.id] for passage in passages]
    kinds = Counter(question.kind for question in questions)
    return Spread(
        questions=len(questions),
        passages=(len(counts), len(passages)),
        documents=(
            len({question.passage.document for question in questions}),
            len({passage.document for passage in passages}),
        ),
        fewest=min(each),
        median=median_high(each),
        most=max(each),
        kinds=tuple((kind, kinds[kind]) for kind in Kind if kinds[kind]),
    )
