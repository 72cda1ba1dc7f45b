"""The scores of one answer, from its text, its question and the passages that it was given."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ragmeter.core.figures.quality.agreement import best_f1, is_collapsed, is_exact, tokens_of
from ragmeter.core.figures.quality.language import language_of
from ragmeter.core.figures.quality.refusal import is_refusal
from ragmeter.core.figures.quality.statements import Sentence, content_of_text, sentences
from ragmeter.core.requests.scores import AnswerScores

_language_of_question = lru_cache(maxsize=4096)(language_of)
LEAST_SHARED = 0.6
"""Share of a statement's content words that a passage has to have."""
READ_CHARS = 40_000
"""How much of an answer is scored: a runaway answer must not hold up the load."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a request gave its answer. ids: of the passages, best first. texts: of the same passages; None where the
    service does not tell them.
    """

    ids: Sequence[str]
    texts: Sequence[str] | None


def score_answer(answer: str, question: str, labels: Sequence[str], given: Given) -> AnswerScores:
    """labels: the answers that the question is labelled with, if any."""
    answer = answer[:READ_CHARS]
    asked = content_of_text(question)
    found = list(sentences(answer))
    refused = is_refusal(answer)
    stated = [] if refused else [own for each in found if (own := each.content - asked)]
    passages = None if given.texts is None else [content_of_text(text) for text in given.texts]
    cites = [(each, name) for each in found for name in each.cites]
    tokens, expected = (tokens_of(answer) if labels else ()), [tokens_of(label) for label in labels]
    return AnswerScores(
        statements=len(stated),
        grounded=None if passages is None else sum(any(stands_in(own, p) for p in passages) for own in stated),
        citations=len(cites),
        cited=sum(_index(name, given.ids) is not None for _, name in cites),
        supported=None
        if passages is None
        else sum(_supports(each, asked, name, given, passages) for each, name in cites),
        refused=refused,
        same_language=_same_language(question, answer),
        exact=is_exact(tokens, expected) if expected else None,
        token_f1=best_f1(tokens, expected) if expected else None,
        collapsed=is_collapsed(tokens, expected) if expected else None,
    )


def stands_in(statement: frozenset[str], passage: frozenset[str]) -> bool:
    """Whether a passage has all numbers of a statement and enough of its content words."""
    if len(statement & passage) < LEAST_SHARED * len(statement):
        return False
    return not any(word[0].isdecimal() for word in statement - passage)


def _supports(
    sentence: Sentence, asked: frozenset[str], name: str, given: Given, passages: Sequence[frozenset[str]]
) -> bool:
    """A sentence that says nothing of its own, such as a bare citation, is not supported."""
    at, own = _index(name, given.ids), sentence.content - asked
    return at is not None and bool(own) and stands_in(own, passages[at])


def _index(name: str, ids: Sequence[str]) -> int | None:
    """Passages are numbered from 1, as they stand in the prompt."""
    if name.isdecimal():
        return int(name) - 1 if 1 <= int(name) <= len(ids) else None
    return ids.index(name) if name in ids else None


def _same_language(question: str, answer: str) -> bool | None:
    asked, said = _language_of_question(question), language_of(answer)
    return None if asked is None or said is None else asked == said
