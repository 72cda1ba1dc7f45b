"""The service before the load: is it there, is it ready, and what does it say of itself?"""

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ragmeter.core.errors import TargetError
from ragmeter.core.metadata import RunMetadata, merge
from ragmeter.run import target
from ragmeter.run.target import check_identity, metadata_sources, reach
from ragmeter.testing import GroundTruthServer
from tests.run.cases import provider, workload
from tests.run.http_fake import Answer, serving

READY = Answer(body={"status": "ready"})


@pytest.fixture(autouse=True)
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "TIMEOUT_S", 0.5)


@pytest.mark.parametrize("kind", ["rag", "openai"])
@pytest.mark.parametrize("end", ["", "/v1"])
def test_real_server_is_reached(kind: str, end: str) -> None:
    with GroundTruthServer() as server:
        reach(provider(server.base_url + end), kind)


def test_backend_that_is_not_ready_says_what_it_lacks() -> None:
    lacking = Answer(status=503, body={"status": "not ready", "missing": ["llm"]})
    with serving({"/readyz": lacking}) as fake, pytest.raises(TargetError) as caught:
        reach(provider(fake.url), "rag")
    assert str(caught.value) == f'mine.yaml: {fake.url}/readyz: HTTP 503: {{"status": "not ready", "missing": ["llm"]}}'
    assert fake.paths == ["/readyz"]


def test_backend_without_readyz_is_asked_for_healthz() -> None:
    with serving({"/healthz": READY}) as fake:
        reach(provider(fake.url), "rag")
    assert fake.paths == ["/readyz", "/healthz"]


def test_backend_with_neither_is_refused() -> None:
    with serving({}) as fake, pytest.raises(TargetError, match=r"/healthz: HTTP 404: nothing here"):
        reach(provider(fake.url), "rag")


def test_service_that_hangs_is_given_up() -> None:
    with (
        serving({"/readyz": Answer(after_s=1.0)}) as fake,
        pytest.raises(TargetError, match=r"/readyz: no answer within 0\.5 s"),
    ):
        reach(provider(fake.url), "rag")


@pytest.mark.parametrize(
    ("url", "words"),
    [("http://127.0.0.1:1", "cannot be reached: .*refused"), ("http://no-such-host.invalid", "cannot be reached: ")],
)
def test_service_that_is_not_there_is_one_sentence(url: str, words: str) -> None:
    with pytest.raises(TargetError, match=f"mine.yaml: {url}/readyz: {words}"):
        reach(provider(url), "rag")


def test_service_that_speaks_no_http_is_one_sentence() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with pytest.raises(TargetError, match="/readyz: no answer within"):
            reach(provider(f"http://127.0.0.1:{listener.getsockname()[1]}"), "rag")


def test_ca_file_that_is_not_there_is_named() -> None:
    with pytest.raises(TargetError, match=r"mine\.yaml: \$\.ca_file: nowhere\.pem: No such file"):
        reach(provider("https://127.0.0.1:1", ca_file="nowhere.pem"), "rag")


def test_ca_file_that_is_no_certificate_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("not a certificate")
    with pytest.raises(TargetError, match=r"\$\.ca_file: .*ca\.pem"):
        reach(provider("https://127.0.0.1:1", ca_file=str(file)), "rag")


def test_proxy_of_the_environment_is_not_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with serving({"/readyz": READY}) as fake:
        reach(provider(fake.url), "rag")


def known(sources: list[Any]) -> tuple[RunMetadata, dict[str, str | None]]:
    metadata, origins, _ = merge(sources)
    return metadata, origins


def test_backend_says_what_it_is() -> None:
    with GroundTruthServer() as server:
        metadata, origins = known(metadata_sources(provider(server.base_url), workload(), environment={}))
    assert metadata.model_id == "ground-truth"
    assert origins["model_id"] == "backend /info"
    assert (metadata.provider, metadata.k, metadata.max_output_tokens) == ("mine", 5, 16)
    assert metadata.vector_store is None


def test_llm_behind_the_backend_is_asked_without_the_backends_headers() -> None:
    models = Answer(body={"data": [{"id": "m", "owned_by": "vllm", "max_model_len": 4096}]})
    with serving({"/info": Answer(body={})}) as backend, serving({"/v1/models": models}) as llm:
        asked = provider(backend.url, llm_url=f"{llm.url}/v1", headers={"authorization": "Bearer token"})
        metadata, origins = known(metadata_sources(asked, workload(), environment={}))
    assert (metadata.model_id, metadata.llm_engine, metadata.max_model_len) == ("m", "vllm", 4096)
    assert origins["max_model_len"] == "LLM"
    assert all("authorization" not in headers for _, headers in llm.asked)
    assert backend.asked[0][1]["authorization"] == "Bearer token"


def test_openai_target_is_asked_with_its_headers_for_the_model_of_the_manifest() -> None:
    models = Answer(body={"data": [{"id": "base"}, {"id": "tuned", "max_model_len": 2048}]})
    with serving({"/v1/models": models}) as llm:
        asked = provider(llm.url, headers={"authorization": "Bearer token"})
        sources = metadata_sources(asked, workload(target="openai", model_id="tuned"), environment={})
    metadata, _ = known(sources)
    assert (metadata.model_id, metadata.max_model_len) == ("tuned", 2048)
    assert all(headers["authorization"] == "Bearer token" for _, headers in llm.asked)
    assert metadata.k is None
    assert "/info" not in llm.paths


def test_environment_and_file_fill_what_the_system_does_not_say() -> None:
    with GroundTruthServer() as server:
        asked = provider(server.base_url, declared={"region": "us-ord", "gpu_model": "L4"})
        sources = metadata_sources(asked, workload(), environment={"RAG_REGION": "eu", "VLLM_DTYPE": "float16"})
    metadata, origins = known(sources)
    assert (metadata.region, origins["region"]) == ("eu", "environment")
    assert (metadata.dtype, origins["dtype"]) == ("float16", "environment")
    assert (metadata.gpu_model, origins["gpu_model"]) == ("L4", "mine.yaml")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(after_s=1.0), "/info: no answer within"),
        (Answer(body="<html>"), "/info: HTTP 200, not a JSON object"),
        (Answer(body=[1]), "/info: HTTP 200, not a JSON object"),
        (Answer(status=500, body={}), "/info: HTTP 500, not a JSON object"),
    ],
)
def test_info_that_is_broken_ends_the_run_before_any_load(answer: Answer, words: str) -> None:
    with serving({"/info": answer}) as fake, pytest.raises(TargetError, match=words):
        metadata_sources(provider(fake.url), workload(), environment={})


def test_backend_without_info_says_nothing() -> None:
    with serving({}) as fake:
        metadata, _ = known(metadata_sources(provider(fake.url), workload(), environment={}))
    assert metadata.model_id is None


@pytest.mark.parametrize("key", ["model_id", "dtype"])
def test_another_model_or_dtype_than_the_manifest_demands_is_refused(key: str) -> None:
    wanted = workload(**{key: "wanted"})

    def running(value: str | None) -> RunMetadata:
        return replace(RunMetadata(), **{key: value})  # type: ignore[arg-type]

    sentence = rf"tiny\.yaml: \$\.model\.{key}: the manifest demands 'wanted', mine runs 'other'"
    with pytest.raises(TargetError, match=sentence):
        check_identity(wanted, running("other"), provider())
    check_identity(wanted, running("wanted"), provider())
    check_identity(wanted, running(None), provider())
    check_identity(workload(), running("other"), provider())
