"""Markdown to blocks: what is prose, what is a table, and what is neither."""

import pytest

from ragmeter.core.inputs.questions.passages import Row, blocks_of, split_sentences
from ragmeter.core.inputs.questions.words import key_of, plain, title
from tests.core.inputs.questions.cases import passage

PAGE = """# Guide

See [the glossary](a/b.md) for **terms**. Use `--count N`, e.g. Ten of them.
Two lines
are one sentence.

- queue: the wait before work began
- A whole item.
- another
  over two lines.

| key | meaning |
|---|---|
| `seed` | of the draw, a \\| b |
"""


def test_a_page_is_read_into_its_blocks() -> None:
    blocks = blocks_of(passage(PAGE), whole=True)
    assert blocks.headings == ["Guide"]
    assert blocks.sentences == [
        "See the glossary for terms.",
        "Use --count N, e.g. Ten of them.",
        "Two lines are one sentence.",
        "A whole item.",
        "another over two lines.",
    ]
    assert blocks.items == ["queue: the wait before work began", "A whole item.", "another over two lines."]
    assert blocks.rows == [Row(header=("key", "meaning"), cells=("seed", "of the draw, a | b"))]


def test_the_end_of_a_sentence_at_the_start_of_a_passage_is_none() -> None:
    blocks = blocks_of(passage("of the run. The rest is whole. This is cut off at the"), whole=False)
    assert blocks.sentences == ["The rest is whole."]


def test_a_table_goes_on_in_the_next_passage_with_its_columns() -> None:
    going_on = passage("cut row |\n| `b` | two |\n\n| x | y |\n|---|---|\n| c | d |")
    blocks = blocks_of(going_on, whole=False, header=("key", "meaning"))
    assert blocks.rows == [
        Row(header=("key", "meaning"), cells=("b", "two")),
        Row(header=("x", "y"), cells=("c", "d")),
    ]
    assert blocks.header == ("x", "y")


def test_a_table_of_another_width_has_no_header() -> None:
    blocks = blocks_of(passage("cut |\n| a | b | c |"), whole=False, header=("key", "meaning"))
    assert blocks.rows == [Row(header=(), cells=("a", "b", "c"))]


CODE = {
    "before\n\n```console\n$ run. It.\n```\n\nProse stays.": ["Prose stays."],
    "Code ends. Here.\n```\n\nProse stays.": ["Prose stays."],
    "Prose stays.\n\n```python\nCode begins. Here.": ["Prose stays."],
    "<!-- A comment. -->\n\nProse stays.": ["Prose stays."],
    "```\nCode. Only.\n```": [],
}


@pytest.mark.parametrize("text", CODE)
def test_code_and_comments_are_no_prose(text: str) -> None:
    assert blocks_of(passage(text), whole=True).sentences == CODE[text]


def test_a_dot_after_an_abbreviation_or_a_number_ends_no_sentence() -> None:
    text = 'Versions of 3.11, i.e. All of them, work. "Quoted." J. Smith said so! Is it? Yes'
    assert split_sentences(text) == [
        "Versions of 3.11, i.e. All of them, work.",
        '"Quoted."',
        "J. Smith said so!",
        "Is it?",
        "Yes",
    ]


PLAIN = {
    "![picture](a.png) and [text][1]": "and text",
    "**bold**, _slanted_ and snake_case_name": "bold, slanted and snake_case_name",
    "`**code** _is_ kept`": "**code** _is_ kept",
    "<b>tags</b> and 1 < 2": "tags and 1 < 2",
}


@pytest.mark.parametrize("text", PLAIN)
def test_markup_is_taken_away(text: str) -> None:
    assert plain(text) == PLAIN[text]


@pytest.mark.parametrize("heading", ["7.8. What is it?", "What is it? \u00b6", "A.1 What is it?", "3) What is it?"])
def test_numbers_and_links_of_headings_are_taken_away(heading: str) -> None:
    assert title(heading) == "What is it?"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("What is a shard?", "what is the SHARD", True),
        ("What does a shard mean?", "What is a shard?", True),
        ("What is a shard?", "What is a sharp?", False),
        ("What is said about it?", "What is said about them?", True),
        ("\uff33hard", "shard", True),
    ],
)
def test_questions_in_other_words_have_one_key(one: str, other: str, same: bool) -> None:
    assert (key_of(one) == key_of(other)) is same
