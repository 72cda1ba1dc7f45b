"""A folder of anybody's documents: read as the backend reads it, and refused in a sentence."""

import json
from pathlib import Path

import pytest

from backend.ingest.documents import chunks_of
from backend.ingest.sources import Source
from backend.settings import Settings
from ragmeter.core.errors import ConfigError, LocalServiceError
from ragmeter.run.local import docset
from ragmeter.run.questions import documents
from ragmeter.run.questions.documents import read_docset
from tests.backend.documents import GUIDE, HTML, make_docx, make_pdf
from tests.backend.hostile_files import DOCX

FILES = {
    "guide.md": GUIDE.encode(),
    "deep/er/page.HTML": HTML.encode(),
    "net.docx": make_docx(),
    "paper.pdf": make_pdf("Goodput counts good requests"),
    "plain.txt": "K\u00e4se.".encode(),
}


def filled(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def test_every_kind_is_cut_as_the_backend_cuts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"RAG_CHUNK_CHARS": "160", "RAG_CHUNK_OVERLAP": "20"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = Settings.from_environ(environment)
    found = read_docset(str(filled(tmp_path, FILES)))
    wanted = [
        (chunk.id, chunk.name, chunk.section, chunk.text)
        for name in sorted(FILES)
        for chunk in chunks_of(Source(name=name, content=FILES[name]), settings)
    ]
    assert [(each.id, each.document, each.section, each.text) for each in found.passages] == wanted
    assert found.documents == len(FILES)
    assert found.refused == ()
    assert sum(each.document == "guide.md" for each in found.passages) > 1


def test_what_cannot_be_read_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    hostile = {"a.pdf": b"%PDF-1.4 no", "b.docx": b"no zip", "c.md": b"\xff\xfe", "d.html": b"<script>x</script>"}
    hostile["i.docx"] = DOCX["nested.docx"](100_000)
    more = {"e.exe": b"MZ", ".hidden/f.md": b"# F", ".g.md": b"# G", "h.html": b"<div>" * 5_000 + b"deep"}
    folder = filled(tmp_path, {**hostile, **more, "\x1b[2Jz.md": b"# Z", "y.md": b"# Y\n\nText."})
    (folder / "link.md").symlink_to("/etc/passwd")
    (folder / "gone.md").symlink_to("nowhere")
    found = read_docset(str(folder))
    assert {passage.document for passage in found.passages} <= {"y.md", "h.html"}
    for name in (*hostile, "link.md", "gone.md"):
        (said,) = [sentence for sentence in found.refused if sentence.startswith(f"{name}: ")]
        assert "\n" not in said
    assert any("document name" in sentence for sentence in found.refused)


REFUSED = {
    "no folder": ({}, "/absent", "absent: is not a folder"),
    "a file": ({"a.md": b"# A"}, "/a.md", "a.md: is not a folder"),
    "empty": ({}, "", r": has no file that ends in \.txt, \.md"),
    "other kinds": ({"a.exe": b"MZ"}, "", r": has no file that ends in \.txt, \.md"),
    "nothing that can be read": (
        {"a.pdf": b"no"},
        "",
        ": none of its documents can be read: a.pdf: not a readable PDF",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_folder_without_documents_is_one_sentence(case: str, tmp_path: Path) -> None:
    files, named, said = REFUSED[case]
    with pytest.raises(ConfigError, match=said) as failed:
        read_docset(f"{filled(tmp_path, files)}{named}")
    assert "\n" not in str(failed.value)


LIMITS = {
    "RAG_MAX_DOCUMENTS": "5 documents are more than RAG_MAX_DOCUMENTS",
    "RAG_MAX_CHUNKS": "more than 1 chunks",
}


@pytest.mark.parametrize("limit", LIMITS)
def test_too_much_is_refused(limit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limit, "1")
    with pytest.raises(ConfigError, match=LIMITS[limit]):
        read_docset(str(filled(tmp_path, FILES)))


def test_a_large_file_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_MAX_UPLOAD_BYTES", "50")
    found = read_docset(str(filled(tmp_path, FILES)))
    assert f"guide.md: {len(GUIDE)} bytes are more than RAG_MAX_UPLOAD_BYTES (50)" in found.refused
    assert {passage.document for passage in found.passages} == {"plain.txt"}


def test_a_bad_setting_of_the_backend_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_CHUNK_CHARS", "many")
    with pytest.raises(ConfigError, match="RAG_CHUNK_CHARS: 'many' is not a whole number"):
        read_docset(str(filled(tmp_path, FILES)))


def test_the_shipped_docset_is_cut_as_its_index_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_CHUNK_CHARS", "160")
    found = read_docset(docset.NAME)
    settings = Settings.from_environ({})
    name, text = next(iter(docset.pages().items()))
    chunks = chunks_of(Source(name=name, content=text), settings)
    assert [passage.id for passage in found.passages if passage.document == name] == [chunk.id for chunk in chunks]
    assert {passage.document for passage in found.passages} == docset.pages().keys()


def test_without_the_backend_its_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "backend_packages", {"not_here_at_all": "not-here", "json": "json"})
    with pytest.raises(LocalServiceError, match=r"reading documents needs not_here_at_all:\n  .*install not-here"):
        read_docset(docset.NAME)


def test_a_program_that_dies_says_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "PROGRAM", "tests.run.questions.dying")
    filled(tmp_path, FILES)
    with pytest.raises(ConfigError, match=r": reading its documents was ended by SIGSEGV$"):
        read_docset(str(tmp_path))


def test_lines_are_json_whatever_the_text_holds(tmp_path: Path) -> None:
    text = 'A "quoted" line\u2028with \x85 separators \u0000 and \U0001f600.'
    (passage,) = read_docset(str(filled(tmp_path, {"a.txt": text.encode()}))).passages
    assert json.dumps(passage.text)
    assert passage.text == text.replace("\x00", "")
