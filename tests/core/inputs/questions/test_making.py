"""Questions over passages: distinct, of one passage only, evenly spread, and always the same."""

import json
from collections import Counter

import pytest

from ragmeter.core.inputs.prompt_files import prompts_of
from ragmeter.core.inputs.questions.making import Label, Maker, Question, line_of
from ragmeter.core.inputs.questions.prompts import Prompt
from ragmeter.core.inputs.questions.sentences import Kind
from ragmeter.core.inputs.questions.spread import Spread, spread_of
from ragmeter.core.inputs.questions.words import key_of
from tests.core.inputs.questions.cases import passage, passages

FRUIT = ("apple", "banana", "cherry", "damson", "elder", "fig", "grape", "hazel")
TEXTS = [
    f"# The {name}\n\nThe {name} tree is a plant of the {name} garden. The {name} press contains a screw of "
    f"{name} wood. If the {name} harvest fails, the {name} farmer buys {name} juice."
    for name in FRUIT
]


def made(texts: list[str], count: int, *, seed: int = 1) -> list[Question]:
    return Maker(passages(*texts), seed=seed).make(count)


def texts_of(questions: list[Question]) -> list[str]:
    return [question.text for question in questions]


def test_questions_are_distinct_in_any_words() -> None:
    questions = made(TEXTS, 1000)
    assert len({key_of(question.text) for question in questions}) == len(questions) >= 3 * len(TEXTS)


def test_each_passage_is_asked_about_before_any_is_asked_about_again() -> None:
    for count in (1, 5, 8, 12, 16, 20):
        counts = Counter(question.passage.id for question in made(TEXTS, count))
        assert len(counts) == min(count, 8)
        assert max(counts.values()) - min(counts.values()) <= 1


def test_fewer_are_the_first_of_more() -> None:
    assert texts_of(made(TEXTS, 30))[:11] == texts_of(made(TEXTS, 11))


def test_the_questions_are_these_on_every_machine() -> None:
    assert texts_of(made(TEXTS, 4)) == GOLDEN


GOLDEN = [f"What is the {name} tree?" for name in ("hazel", "elder", "cherry", "fig")]


def test_another_seed_has_another_order() -> None:
    one, other = texts_of(made(TEXTS, 8)), texts_of(made(TEXTS, 8, seed=2))
    assert one != other
    assert sorted(texts_of(made(TEXTS, 1000))) == sorted(texts_of(made(TEXTS, 1000, seed=2)))


def test_a_changed_passage_leaves_the_questions_of_the_others() -> None:
    changed = [*TEXTS[:3], "# Pears\n\nA pear is a fruit of another kind entirely.", *TEXTS[4:]]
    before = {question.text for question in made(TEXTS, 1000) if question.passage.id != "guide.md#3"}
    after = {question.text for question in made(changed, 1000) if question.passage.id != "guide.md#3"}
    assert before == after


def test_what_two_passages_say_is_not_asked() -> None:
    assert made([TEXTS[0], TEXTS[0]], 10) == []
    both = made([TEXTS[0], f"{TEXTS[1]} {TEXTS[0].split('. ')[0].split(chr(10))[-1]}."], 100)
    assert "What is the apple tree?" not in texts_of(both)
    assert "What is the banana tree?" in texts_of(both)


def test_a_sentence_in_the_overlap_of_two_passages_is_not_asked_about() -> None:
    shared = "The overlap sentence contains a shared secret."
    questions = made([f"# One\n\nThe first part is a start. {shared}", f"{shared} The second part is an end."], 100)
    assert not [question for question in questions if "overlap" in question.text]


def test_a_question_that_leads_to_many_other_passages_is_left_out() -> None:
    """Ten passages have its words more often than the one whose sentence it is made of."""
    noise = [f"# N{number}\n\nTree tree tree number {number}." for number in range(10)]
    long = f"# One\n\nThe tree is a plant. {'Some more words about nothing at all. ' * 15}"
    assert "What is the tree?" not in texts_of(made([long, *noise], 1000))
    assert "What is the tree?" in texts_of(made([long, *noise[:3]], 1000))


def test_what_was_asked_already_is_not_asked_again() -> None:
    first = made(TEXTS, 1000)
    maker = Maker(passages(*TEXTS), seed=1)
    assert maker.make(1000, asked=texts_of(first)) == []
    assert "What is the fig tree?" not in texts_of(maker.make(1000, asked=["what is the FIG tree"]))


@pytest.mark.parametrize("texts", [[], ["$ ls -l\n"], ["42"], ["# \n"], ["\x00\ud800"]])
def test_nothing_to_ask_gives_nothing(texts: list[str]) -> None:
    assert made(texts, 10) == []


def test_what_an_llm_wrote_comes_first_if_it_is_sound() -> None:
    written = {
        "guide.md#0": [
            "Where does the apple farmer get juice when a harvest fails?",
            "Where does the apple farmer get it?",
        ],
        "guide.md#1": [
            "Apples?",
            "Which\x1b[2J banana tree is in the banana garden?",
            "Who is Napoleon Bonaparte, then?",
        ],
    }
    questions = Maker(passages(*TEXTS), seed=1).make(16, written=written)
    llm = [question for question in questions if question.kind is Kind.LLM]
    assert {question.text for question in llm} == set(written["guide.md#0"])
    assert {question.passage.id for question in questions} == {f"guide.md#{number}" for number in range(8)}


def test_rows_items_and_headings_are_asked_about() -> None:
    text = (
        "## Which keys are there?\n\n| option | meaning | default value | observed by |\n|---|---|---|---|\n"
        "| `--seed N` | of the draw | one | nobody |\n\n- trickle: a load of one request at a time\n"
    )
    assert {(q.kind, q.text) for q in made([text], 100)} == {
        (Kind.HEADING, "Which keys are there?"),
        (Kind.TABLE, "What does the option --seed N mean?"),
        (Kind.TABLE, "What is the default value of the option --seed N?"),
        (Kind.ITEM, "What is meant by trickle?"),
    }


def test_a_line_is_read_as_a_prompt_with_its_label() -> None:
    question = Question(text='What does "\u00c4" mean?', passage=passage("x", "a/b.md#7"), kind=Kind.TABLE)
    for label, relevant in ((Label.PASSAGE, "a/b.md#7"), (Label.DOCUMENT, "a/b.md")):
        line = line_of(question, label)
        assert json.loads(line) == {"prompt": question.text, "relevant": [relevant]}
        assert prompts_of(line, path="q.jsonl") == (Prompt(text=question.text, relevant=(relevant,)),)


def test_the_spread_counts_passages_that_are_not_asked_about() -> None:
    there = [*passages(*TEXTS), *passages("42", document="numbers.md")]
    questions = Maker(there, seed=1).make(12)
    found = spread_of(questions, there)
    assert (found.questions, found.passages, found.documents) == (12, (8, 9), (1, 2))
    assert (found.fewest, found.median, found.most) == (0, 1, 2)
    assert sum(count for _, count in found.kinds) == 12
    assert spread_of([], there) == Spread(
        questions=0, passages=(0, 9), documents=(0, 2), fewest=0, median=0, most=0, kinds=()
    )
