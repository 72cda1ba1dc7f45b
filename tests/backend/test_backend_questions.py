"""Questions that a real LLM writes, about the passages that a real backend retrieves."""

import json
from pathlib import Path

import pytest

from ragmeter.cli import main
from tests.backend.documents import GUIDE
from tests.backend.running import Backend


def test_a_real_llm_writes_questions_about_what_is_retrieved(
    real_llm: str, service: Backend, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small model; what of its answers is unusable is replaced, so the count is right whatever it writes."""
    for name, value in {"RAG_CHUNK_CHARS": "160", "RAG_CHUNK_OVERLAP": "20"}.items():  # as of the service
        monkeypatch.setenv(name, value)
    folder, output = tmp_path / "docs", tmp_path / "q.jsonl"
    folder.mkdir()
    (folder / "guide.md").write_text(GUIDE, encoding="utf-8")
    command = ["questions", str(folder), "--count", "6", "--output", str(output), "--allow-fewer"]
    assert main([*command, "--llm", f"{real_llm}/v1", "--model", "any"]) == 0
    said = capsys.readouterr()
    assert "made from              LLM " in said.out, said
    made = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert len({line["prompt"] for line in made}) == len(made) >= 3
    for line in made:
        ((_, meta), *_) = service.stream(line["prompt"], k=100, max_tokens=1)
        assert line["relevant"][0] in [document["id"] for document in meta["documents"]], line
