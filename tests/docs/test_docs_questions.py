"""The questions about the documentation, with which the embedded service is measured."""

import json
from typing import Any

import pytest

from backend.chunking import split
from backend.embedder import Embedder
from backend.index import Chunk
from backend.settings import Settings
from ragmeter.core.retrieval import recall
from tests.docs.pages import DOCS, PAGES, ROOT

K = 5
FLOOR = 0.8


def questions() -> list[dict[str, Any]]:
    path = ROOT / "fixtures" / "docsets" / "default" / "questions.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_there_are_at_least_twenty_different_questions() -> None:
    assert len({question["prompt"] for question in questions()}) == len(questions()) >= 20


@pytest.mark.parametrize("question", questions(), ids=lambda question: question["prompt"])
def test_every_label_is_a_page(question: dict[str, Any]) -> None:
    assert question["relevant"]
    for label in question["relevant"]:
        assert (DOCS / label).is_file(), label


def test_every_page_answers_a_question() -> None:
    labelled = {label for question in questions() for label in question["relevant"]}
    assert labelled == {page.relative_to(DOCS).as_posix() for page in PAGES}


def test_the_embedder_finds_the_labelled_pages() -> None:
    """With the real embedder and the backend's own chunks; the search is an exact inner product, as FAISS flat is."""
    settings = Settings.from_environ({})
    embedder = Embedder(settings.embedding_model_id, threads=1)
    chunks = [
        Chunk(name=page.relative_to(DOCS).as_posix(), number=number, section=passage.section, text=passage.text)
        for page in PAGES
        for number, passage in enumerate(
            split(page.read_text(encoding="utf-8").strip(), chars=settings.chunk_chars, overlap=settings.chunk_overlap)
        )
    ]
    passages = embedder.embed_passages([chunk.text for chunk in chunks])
    scores = embedder.embed([question["prompt"] for question in questions()]) @ passages.T
    found = [[chunks[row].id for row in line.argsort()[::-1][:K]] for line in scores]
    recalls = [recall(ids, question["relevant"]) for ids, question in zip(found, questions(), strict=True)]
    assert sum(recalls) / len(recalls) >= FLOOR, recalls
