"""``ragmeter questions``: from a folder to a file that a workload reads, with its spread."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ragmeter.cli import main
from ragmeter.clients.chat import TOKEN
from ragmeter.run.plan.catalog import load_workload
from tests.backend.fake_llm import FakeLlm, Reply
from tests.core.inputs.questions.test_making import FRUIT, TEXTS

SECRET = "s3cret-t0ken"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    at = tmp_path / "fruit"
    at.mkdir()
    for name, text in zip(FRUIT, TEXTS, strict=True):
        (at / f"{name}.md").write_text(text, encoding="utf-8")
    return at


def questions(folder: Path, *arguments: str, count: int = 12, status: int = 0) -> list[tuple[str, str]]:
    """Text and label of each that was written."""
    output = folder.parent / "questions.jsonl"
    assert main(["questions", str(folder), "--count", str(count), "--output", str(output), *arguments]) == status
    lines = output.read_text(encoding="utf-8").splitlines() if output.exists() else []
    return [(line["prompt"], *line["relevant"]) for line in map(json.loads, lines)]


def test_a_workload_reads_them_and_the_spread_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = questions(folder)
    manifest = {"schema": "workload.v1", "name": "fruit", "benchmark": {}, "prompts_file": "questions.jsonl"}
    (folder.parent / "fruit.yaml").write_text(yaml.safe_dump(manifest), encoding="utf-8")
    prompts = load_workload(str(folder.parent / "fruit.yaml")).prompts
    assert [(prompt.text, *prompt.relevant) for prompt in prompts] == made
    assert all(name in text and label == f"{name}.md#0" for text, label in made for name in FRUIT if name in text)
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == f"{folder.parent / 'questions.jsonl'}: 12 questions"
    assert rest == [
        "  documents              8 of 8 asked about",
        "  passages               8 of 8 asked about",
        "  questions per passage  min 1, median 2, max 2",
        "  made from              definition 8, condition 4",
    ]


def test_again_they_are_the_same_and_with_another_seed_others(folder: Path) -> None:
    once = questions(folder)
    assert questions(folder) == once != questions(folder, "--seed", "2")


def test_documents_can_be_the_labels(folder: Path) -> None:
    assert {label for _, label in questions(folder, "--label", "document")} == {f"{name}.md" for name in FRUIT}


def test_fewer_than_asked_for_are_written_when_that_is_allowed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert questions(folder, count=33, status=2) == []
    assert capsys.readouterr().err == (
        f"ragmeter: {folder}: 32 distinct questions can be made of its 8 passages in 8 documents, not --count 33; "
        "--allow-fewer writes those\n"
    )
    assert len(questions(folder, "--allow-fewer", count=33)) == 32


REFUSED = {
    "none": (["--count", "0"], "--count: 0 is not from 1 to 100000"),
    "too many": (["--count", "100001"], "--count: 100001 is not from 1 to 100000"),
    "another ending": (
        ["--output", "q.txt"],
        "--output: q.txt does not end in .jsonl, as a file of labels does",
    ),
    "no model": (["--llm", "http://127.0.0.1:9"], "--llm and --model: name both, or neither"),
    "no LLM": (["--model", "tiny"], "--llm and --model: name both, or neither"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_one_sentence(case: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, said = REFUSED[case]
    assert questions(folder, *arguments, status=2) == []
    assert capsys.readouterr().err == f"ragmeter: {said}\n"


def test_nothing_is_made_of_nothing_even_if_fewer_are_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "a.md").write_text("42\n")
    assert questions(tmp_path / "empty", "--allow-fewer", status=2) == []
    assert "0 distinct questions can be made of its 1 passages" in capsys.readouterr().err


def test_what_cannot_be_read_is_named_and_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(7):
        (folder / f"{number}.pdf").write_bytes(b"no")
    questions(folder)
    *named, more = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in named] == ["ragmeter"] * 5
    assert more == "ragmeter: 2 more documents could not be read"


def test_other_languages_get_a_word(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    german = "Ein Dokument besteht aus vielen Abschnitten. Jeder Abschnitt hat eine Nummer und einen Titel. "
    for path in folder.iterdir():
        path.write_text(f"# {path.stem}\n\n{german}", encoding="utf-8")
    questions(folder, status=2)
    assert "does not look English, for which the patterns are; name an LLM with --llm" in capsys.readouterr().err


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLlm]:
    monkeypatch.setenv(TOKEN, SECRET)
    fake = FakeLlm()
    yield fake
    fake.close()


def said(reply: Reply, text: str) -> None:
    reply.answer(200, {"choices": [{"message": {"content": text}}]})


def fruit_of(reply: Reply) -> str:
    user = reply.body["messages"][1]["content"]
    return next(name for name in FRUIT if f"Document: {name}.md" in user)


def test_an_llm_writes_them_and_patterns_fill_what_it_leaves(
    fake: FakeLlm, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def script(reply: Reply) -> None:
        name = fruit_of(reply)
        said(reply, "No." if name == "fig" else f"1. Where does the {name} farmer get juice?\n2. What is this passage?")

    fake.script = script
    made = questions(folder, "--llm", fake.url, "--model", "tiny", count=8)
    assert len(fake.requests) == 8
    assert {text for text, label in made if label != "fig.md#0"} == {
        f"Where does the {name} farmer get juice?" for name in FRUIT if name != "fig"
    }
    assert "What is the fig tree?" in [text for text, _ in made]
    output = capsys.readouterr()
    assert "made from              LLM 7, definition 1\n" in output.out
    assert output.err.startswith("ragmeter: 1 of the LLM's 8 answers have no usable question")
    assert SECRET not in output.out + output.err


def test_an_llm_that_does_not_answer_at_all_is_one_sentence(
    fake: FakeLlm, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.script = lambda reply: reply.content(401, f"no such key: Bearer {SECRET}".encode())
    assert questions(folder, "--llm", fake.url, "--model", "tiny", status=2) == []
    assert capsys.readouterr().err == f"ragmeter: LLM {fake.url}: HTTP 401: no such key: Bearer ***\n"
    assert len(fake.requests) == 1


def test_an_llm_that_fails_later_leaves_the_rest_to_patterns(
    fake: FakeLlm, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def script(reply: Reply) -> None:
        if len(reply.server.fake.requests) > 1:
            reply.content(500, b"no memory")
        else:
            said(reply, f"Where does the {fruit_of(reply)} farmer get juice?")

    fake.script = script
    assert len(questions(folder, "--llm", fake.url, "--model", "tiny", count=8)) == 8
    output = capsys.readouterr()
    assert "LLM 1, definition 7" in output.out
    assert "7 of the LLM's 8 answers have no usable question" in output.err
