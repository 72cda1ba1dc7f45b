"""The questions about the documentation, those that people wrote and those that are made, and the index of it that the
embedded service starts with.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from backend.ingest.chunking import split
from backend.retrieval.embedder import Vectors
from backend.retrieval.faiss_store import FaissStore
from backend.retrieval.records import Chunk
from backend.service import Service, build_service
from backend.settings import Settings
from ragmeter.core.figures.retrieval import recall
from ragmeter.core.inputs.prompt_files import prompts_of
from ragmeter.core.inputs.questions.making import Question
from ragmeter.core.inputs.questions.prompts import Prompt
from ragmeter.core.inputs.questions.spread import spread_of
from ragmeter.core.inputs.questions.words import key_of
from ragmeter.run.local import docset
from ragmeter.run.plan.catalog import load_workload
from ragmeter.run.questions.documents import read_docset
from tests.docs.pages import DOCS, PAGES, ROOT
from tools import write_questions

K = 5
FLOOR = 0.8
SAME = 1e-4
"""Cosine distance. Processors round differently; another text of the same length is a thousand times as far."""
MADE_RECALL = {"document": 0.81, "passage": 0.53}
"""Of the questions that are made, as docs/explanation-measurement.md says: within a twentieth of it."""
WORKLOADS = ("smoke", "light", "standard", "load", "stress")
LEAST_SHIPPED, MOST_SHIPPED_BYTES = 1200, 300_000
MOST_OUTDATED = 0.1
"""Share of the questions that may be others than those that would be made of the pages as they are."""
MOST_STALE = 0.2
"""Share of the passages that a start may have to embed: 4 s of CPU time."""


def questions() -> list[dict[str, Any]]:
    path = ROOT / "fixtures" / "docsets" / "default" / "questions.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The backend with its own settings on the shipped index; it refuses one of another embedder or chunking."""
    store = tmp_path_factory.mktemp("store")
    docset.place_index(store)
    made = build_service(Settings.from_environ({"RAG_DATA_DIR": str(store), "RAG_EMBED_THREADS": "1"}), loopback=True)
    yield made
    made.close()


@pytest.fixture(scope="module")
def chunks(service: Service) -> list[Chunk]:
    """Every passage of the pages, as the backend cuts them."""
    chars, overlap = service.settings.chunk_chars, service.settings.chunk_overlap
    return [
        Chunk(name=name, number=number, section=passage.section, text=passage.text)
        for name, text in docset.pages().items()
        for number, passage in enumerate(split(text.strip(), chars=chars, overlap=overlap))
    ]


@pytest.fixture(scope="module")
def vectors(service: Service, chunks: list[Chunk]) -> Vectors:
    """Of each passage, by the real embedder, now."""
    return service.embedder.embed_passages([chunk.text for chunk in chunks])


def test_there_are_at_least_twenty_different_questions() -> None:
    assert len({question["prompt"] for question in questions()}) == len(questions()) >= 20


@pytest.mark.parametrize("question", questions(), ids=lambda question: question["prompt"])
def test_every_label_is_a_page(question: dict[str, Any]) -> None:
    assert question["relevant"]
    for label in question["relevant"]:
        assert (DOCS / label).is_file(), label


def test_every_page_answers_a_question() -> None:
    labelled = {label for question in questions() for label in question["relevant"]}
    assert labelled == docset.pages().keys()


def test_the_decisions_alone_are_left_out_of_the_docset() -> None:
    left_out = {page.relative_to(DOCS).as_posix() for page in PAGES} - docset.pages().keys()
    assert left_out
    assert all(name.startswith("decisions/") for name in left_out)


@pytest.fixture(scope="module")
def shipped() -> tuple[Prompt, ...]:
    return prompts_of(write_questions.SHIPPED.read_text(encoding="utf-8"), path=write_questions.SHIPPED.name)


@pytest.fixture(scope="module")
def made() -> list[Question]:
    """Of the pages as they are."""
    return write_questions.made()


def test_the_shipped_questions_are_many_and_distinct_in_any_words(shipped: tuple[Prompt, ...]) -> None:
    assert len({key_of(prompt.text) for prompt in shipped}) == len(shipped) >= LEAST_SHIPPED
    assert write_questions.SHIPPED.stat().st_size <= MOST_SHIPPED_BYTES


def test_the_shipped_questions_have_a_page_each_and_every_page_has_some(shipped: tuple[Prompt, ...]) -> None:
    assert all(prompt.relevant for prompt in shipped)
    assert {label for prompt in shipped for label in prompt.relevant} == docset.pages().keys()


def test_the_written_questions_come_first(shipped: tuple[Prompt, ...]) -> None:
    assert [prompt.text for prompt in shipped[: len(questions())]] == [each["prompt"] for each in questions()]


@pytest.mark.parametrize("name", WORKLOADS)
def test_no_shipped_workload_asks_a_question_twice(name: str, shipped: tuple[Prompt, ...]) -> None:
    workload = load_workload(name)
    assert workload.prompts == shipped
    assert workload.warmup_requests + workload.requests * workload.trials <= len(shipped)


def test_the_smoke_workload_asks_every_written_question() -> None:
    smoke = load_workload("smoke")
    assert (smoke.prompt_order, smoke.warmup_requests + smoke.requests >= len(questions())) == ("round_robin", True)


def test_the_shipped_questions_are_made_of_the_pages_as_they_are(
    shipped: tuple[Prompt, ...], made: list[Question]
) -> None:
    there = {(prompt.text, prompt.relevant) for prompt in shipped}
    same = sum((question.text, (question.passage.document,)) in there for question in made)
    assert same >= (1 - MOST_OUTDATED) * len(made), "pages changed: python -m tools.write_questions"


def test_the_made_questions_are_spread_over_the_passages(made: list[Question]) -> None:
    found = spread_of(made, read_docset(docset.NAME).passages)
    asked, there = found.passages
    assert asked >= 0.8 * there
    assert (found.documents[0], found.most <= 8) == (len(docset.pages()), True)


def test_the_embedder_finds_the_labelled_pages(service: Service, chunks: list[Chunk], vectors: Vectors) -> None:
    """The search is an exact inner product, as FAISS flat is."""
    scores = service.embedder.embed([question["prompt"] for question in questions()]) @ vectors.T
    found = [[chunks[row].id for row in line.argsort()[::-1][:K]] for line in scores]
    recalls = [recall(ids, question["relevant"]) for ids, question in zip(found, questions(), strict=True)]
    assert sum(recalls) / len(recalls) >= FLOOR, recalls


def test_the_embedder_finds_as_many_of_the_made_questions_as_the_page_says(
    service: Service, chunks: list[Chunk], vectors: Vectors, made: list[Question]
) -> None:
    scores = service.embedder.embed_passages([question.text for question in made]) @ vectors.T
    found = [[chunks[row].id for row in line.argsort()[::-1][:K]] for line in scores]
    labels = {"document": [each.passage.document for each in made], "passage": [each.passage.id for each in made]}
    shares = {
        kind: sum(recall(ids, [label]) for ids, label in zip(found, wanted, strict=True)) / len(made)
        for kind, wanted in labels.items()
    }
    assert shares == pytest.approx(MADE_RECALL, abs=0.05)


def test_the_shipped_vectors_are_those_that_the_embedder_gives(
    service: Service, chunks: list[Chunk], vectors: Vectors
) -> None:
    """Of every passage whose text is still the same, wherever it stands now."""
    assert isinstance(service.store, FaissStore)
    shipped = service.store.snapshot(docset.NAME)
    now = {chunk.text: row for row, chunk in enumerate(chunks)}
    pairs = [(row, now[chunk.text]) for row, chunk in enumerate(shipped.chunks) if chunk.text in now]
    assert len(pairs) >= (1 - MOST_STALE) * len(chunks)
    stored = shipped.index.reconstruct_batch(np.array([row for row, _ in pairs], dtype=np.int64))
    cosines = (stored * vectors[[row for _, row in pairs]]).sum(axis=1)
    assert cosines == pytest.approx(1, abs=SAME)


def test_the_shipped_index_leaves_little_to_embed(service: Service, chunks: list[Chunk]) -> None:
    """An old one is right and slow: the backend embeds every page that has changed since."""
    assert isinstance(service.store, FaissStore)
    shipped = service.store.snapshot(docset.NAME)
    known = {json.dumps(asdict(chunk)) for chunk in shipped.chunks}
    changed = {chunk.name for chunk in chunks if json.dumps(asdict(chunk)) not in known}
    stale = sum(chunk.name in changed for chunk in chunks)
    assert stale <= MOST_STALE * len(chunks), f"{sorted(changed)} changed: python -m tools.write_docset_index"
