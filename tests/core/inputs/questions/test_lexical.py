"""BM25, against a computation by hand."""

from math import log

import pytest

from ragmeter.core.inputs.questions.lexical import LexicalIndex

TEXTS = ["red apple", "green apple pie", "blue sky", "apple apple apple"]


def test_a_weight_is_the_inverse_document_frequency() -> None:
    index = LexicalIndex(TEXTS)
    assert index.weight("sky") == pytest.approx(log(1 + 3.5 / 1.5))
    assert index.weight("apple") == pytest.approx(log(1 + 1.5 / 3.5))
    assert index.weight("pear") == 0


@pytest.mark.parametrize(
    ("question", "number", "rank"),
    [
        ("Which apple is it?", 3, 1),
        ("Which apple is it?", 0, 2),
        ("Which apple is it?", 1, 3),
        ("Which apple is it?", 2, None),
        ("Is the sky blue?", 2, 1),
        ("Is it the what?", 0, None),
    ],
)
def test_the_text_with_more_of_the_words_comes_first(question: str, number: int, rank: int | None) -> None:
    assert LexicalIndex(TEXTS).rank(question, number) == rank


def test_equal_texts_share_the_first_place() -> None:
    index = LexicalIndex(["same words", "same words", "other"])
    assert [index.rank("same words", number) for number in range(3)] == [1, 1, None]
