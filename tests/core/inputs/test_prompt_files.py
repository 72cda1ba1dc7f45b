"""Files of questions: what is read, and what is named as another format."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.prompt_files import prompts_of
from ragmeter.core.inputs.question_sets import beir, format_of, set_of
from ragmeter.core.inputs.questions.prompts import prompt_of

SQUAD = {
    "version": "v2.0",
    "data": [
        {
            "title": "Ports",
            "paragraphs": [
                {
                    "context": "Port 80 is open.",
                    "qas": [
                        {"question": " Which port is open? ", "id": "1", "answers": [{"text": "80"}, {"text": "80"}]},
                        {"question": "None?", "id": "2", "answers": [], "is_impossible": True},
                    ],
                }
            ],
        }
    ],
}
HOTPOT = [
    {
        "question": "Both?",
        "answer": "a",
        "supporting_facts": [["A/B", 0], ["A/B", 1]],
        "context": [["A/B", ["One. ", "Two."]], ["C", ["Three."]]],
    }
]
SHAREGPT = [{"conversations": [{"from": "system", "value": "s"}, {"from": "human", "value": "Hi?"}]}] * 2
CORPUS: list[dict[str, Any]] = [{"_id": "d1", "title": "T", "text": "Words."}, {"_id": 2, "text": "More."}]
QUERIES: list[dict[str, Any]] = [{"_id": "q1", "text": "A claim."}, {"_id": "q2", "text": "Not judged."}]
JUDGED = "query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\t2\t2\nq2\td1\t0\n"


@pytest.mark.parametrize(
    ("text", "path", "rows"),
    [
        ("One?\n\n  Two?  \r\n", "q.txt", [("One?", ()), ("Two?", ())]),
        ("# a [list] of {things}\n", "q.txt", [("# a [list] of {things}", ())]),
        ("[1] is quoted\n", "q.txt", [("[1] is quoted", ())]),
        ("One?", "questions", [("One?", ())]),
        ('{"prompt": "One?", "relevant": ["a", 17]}\n', "q.ndjson", [("One?", ("a", "17"))]),
        ('{"prompt": "One?", "answer": "1"}\n', "q.jsonl", [("One?", (), ("1",))]),
        ('{"prompt": "One?", "answer": ["1", "one"]}\n', "q.jsonl", [("One?", (), ("1", "one"))]),
    ],
)
def test_lines_and_json_lines_are_prompts(text: str, path: str, rows: list[tuple[Any, ...]]) -> None:
    found = prompts_of(text, path=path)
    assert [(at.text, at.relevant, at.answers) for at in found] == [(*row, ())[:3] for row in rows]
    assert tuple(prompt_of(at.document()) for at in found) == found


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        (json.dumps(SQUAD), "dev.json", "is SQuAD, with the keys version, data; `ragmeter dataset import` makes"),
        (json.dumps(HOTPOT), "dev.json", "is HotpotQA, with a list of 1, the first with the keys question, answer"),
        (json.dumps(SHAREGPT), "s.json", "is ShareGPT, with a list of 2"),
        ("{", "dev.json", "is no JSON, whatever its name says"),
        ("1048578\tfirst question\n", "msmarco.tsv", "is a table; `ragmeter dataset import`"),
        ("user_input,reference\n", "ragas.csv", "is a table"),
        ("PAR1", "x.parquet", "is a table; a prompts_file is .txt"),
        ('{"_id": "0", "text": "A claim."}', "q.ndjson", "but the keys _id, text: these are the queries of a BEIR set"),
        ('{"question": "Q?"}', "q.jsonl", "but the keys question: `ragmeter dataset import` makes prompts of it"),
        ('{"a": 1}', "q.jsonl", "$.a: unknown key; allowed: answer, prompt, relevant"),
        ('{"prompt": "Q?"}', "q.txt", "is JSON, with the keys prompt; name such a file .jsonl"),
        ("[\n {\n", "q.txt", "is JSON over several lines"),
        ('{"prompt": "Q?", "relevant": [true]}', "q.jsonl", "relevant"),
        ('{"prompt": "Q?", "answer": ""}', "q.jsonl", "answer"),
        ('{"prompt": "Q?", "answer": []}', "q.jsonl", "answer"),
        ("", "q.txt", "has no prompts"),
        ("[" * 100_000, "q.jsonl", "not JSON"),
    ],
)
def test_another_format_is_named_in_one_sentence(text: str, path: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        prompts_of(text, path=path)
    assert words in str(caught.value)
    assert str(caught.value).startswith(path)


def test_a_set_is_questions_with_labels_and_the_documents_that_they_name() -> None:
    squad, hotpot, shared = (set_of(document, "f") for document in (SQUAD, HOTPOT, SHAREGPT))
    assert [(each.text, each.relevant) for each in squad.questions] == [("Which port is open?", ("Ports-1.md",))]
    assert json.loads(squad.questions[0].line())["answer"] == ["80"]
    assert json.loads(hotpot.questions[0].line())["answer"] == ["a"]
    assert squad.documents == {"Ports-1.md": "# Ports\n\nPort 80 is open.\n"}
    (question,) = hotpot.questions
    assert len(question.relevant) == 1
    assert hotpot.documents[question.relevant[0]] == "# A/B\n\nOne. Two.\n"
    assert [each.text for each in shared.questions] == ["Hi?"]


def test_a_beir_set_keeps_what_is_judged_positive() -> None:
    found = beir(CORPUS, QUERIES, JUDGED, "f")
    assert [(each.text, each.relevant) for each in found.questions] == [("A claim.", ("d1.md", "2.md"))]
    assert found.documents == {"d1.md": "# T\n\nWords.\n", "2.md": "More.\n"}
    assert json.loads(found.questions[0].line()) == {"prompt": "A claim.", "relevant": ["d1.md", "2.md"]}


def test_labels_that_name_no_document_are_refused_with_their_share() -> None:
    with pytest.raises(ConfigError, match=r"f: 1 of 2 labels \(50%\) name no document, such as 'gone'; known: d1\.md"):
        beir(CORPUS, QUERIES, "q1\td1\t1\nq1\tgone\t1\n", "f")
    with pytest.raises(ConfigError, match="f: has no question"):
        beir(CORPUS, QUERIES, "", "f")


@pytest.mark.parametrize("document", [None, {}, [], 3, "text", [[]], [{}], {"data": []}, {"data": [3]}])
def test_what_is_no_set_is_named_with_what_it_has(document: object) -> None:
    assert format_of(document) is None
    with pytest.raises(ConfigError, match=r"f: is of no known format \(SQuAD, HotpotQA, ShareGPT"):
        set_of(document, "f")


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=4),
        lambda below: (
            st.lists(below, max_size=3)
            | st.dictionaries(
                st.sampled_from(["data", "question", "context", "supporting_facts", "text"]), below, max_size=3
            )
        ),
        max_leaves=10,
    )
)
def test_no_document_ends_the_reader_otherwise_than_in_a_sentence(document: object) -> None:
    try:
        assert set_of(document, "f").questions
    except ConfigError as error:
        assert str(error).startswith("f: ")  # noqa: PT017 - either outcome is right
