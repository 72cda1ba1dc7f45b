"""What an LLM is asked, and which lines of its answer are questions."""

import pytest

from ragmeter.core.inputs.questions.asking import messages_for, questions_of, unusable
from tests.core.inputs.questions.cases import passage

ANSWERS = {
    "1. What is a shard?\n2) Who sends it?": ["What is a shard?", "Who sends it?"],
    '- **What** is `a shard`?\n* "Who sends it?"': ["What is a shard?", "Who sends it?"],
    "Sure! Here are two questions:\n\nQ1: What is a shard?\nA: a part": ["What is a shard?"],
    "<think>What do they want?\nHm?</think>\nWhat is a shard?": ["What is a shard?"],
    "<think>What do they want? What is": [],
    "What is a shard?\nWhat is a shard?": ["What is a shard?"],
    "What is said in this passage?\nWhat does the above text explain?\nAccording to the passage, who sends it?": [],
    "What does the text embedder do?": ["What does the text embedder do?"],
    "": [],
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_lines_that_are_questions_are_taken(answer: str) -> None:
    assert questions_of(answer) == ANSWERS[answer]


def test_the_messages_hold_the_passage_and_the_number() -> None:
    system, user = messages_for(passage("A shard is a part.", section=None), 3)
    assert (system["role"], user["role"]) == ("system", "user")
    assert "Document: guide.md\nSection: none\n\nPassage:\nA shard is a part.\n\nWrite 3 different" in user["content"]


@pytest.mark.parametrize("written", [[], [["Why?"]], [["Why?"], ["How?"]]])
def test_usable_answers_need_no_word(written: list[list[str]]) -> None:
    assert unusable(written) is None


def test_unusable_answers_are_counted() -> None:
    assert str(unusable([["Why?"], [], []])).startswith("2 of the LLM's 3 answers have no usable question")
