"""Start, stop and crash of the service, and who may write. The LLM here is a fake."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from backend import __version__
from tests.backend.fake_llm import FakeLlm, drip, slowly, wordless
from tests.backend.raw_client import RawClient
from tests.backend.running import REPOSITORY, Backend
from tests.waiting import wait_until

DEADLINE_S = 60.0


def test_sigterm_lets_a_stream_finish_and_ends_with_status_0(fake: FakeLlm, tmp_path: Path) -> None:
    backend = Backend(data_dir=tmp_path, llm_url=fake.url, RAG_DRAIN_DELAY_SECONDS="0.5")
    gate = threading.Event()
    fake.script = slowly(gate)
    with ThreadPoolExecutor(1) as client:
        streaming = client.submit(backend.stream, k=0)
        wait_until(lambda: fake.requests or None, DEADLINE_S)
        backend.process.send_signal(signal.SIGTERM)
        backend.wait_for("draining")
        not_ready = httpx.get(backend.url + "/readyz")
        assert (not_ready.status_code, not_ready.json()["missing"]) == (503, {"service": "it is stopping"})
        gate.set()
        assert [name for name, _ in streaming.result(DEADLINE_S)][-1] == "done"
    assert backend.close() == 0
    assert backend.logs[-1]["event"] == "stopped"


def test_a_stream_that_outlives_the_drain_ends_with_an_error_event(fake: FakeLlm, tmp_path: Path) -> None:
    backend = Backend(data_dir=tmp_path, llm_url=fake.url, RAG_DRAIN_SECONDS="1")
    fake.script = drip
    with ThreadPoolExecutor(1) as client:
        streaming = client.submit(backend.stream, k=0)
        wait_until(lambda: fake.requests or None, DEADLINE_S)
        backend.process.send_signal(signal.SIGTERM)
        name, event = streaming.result(DEADLINE_S)[-1]
    assert (name, event["type"]) == ("error", "shutdown")
    assert fake.cancelled.wait(DEADLINE_S)
    assert backend.process.wait(DEADLINE_S) == 0
    backend.close()


HALF_A_BODY = "POST {} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{{\r\n"
UNDER_WAY = {
    **{path: HALF_A_BODY.format(path) for path in ("/ingest", "/delete", "/query", "/query/stream")},
    "a silent LLM": 'POST /query HTTP/1.1\r\nhost: x\r\ncontent-length: 20\r\n\r\n{"query":"a","k": 0}',
}
"""Requests that do not end by themselves."""


@pytest.mark.parametrize("signals", [1, 2], ids=["at the end of the drain", "at the second signal"])
def test_whatever_is_under_way_is_answered_as_documented(fake: FakeLlm, tmp_path: Path, signals: int) -> None:
    drain = {1: "1", 2: "3600"}[signals]
    backend = Backend(data_dir=tmp_path, llm_url=fake.url, RAG_DRAIN_SECONDS=drain)
    fake.script = wordless
    with ExitStack() as opened:
        clients = {name: opened.enter_context(RawClient(backend.url)) for name in UNDER_WAY}
        for name, client in clients.items():
            client.send(UNDER_WAY[name].encode())
        wait_until(lambda: fake.requests or None, DEADLINE_S)
        for _ in range(signals):
            backend.process.send_signal(signal.SIGTERM)
            backend.wait_for("draining")
        answers = {name: client.answer() for name, client in clients.items()}
    assert backend.process.wait(DEADLINE_S) == 0
    backend.close()
    assert [line for line in backend.logs if "traceback" in line] == []
    for name, answer in answers.items():
        assert (answer.status, answer.headers["retry-after"]) == (503, "5"), (name, answer)
        assert answer.problem["message"] == "the service is stopping"
        assert (answer.problem["type"], len(answer.problem["request_id"])) == ("shutdown", 16)


def test_a_kill_in_the_middle_of_an_ingest_leaves_the_old_index(fake: FakeLlm, tmp_path: Path) -> None:
    first = Backend(data_dir=tmp_path, llm_url=fake.url)
    first.ingest({"old.md": "Old words remain."})
    many = {f"new-{number}.md": f"Number {number}. " + "New words arrive. " * 200 for number in range(100)}
    with ThreadPoolExecutor(1) as client:
        ingesting = client.submit(first.ingest, many)
        assert first.stream("words", k=5)[0][1]["documents"][0]["meta"]["name"] == "old.md"  # served meanwhile
        first.kill()
        assert isinstance(ingesting.exception(DEADLINE_S), httpx.TransportError)
    second = Backend(data_dir=tmp_path, llm_url=fake.url)
    try:
        assert [entry["name"] for entry in second.http.get("/documents").json()["documents"]] == ["old.md"]
        assert second.ingest({"new.md": "New words, at last."})["ingested"] == 1
    finally:
        second.close()


def test_with_a_token_only_its_bearer_writes(fake: FakeLlm, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("open-sesame\n", encoding="utf-8")
    backend = Backend(data_dir=tmp_path, llm_url=fake.url, host="0.0.0.0", RAG_TOKEN_FILE=str(tmp_path / "token"))
    try:
        body = {"texts": ["some words"]}
        for given in ({}, {"authorization": "Bearer wrong"}, {"authorization": "open-sesame"}):
            refused = backend.http.post("/ingest", json=body, headers=given)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"] == "Bearer"
        right = {"authorization": "Bearer open-sesame"}
        assert backend.http.post("/ingest", json=body, headers=right).json()["ingested"] == 1
        assert backend.http.post("/delete", json={"all": True}).status_code == 401
        assert backend.stream(k=1)[-1][0] == "done"  # reading needs none
    finally:
        backend.close()
    assert "open-sesame" not in str(backend.logs)


def test_without_a_token_nobody_writes_from_outside(fake: FakeLlm, tmp_path: Path) -> None:
    backend = Backend(data_dir=tmp_path, llm_url=fake.url, host="0.0.0.0", RAG_LOG_LEVEL="error")
    try:
        refused = backend.http.post("/ingest", json={"texts": ["some words"]})
        assert refused.status_code == 403
        assert "set RAG_TOKEN or RAG_TOKEN_FILE" in refused.json()["message"]
        assert backend.http.post("/delete", json={"all": True}).status_code == 403
    finally:
        backend.close()


def run_backend(**environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "backend", "--port", "0"],
        cwd=REPOSITORY,
        env=environ,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_wrong_setting_ends_the_start_with_one_sentence() -> None:
    ended = run_backend(QDRANT_URL="http://qdrant:6333")
    assert ended.returncode == 2
    assert ended.stderr == (
        "error: QDRANT_URL is set, but this build stores vectors in FAISS under RAG_DATA_DIR, or in PostgreSQL "
        "(RAG_POSTGRES_URL): unset it\n"
    )


def test_a_folder_in_use_ends_the_start_with_one_sentence(fake_service: Backend) -> None:
    ended = run_backend(RAG_DATA_DIR=str(fake_service.data_dir))
    assert ended.returncode == 2
    assert "is in use by another process" in ended.stderr


def test_the_model_that_the_llm_names_is_shown_everywhere_and_the_typed_one_is_declared(
    fake: FakeLlm, tmp_path: Path
) -> None:
    backend = Backend(data_dir=tmp_path, llm_url=fake.url, VLLM_MODEL="typed", RAG_PROVIDER="here")
    try:
        assert backend.http.get("/readyz").status_code == 200
        assert backend.metric(f'rag_info{{model_id="fake-model",provider="here",version="{__version__}"}}') == 1
        info = backend.http.get("/info").json()
        assert (info["model_id"], info["declared"]["model_id"]) == ("fake-model", "typed")
        assert {event["model_id"] for name, event in backend.stream(k=0) if name in {"meta", "done"}} == {"fake-model"}
        assert fake.requests[-1]["model"] == "typed"
    finally:
        backend.close()
