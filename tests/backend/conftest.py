"""The real parts once for all tests: LLM, embedder, and a service on both. Beside them a service on a fake LLM."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.retrieval.embedder import BUNDLED_MODEL, Embedder
from backend.retrieval.records import Recipe
from tests.backend.documents import GUIDE, make_recipe
from tests.backend.fake_llm import FakeLlm
from tests.backend.real_llm import model_file
from tests.backend.running import Backend
from tests.ports import free_port
from tests.tethered import tethered


@pytest.fixture(scope="session")
def real_llm() -> Iterator[str]:
    """The URL of SmolLM2-135M on llama.cpp's server, in a process of its own."""
    model = model_file()
    port = free_port()
    script = Path(__file__).with_name("real_llm.py")
    process = subprocess.Popen(
        tethered([sys.executable, str(script), str(model), str(port)]),
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
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(10)
        process.stdin.close()
        process.stdout.close()


@pytest.fixture(scope="session")
def service(real_llm: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """A service on the real LLM, with one document in its docset `default`."""
    backend = Backend(
        data_dir=tmp_path_factory.mktemp("real"),
        llm_url=real_llm,
        RAG_CONTEXT_MAX_CHARS="300",
        RAG_PROVIDER="here",
        RAG_CHUNK_CHARS="160",
        RAG_CHUNK_OVERLAP="20",
    )
    try:
        backend.ingest({"guide.md": GUIDE})
        yield backend
    finally:
        backend.close()


@pytest.fixture(scope="session")
def shared_fake_service(shared_fake: FakeLlm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    backend = Backend(
        data_dir=tmp_path_factory.mktemp("fake"),
        llm_url=shared_fake.url,
        RAG_MAX_INFLIGHT="2",
        RAG_MAX_QUEUE="1",
        RAG_REQUEST_TIMEOUT_SECONDS="2",
        VLLM_TIMEOUT_SECONDS="0.5",
    )
    yield backend
    backend.close()


@pytest.fixture
def fake_service(shared_fake_service: Backend, fake: FakeLlm) -> Backend:
    """A small service on the fake LLM: two places, one in the queue, short deadlines."""
    return shared_fake_service


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return Embedder(BUNDLED_MODEL, threads=1)


@pytest.fixture
def recipe(embedder: Embedder) -> Recipe:
    return make_recipe(embedder, "flat")
