"""``ragmeter quick`` against the embedded service and the server of llama.cpp behind it."""

import os
from collections.abc import Iterator

import pytest

from ragmeter.cli import main
from ragmeter.core.inputs.provider import Provider
from ragmeter.run.local.service import local_service
from ragmeter.run.plan.catalog import load_provider


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    provider = load_provider("local", environment=os.environ)
    assert provider.local is not None
    with local_service(provider, provider.local, lambda _words: None) as service:
        yield service.provider


def quick(capsys: pytest.CaptureFixture[str], url: str | None) -> str:
    limits = ("--duration", "8", "--most", "2", "--max-tokens", "8")
    assert main(["quick", str(url), *limits]) == 0
    return capsys.readouterr().out


def test_the_embedded_service_is_a_rag_with_sources(capsys: pytest.CaptureFixture[str], running: Provider) -> None:
    out = quick(capsys, running.base_url)
    assert f"{running.base_url}: target rag, by /info" in out
    assert "5 sources" in " ".join(out.split())
    assert "documents: no sources were found" not in out


def test_llama_cpp_is_an_openai_server_whose_model_is_found(
    capsys: pytest.CaptureFixture[str], running: Provider
) -> None:
    out = quick(capsys, running.llm_url)
    assert f"{running.llm_url}: target openai, by /v1/models; model SmolLM2-135M-Instruct" in " ".join(out.split())
    assert "documents: no sources were found" in out
