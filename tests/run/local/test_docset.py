"""The index that ships with the documentation, and a documentation that is not quite the same any more."""

import re
import shutil
from pathlib import Path

import httpx
import pytest

from backend.retrieval.embedder import MODEL_FILE, TOKENIZER_FILE, _packaged
from ragmeter.clients.files import data_dir
from ragmeter.run.local import docset
from ragmeter.run.local.service import local_service
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.run.local.test_local import SETTINGS, embedded


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the pages as the embedded service finds them, to be changed."""
    copy = tmp_path / "docs"
    shutil.copytree(data_dir("docs"), copy)
    monkeypatch.setattr(docset, "data_dir", lambda name: copy if name == "docs" else data_dir(name))
    return copy


def test_a_page_that_changed_is_found_by_its_new_text_and_the_others_are_not_embedded_again(docs: Path) -> None:
    page = docs / "howto-ci.md"
    page.write_text("# Giraffes\n\nA giraffe sleeps for half an hour a day.\n", encoding="utf-8")
    said: list[str] = []
    with (
        GroundTruthServer(StreamScript(ttft_ms=10, itl_ms=1, tokens=8)) as llm,
        local_service(embedded(llm.base_url), SETTINGS, said.append) as running,
        httpx.Client(base_url=str(running.provider.base_url), trust_env=False, timeout=30) as client,
    ):
        held = {entry["name"]: entry["chars"] for entry in client.get("/documents").json()["documents"]}
        answer = client.post("/query", json={"query": "How long does a giraffe sleep?"}).json()
    pages = docset.pages()
    assert held == {name: len(text.strip()) for name, text in pages.items()}
    assert answer["documents"][0]["id"] == "howto-ci.md#0"
    assert 0 < from_the_index(said[-1]) < len(pages)


def from_the_index(line: str) -> int:
    """How many documents were not embedded, by the line that says so."""
    found = re.search(r"ingested in [\d.]+ s, (\d+) of them from the shipped index$", line)
    assert found is not None, line
    return int(found[1])


def test_another_embedder_embeds_every_page_itself(docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same files under another name: to the backend, another model."""
    (tmp_path / "model.onnx").write_bytes(_packaged(MODEL_FILE))
    (tmp_path / "tokenizer.json").write_bytes(_packaged(TOKENIZER_FILE))
    monkeypatch.setenv("EMBEDDING_MODEL_ID", str(tmp_path))
    for page in docs.rglob("*.md"):
        page.write_text("# Short", encoding="utf-8")
    said: list[str] = []
    with (
        GroundTruthServer(StreamScript(ttft_ms=10, itl_ms=1, tokens=8)) as llm,
        local_service(embedded(llm.base_url), SETTINGS, said.append),
    ):
        assert from_the_index(said[-1]) == 0


def test_an_index_with_a_page_that_is_gone_is_not_copied(docs: Path, tmp_path: Path) -> None:
    docset.place_index(tmp_path / "before")
    (docs / next(iter(docset.indexed_pages()))).unlink()
    docset.place_index(tmp_path / "after")
    assert (tmp_path / "before" / "docsets" / "default" / "CURRENT").is_file()
    assert not (tmp_path / "after").exists()
