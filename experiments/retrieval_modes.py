"""What is found, and how long it takes, by each way to search: vectors, words, and both fused.

    python -m experiments.retrieval_modes
    python -m experiments.retrieval_modes --postgres postgresql://USER@HOST:PORT/DATABASE
    python -m experiments.retrieval_modes --rerank 10 20 50

Asks the shipped documentation its questions: those that people wrote, labelled by page, and those that were made of
its passages and have their words, labelled by passage. Prints the table of `docs/explanation-quality.md`. Times are
means of single searches, one after the other; the embedding of the question is apart, since words need none.

With --rerank, the questions that people wrote are asked with so many candidates, of which the embedder as a reranker
keeps five. Times are then CPU time of the reranker for each question, of all threads.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean
from typing import get_args

from backend.ingest.ingestor import IngestReport
from backend.ingest.reading import work_of
from backend.ingest.sources import Source
from backend.parsing import Mode
from backend.retrieval.late_interaction import scores_of
from backend.retrieval.modes import Search
from backend.retrieval.searching import find
from backend.service import Service, build_service
from backend.settings import Settings
from ragmeter.clients.files import read_text
from ragmeter.core.figures.retrieval import ndcg, recall, reciprocal_rank
from ragmeter.core.inputs.prompt_files import prompts_of
from ragmeter.run.local import docset
from tools import write_questions

K = 5
Labelled = Sequence[tuple[str, tuple[str, ...]]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="experiments.retrieval_modes", description=__doc__.partition("\n")[0])
    parser.add_argument("--postgres", metavar="URL", help="an empty database with pgvector, in the place of FAISS")
    parser.add_argument("--rerank", metavar="CANDIDATES", type=int, nargs="+", help="rerank so many candidates")
    options = parser.parse_args()
    with _service(options.postgres) as service:
        if options.rerank:
            _print_reranked(service, options.rerank)
            return
        asked = {"written by people": _written(), "made of passages": _made()}
        print(f"{service.store.identity.name}: {', '.join(f'{len(each)} {kind}' for kind, each in asked.items())}\n")
        print(f"| questions | mode | recall@{K} | MRR | embedding, ms | vectors, ms | words, ms |")
        print("|---|---|---|---|---|---|---|")
        for kind, questions in asked.items():
            for mode in get_args(Mode):
                print(_line(service, kind, mode, questions))


@contextmanager
def _service(postgres: str | None) -> Iterator[Service]:
    """With the pages as they are in its docset."""
    with tempfile.TemporaryDirectory(prefix="ragmeter-modes-") as folder:
        docset.place_index(Path(folder))
        environ = {"RAG_DATA_DIR": folder, "RAG_POSTGRES_URL": postgres or "", "RAG_RETRIEVAL_MODE": "hybrid"}
        service = build_service(Settings.from_environ(environ), loopback=True)
        try:
            asyncio.run(_ingest(service))
            yield service
        finally:
            service.close()


async def _ingest(service: Service) -> None:
    sources = [Source(name=name, content=text) for name, text in docset.pages().items()]
    reading = await service.readers.read(work_of(sources), service.readers.allowance())
    await service.ingestor.add(reading, IngestReport(docset=docset.NAME))


def _written() -> Labelled:
    prompts = prompts_of(read_text(write_questions.WRITTEN), path=write_questions.WRITTEN.name)
    return [(prompt.text, tuple(prompt.relevant)) for prompt in prompts]


def _made() -> Labelled:
    return [(question.text, (question.passage.id,)) for question in write_questions.made()]


def _line(service: Service, kind: str, mode: Mode, questions: Labelled) -> str:
    recalls, ranks, embedding_ms, dense_ms, lexical_ms = [], [], [], [], []
    for text, labels in questions:
        search = Search(docset=docset.NAME, k=K, mode=mode, candidates=service.settings.candidates)
        found = find(service.embedder, service.store, [(text, search)])
        (hits,) = found.hits
        if isinstance(hits, Exception):
            raise hits
        ids = [hit.chunk.id for hit in hits]
        recalls.append(recall(ids, labels))
        ranks.append(reciprocal_rank(ids, labels))
        embedding_ms.append(found.embedding_ms)
        dense_ms.append(found.dense_ms)
        lexical_ms.append(found.lexical_ms or 0.0)
    times = " | ".join(f"{fmean(each):.2f}" for each in (embedding_ms, dense_ms, lexical_ms))
    return f"| {kind} | {mode} | {fmean(recalls):.2f} | {fmean(ranks):.2f} | {times} |"


def _print_reranked(service: Service, depths: Sequence[int]) -> None:
    print(f"| mode | candidates | recall@{K} | MRR | nDCG@{K} | reranker, ms of CPU |")
    print("|---|---|---|---|---|---|")
    modes: tuple[Mode, ...] = ("dense", "hybrid")
    for mode in modes:
        print(_line_reranked(service, mode, None))
        for depth in depths:
            print(_line_reranked(service, mode, depth), flush=True)


def _line_reranked(service: Service, mode: Mode, depth: int | None) -> str:
    scores: list[tuple[float, float, float]] = []
    began_s = time.process_time()
    searched_s = 0.0
    questions = _written()
    for text, labels in questions:
        search_began_s = time.process_time()
        search = Search(docset=docset.NAME, k=depth or K, mode=mode, candidates=service.settings.candidates)
        (hits,) = find(service.embedder, service.store, [(text, search)]).hits
        searched_s += time.process_time() - search_began_s
        if isinstance(hits, Exception):
            raise hits
        if depth:
            ranks = scores_of(service.embedder, text, [hit.chunk.text for hit in hits])
            hits = [hit for _, hit in sorted(zip(ranks, hits, strict=True), key=lambda pair: -pair[0])]
        ids = [hit.chunk.id for hit in hits[:K]]
        scores.append((recall(ids, labels), reciprocal_rank(ids, labels), ndcg(ids, labels, K)))
    cpu_ms = (time.process_time() - began_s - searched_s) / len(questions) * 1e3 if depth else 0
    means = " | ".join(f"{fmean(each):.2f}" for each in zip(*scores, strict=True))
    return f"| {mode} | {depth or 'not reranked'} | {means} | {cpu_ms:.0f} |"


if __name__ == "__main__":
    main()
