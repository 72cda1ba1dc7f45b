"""Rerankers: what the embedder makes of a ranking, and what servers of `/v1/rerank` answer, right and wrong."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.errors import RerankError
from backend.retrieval.embedder import Embedder
from backend.retrieval.http_reranker import HttpReranker
from backend.retrieval.late_interaction import scores_of
from tests.backend.documents import GUIDE
from tests.backend.fake_llm import FakeLlm
from tests.backend.real_llm import model_file
from tests.backend.running import Backend
from tests.ports import free_port
from tests.tethered import tethered

TEXTS = ["Cats sleep most of the day.", "The pump of the boiler is stuck, error E-4712.", ""]


def test_the_passage_whose_tokens_match_those_of_the_question_is_first(embedder: Embedder) -> None:
    scores = scores_of(embedder, "What does error E-4712 of the pump mean?", TEXTS)
    assert int(np.argmax(scores)) == 1
    assert scores[2] == 0
    assert all(-1 <= score <= 1 for score in scores)
    assert scores_of(embedder, " ", TEXTS) == [0, 0, 0]
    assert scores_of(embedder, "pump", []) == []


def test_a_text_matches_itself_wholly(embedder: Embedder) -> None:
    (score,) = scores_of(embedder, TEXTS[1], TEXTS[1:2])
    assert score == pytest.approx(1, abs=1e-5)


def ranked(url: str, texts: list[str], key: str | None = None, timeout_s: float = 20) -> list[float]:
    async def ask() -> list[float]:
        reranker = HttpReranker(url, model="reranker", api_key=key, timeout_s=timeout_s)
        try:
            return list(await reranker.scores("What is a token?", texts))
        finally:
            await reranker.close()

    return asyncio.run(ask())


@pytest.fixture(scope="module")
def llamacpp() -> Iterator[str]:
    """llama.cpp's server with its pooling for ranks: a real server of the protocol. Its model was never trained to
    rank, so its scores say nothing about passages.
    """
    port = free_port()
    script = Path(__file__).parents[1] / "real_llm.py"
    process = subprocess.Popen(
        tethered([sys.executable, str(script), str(model_file()), str(port), "rank"]),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        while line := process.stdout.readline():
            if line == b"listening\n":
                break
        yield f"http://127.0.0.1:{port}/v1/rerank"
    finally:
        process.kill()
        process.wait(10)
        process.stdin.close()
        process.stdout.close()


def test_a_real_server_scores_each_passage_in_our_order(llamacpp: str) -> None:
    texts = ["A token is a part of a text.", "Cats sleep.", "A token is a part of a text."]
    scores = ranked(llamacpp, texts)
    assert len(scores) == 3
    assert scores[0] == pytest.approx(scores[2], abs=1e-3)
    assert scores[0] != pytest.approx(scores[1], abs=1e-3)


def test_a_real_server_that_refuses_is_a_sentence(llamacpp: str) -> None:
    with pytest.raises(RerankError, match=r"^rerank: the reranker at 127\.0\.0\.1:\d+ answers with HTTP 404: "):
        ranked(llamacpp + "/no", ["x"])


@contextmanager
def answering(status: int, body: bytes, seen: Callable[[Any], object] = lambda _: None) -> Iterator[str]:
    """A fake: what no real server answers. Its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.close_connection = True
            self.rfile.read(int(self.headers["content-length"]))
            seen(dict(self.headers))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.send_header("location", "/elsewhere")
            self.end_headers()
            with suppress(OSError):  # the client may have heard enough
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/rerank"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def results(*pairs: tuple[Any, Any]) -> bytes:
    return json.dumps({"results": [{"index": index, "relevance_score": score} for index, score in pairs]}).encode()


def test_scores_come_back_in_the_order_of_the_documents_and_the_key_goes_along() -> None:
    seen: list[Any] = []
    with answering(200, results((1, 7), (0, -0.5)), seen.append) as url:
        assert ranked(url, ["a", "b"], key="sesame") == [-0.5, 7]
    assert seen[0]["authorization"] == "Bearer sesame"


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (401, b'{"error": "no\nkey"}', 'answers with HTTP 401: {"error": "no key"}'),
        (302, b"", "answers with HTTP 302: "),
        (200, b"<html>", "answers with what is no ranking: "),
        (200, b"[]", "answers with what is no ranking: it has no list `results`"),
        (200, b'{"results": {}}', "answers with what is no ranking: it has no list `results`"),
        (200, results((0, 1)), "answers with what is no ranking: 1 of 2 documents have a score"),
        (200, results((0, 1), (0, 2)), "answers with what is no ranking: 1 of 2 documents have a score"),
        (200, results((0, 1), (2, 2)), "answers with what is no ranking: {'index': 2"),
        (200, results((0, 1), (-1, 2)), "answers with what is no ranking: {'index': -1"),
        (200, results((0, 1), (True, 2)), "answers with what is no ranking: {'index': True"),
        (200, results((0, "high"), (1, 2)), "answers with what is no ranking: {'index': 0"),
        (200, b'{"results": [{"index": 0, "relevance_score": NaN}]}', "answers with what is no ranking: NaN is"),
        (200, b" " * (4 * 2**20 + 1), "answers with more than 4194304 bytes"),
    ],
)  # fmt: skip
def test_a_wrong_answer_is_a_sentence_that_begins_with_the_stage(status: int, body: bytes, sentence: str) -> None:
    with answering(status, body) as url, pytest.raises(RerankError) as caught:
        ranked(url, ["a", "b"], key="sesame")
    assert str(caught.value).startswith(f"rerank: the reranker at {url.split('/')[2]} {sentence}")
    assert "sesame" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_server_that_is_not_there_or_does_not_answer_is_a_sentence() -> None:
    with pytest.raises(RerankError, match=r"^rerank: the reranker at 127\.0\.0\.1:\d+ does not answer: "):
        ranked(f"http://127.0.0.1:{free_port()}", ["a"])
    gate = threading.Event()
    with answering(200, results((0, 1)), lambda _: gate.wait(20)) as url:
        try:
            with pytest.raises(RerankError, match=r"took longer than 0\.2 s \(RAG_RERANK_TIMEOUT_SECONDS\)"):
                ranked(url, ["a"], timeout_s=0.2)
        finally:
            gate.set()


def test_a_query_without_its_reranker_is_refused_with_the_stage_and_counted(fake: FakeLlm, tmp_path: Path) -> None:
    """Nothing is answered from passages that were not reranked; other queries are."""
    address = f"127.0.0.1:{free_port()}"
    backend = Backend(
        data_dir=tmp_path,
        llm_url=fake.url,
        RAG_RERANK="1",
        RAG_RERANK_URL=f"http://{address}",
        RAG_RERANK_MODEL="reranker",
    )
    try:
        backend.ingest({"guide.md": GUIDE})
        response = backend.http.post("/query", json={"query": "What is a token?"})
        assert (response.status_code, response.headers["retry-after"]) == (503, "2")
        assert response.json()["type"] == "rerank"
        assert response.json()["message"].startswith(f"rerank: the reranker at {address} does not answer: ")
        assert backend.metric('rag_errors_total{endpoint="/query",type="rerank"}') == 1
        assert backend.http.post("/query", json={"query": "What is a token?", "rerank": False}).status_code == 200
        assert backend.http.get("/info").json()["retrieval"]["reranker"] == "http reranker"
    finally:
        backend.close()
