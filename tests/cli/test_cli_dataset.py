"""``ragmeter dataset import``: published sets as a prompts_file and documents."""

import json
import sys
from importlib import import_module
from pathlib import Path

import pytest

from ragmeter.cli import main
from tests.core.inputs.test_prompt_files import CORPUS, JUDGED, QUERIES, SQUAD


def beir_folder(folder: Path) -> Path:
    (folder / "qrels").mkdir(parents=True)
    for name, rows in (("corpus", CORPUS), ("queries", QUERIES)):
        (folder / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    (folder / "qrels" / "test.tsv").write_text(JUDGED, encoding="utf-8")
    return folder


def test_a_beir_folder_becomes_prompts_that_a_workload_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["dataset", "import", str(beir_folder(tmp_path / "scifact")), "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}: 1 questions of BEIR, 1 labelled, 2 documents\n"
    assert sorted(path.name for path in (out / "documents").iterdir()) == ["2.md", "d1.md"]
    manifest = tmp_path / "w.yaml"
    manifest.write_text("schema: workload.v1\nname: q\nbenchmark: {}\nprompts_file: out/questions.jsonl\n")
    assert main(["validate", str(manifest)]) == 0


@pytest.mark.parametrize(
    ("name", "text", "questions"),
    [
        ("dev.json", json.dumps(SQUAD), ["Which port is open?"]),
        (
            "ragas.csv",
            'user_input,reference\n"First, question?",x\n"Over\ntwo lines?",y\n',
            ["First, question?", "Over\ntwo lines?"],
        ),
        ("queries.tsv", "1048578\tfirst question\n1048579\tsecond\n", ["first question", "second"]),
        ("q.jsonl", '{"question": "Q?", "answer": "a"}\n', ["Q?"]),
    ],
)
def test_tables_and_json_become_prompts(name: str, text: str, questions: list[str], tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert main(["dataset", "import", str(tmp_path / name), "--out", str(tmp_path / "out")]) == 0
    lines = (tmp_path / "out" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["prompt"] for line in lines] == questions


PARAGRAPH, OTHER = "The gate opens at nine.", "The port is 8080."
OF_SQUAD = [
    {"id": "1", "title": "Doors", "context": PARAGRAPH, "question": "When?", "answers": {"text": ["nine"]}},
    {"id": "2", "title": "Doors", "context": OTHER, "question": "Which port?", "answers": {"text": ["8080"]}},
    {"id": "3", "title": "Doors", "context": PARAGRAPH, "question": "What opens?", "answers": {"text": ["gate"]}},
    {"id": "4", "title": "Doors", "context": OTHER, "question": "Who cannot be known?", "answers": {"text": []}},
]
OF_HOTPOT = [
    {
        "question": "Which one is older?",
        "context": {"title": ["Tower", "Bridge"], "sentences": [["Built ", "in 1300."], ["Built in 1894."]]},
        "supporting_facts": {"title": ["Tower", "Bridge", "Tower"], "sent_id": [0, 0, 1]},
    }
]
PARQUET = {
    "SQuAD": (OF_SQUAD, {"When?": ["Doors-1.md"], "Which port?": ["Doors-2.md"], "What opens?": ["Doors-1.md"]}, 2),
    "HotpotQA": (OF_HOTPOT, {"Which one is older?": ["Tower.md", "Bridge.md"]}, 2),
    "a table": ([{"query": "Why?", "rank": 1}, {"query": "How?", "rank": 2}], {"Why?": [], "How?": []}, 0),
}


@pytest.mark.parametrize(("rows", "labelled", "documents"), PARQUET.values(), ids=PARQUET)
def test_parquet_has_the_shapes_in_which_sets_are_published(
    rows: list[dict[str, object]], labelled: dict[str, list[str]], documents: int, tmp_path: Path
) -> None:
    arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "validation.parquet")
    out = tmp_path / "out"
    assert main(["dataset", "import", str(tmp_path / "validation.parquet"), "--out", str(out)]) == 0
    lines = [json.loads(line) for line in (out / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {line["prompt"]: line.get("relevant", []) for line in lines} == labelled
    assert len(list(out.glob("documents/*"))) == documents


def test_parquet_without_its_package_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    assert main(["dataset", "import", str(tmp_path / "x.parquet"), "--out", str(tmp_path / "out")]) == 2
    assert "x.parquet: needs the package pyarrow: pip install 'ragmeter[parquet]'" in capsys.readouterr().err


def test_what_cannot_be_imported_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty, odd, table = tmp_path / "empty", tmp_path / "x.json", tmp_path / "x.parquet"
    empty.mkdir()
    odd.write_text('{"a": 1}')
    table.write_bytes(b"PAR1")
    new = ["--out", str(tmp_path / "new")]
    for arguments, words in (
        ([str(empty), *new], "is no BEIR set: it has no corpus.jsonl, queries.jsonl, qrels/test.tsv"),
        (
            [str(odd), *new],
            "is of no known format (SQuAD, HotpotQA, ShareGPT, a table of questions, BEIR); it has the keys a",
        ),
        ([str(table), *new], "x.parquet: is not a Parquet file that can be read: "),
        ([str(odd), "--out", str(tmp_path)], "exists, and nothing is written over"),
        ([str(odd), *new, "--questions", "0"], "--questions: 0 is not at least 1"),
        ([str(tmp_path / "gone.json"), *new], "gone.json: No such file"),
    ):
        assert main(["dataset", "import", *arguments]) == 2
        assert words in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
