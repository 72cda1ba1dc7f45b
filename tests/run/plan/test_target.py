"""The service before the load: is it there, is it ready, and what does it say of itself?"""

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ragmeter.core.errors import TargetError
from ragmeter.core.inputs.access.tls import TlsFiles
from ragmeter.core.run.metadata import RunMetadata, merge
from ragmeter.run.plan import target
from ragmeter.run.plan.target import check_identity, metadata_sources, observed_info, reach
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
        reach(provider(server.base_url + end), workload(target=kind))


def test_backend_that_is_not_ready_says_what_it_lacks() -> None:
    lacking = Answer(status=503, body={"status": "not ready", "missing": ["llm"]})
    with serving({"/readyz": lacking}) as fake, pytest.raises(TargetError) as caught:
        reach(provider(fake.url), workload())
    assert str(caught.value) == f'mine.yaml: {fake.url}/readyz: HTTP 503: {{"status": "not ready", "missing": ["llm"]}}'
    assert fake.paths == ["/readyz"]


def test_backend_without_readyz_is_asked_for_healthz() -> None:
    with serving({"/healthz": READY}) as fake:
        reach(provider(fake.url), workload())
    assert fake.paths == ["/readyz", "/healthz"]


def test_backend_with_neither_is_refused() -> None:
    with serving({}) as fake, pytest.raises(TargetError, match=r"/healthz: HTTP 404: nothing here"):
        reach(provider(fake.url), workload())


def test_service_that_hangs_is_given_up() -> None:
    with (
        serving({"/readyz": Answer(after_s=1.0)}) as fake,
        pytest.raises(TargetError, match=r"/readyz: no answer within 0\.5 s"),
    ):
        reach(provider(fake.url), workload())


@pytest.mark.parametrize(
    ("url", "words"),
    [("http://127.0.0.1:1", "cannot be reached: .*refused"), ("http://no-such-host.invalid", "cannot be reached: ")],
)
def test_service_that_is_not_there_is_one_sentence(url: str, words: str) -> None:
    with pytest.raises(TargetError, match=f"mine.yaml: {url}/readyz: {words}"):
        reach(provider(url), workload())


def test_service_that_speaks_no_http_is_one_sentence() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with pytest.raises(TargetError, match="/readyz: no answer within"):
            reach(provider(f"http://127.0.0.1:{listener.getsockname()[1]}"), workload())


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, "no credentials were sent: write them in the provider file, such as 'headers: {Authorization: "),
        ({"x-api-key": "s3cret-value"}, "it was sent the header x-api-key: is the value still good?"),
    ],
)
def test_service_that_wants_credentials_says_what_it_was_sent(status: int, headers: dict[str, str], words: str) -> None:
    refusing = Answer(status=status, body="token expired")
    with serving({"/readyz": refusing}) as fake, pytest.raises(TargetError) as caught:
        reach(provider(fake.url, headers=headers), workload())
    assert str(caught.value).startswith(f"mine.yaml: {fake.url}/readyz: HTTP {status}: token expired; {words}")
    assert "s3cret" not in str(caught.value)


def test_port_that_wants_tls_and_says_so_over_http_is_named_by_its_https_url() -> None:
    page = Answer(status=400, body="The plain HTTP request was sent to HTTPS port")
    with serving({"/readyz": page}) as fake, pytest.raises(TargetError, match=r": speaks TLS; write https://127"):
        reach(provider(fake.url), workload())


def test_ca_file_that_is_not_there_is_named() -> None:
    with pytest.raises(TargetError, match=r"mine\.yaml: \$\.ca_file: nowhere\.pem: No such file"):
        reach(provider("https://127.0.0.1:1", tls=TlsFiles(ca="nowhere.pem")), workload())


def test_ca_file_that_is_no_certificate_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("not a certificate")
    with pytest.raises(TargetError, match=r"\$\.ca_file: .*ca\.pem"):
        reach(provider("https://127.0.0.1:1", tls=TlsFiles(ca=str(file))), workload())


def test_proxy_of_the_environment_is_not_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with serving({"/readyz": READY}) as fake:
        reach(provider(fake.url), workload())


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


DEFAULTS = {"k": 2, "docset": "other", "max_output_tokens": 512, "max_tokens": 512, "dataset": "theirs.jsonl"}


@pytest.mark.parametrize("field", DEFAULTS)
def test_default_of_the_service_is_no_disagreement_with_what_each_request_states(field: str) -> None:
    with serving({"/info": Answer(body={field: DEFAULTS[field]})}) as fake:
        metadata, origins, warnings = merge(metadata_sources(provider(fake.url), workload(), environment={}))
    assert warnings == ()
    assert (metadata.k, metadata.docset, metadata.max_output_tokens, metadata.dataset) == (5, "default", 16, None)
    assert origins["k"] == "this run"


@pytest.mark.parametrize(
    ("stated", "recorded"), [(None, ("lexical", "backend /info")), ("hybrid", ("hybrid", "this run"))]
)
def test_mode_of_the_search_is_that_of_the_requests_or_else_the_services_own(
    stated: str | None, recorded: tuple[str, str]
) -> None:
    with serving({"/info": Answer(body={"retrieval": {"mode": "lexical", "candidates": 9}})}) as fake:
        asking = replace(workload(), retrieval_mode=stated)
        metadata, origins, warnings = merge(metadata_sources(provider(fake.url), asking, environment={}))
    assert (metadata.retrieval_mode, origins["retrieval_mode"]) == recorded
    assert warnings == ()


@pytest.mark.parametrize(
    ("told", "asked", "recorded"),
    [
        ({"mode": "dense", "candidates": 9, "rerank": False, "reranker": "http m"}, {}, ("none", None)),
        ({"mode": "hybrid", "candidates": 9, "rerank": False, "reranker": "http m"}, {}, ("none", 9)),
        ({"mode": "dense", "candidates": 9, "rerank": True, "reranker": "http m"}, {}, ("http m", 9)),
        ({"mode": "dense", "candidates": 9, "rerank": True, "reranker": "http m"}, {"rerank": False}, ("none", None)),
        (
            {"mode": "dense", "candidates": 9, "rerank": False, "reranker": "http m"},
            {"rerank": True, "candidates": 4},
            ("http m", 4),
        ),
        ({"mode": "dense", "candidates": 9}, {}, (None, None)),
        (None, {"rerank": True}, (None, None)),
    ],
)
def test_reranker_and_candidates_are_those_of_the_requests(told: Any, asked: Any, recorded: Any) -> None:
    observed = observed_info({"retrieval": told}, replace(workload(), **asked))
    assert (observed.get("reranker"), observed.get("candidates")) == recorded


def test_service_that_names_another_provider_than_the_run_is_a_warning() -> None:
    with serving({"/info": Answer(body={"provider": "elsewhere", "k": 2})}) as fake:
        _, _, warnings = merge(metadata_sources(provider(fake.url), workload(), environment={}))
    assert warnings == ("provider: this run says 'mine', backend /info says 'elsewhere'; the first is recorded",)


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
    assert (metadata.region, origins["region"]) == ("eu", "declared in the environment")
    assert (metadata.dtype, origins["dtype"]) == ("float16", "declared in the environment")
    assert (metadata.gpu_model, origins["gpu_model"]) == ("L4", "declared in mine.yaml")


def test_what_a_backend_was_told_is_declared_and_what_it_saw_is_not() -> None:
    """The fields of /info as backend.http.info writes them; k is the backend's default and no claim about this run."""
    said = {
        "model_id": "m",
        "dtype": "float16",
        "ray_version": "2.40.0",
        "vllm_version": "0.32.0",
        "region": "us-ord",
        "k": 7,
        "declared": {
            "dtype": "float16",
            "ray_version": "2.40.0",
            "vllm_version": "0.9",
            "region": "us-ord",
            "provider": "x",
        },
        "unconfirmed": ["dtype", "ray_version", "region"],
    }
    with serving({"/info": Answer(body=said)}) as fake:
        asked = provider(fake.url, declared={"region": "eu"})
        sources = metadata_sources(asked, workload(), environment={"RAY_VERSION": "2.40.0"})
    metadata, origins, warnings = merge(sources)
    assert {name: origins[name] for name in ("model_id", "vllm_version", "dtype", "ray_version", "region", "k")} == {
        "model_id": "backend /info",
        "vllm_version": "backend /info",
        "dtype": "declared in the backend's environment",
        "ray_version": "declared in the backend's environment",
        "region": "declared in the backend's environment",
        "k": "this run",
    }
    assert (metadata.vllm_version, metadata.k, metadata.provider) == ("0.32.0", 5, "mine")
    assert warnings == (
        "region: 'us-ord' is declared in the backend's environment, 'eu' in mine.yaml; the first is recorded",
        "vllm_version: '0.9' is declared in the backend's environment, but backend /info says '0.32.0', "
        "which is recorded",
    )


RAY = {"version": "4", "ray_version": "2.60.0", "ray_commit": "b7f4259", "session_name": "session_2026-11-28_791"}
"""As Ray 2.60 answers; tests/clients/with_ray.py asks a real one."""


@pytest.mark.parametrize(
    ("answer", "version", "origin"),
    [
        (Answer(body=RAY), "2.60.0", "Ray"),
        (Answer(status=503, body="starting"), "2.40.0", "declared in the environment"),
        (Answer(body="<html>"), "2.40.0", "declared in the environment"),
    ],
    ids=["asked", "not ready", "another page"],
)
def test_ray_is_asked_for_its_version_and_believed_against_the_environment(
    answer: Answer, version: str, origin: str
) -> None:
    with GroundTruthServer() as server, serving({"/api/version": answer}) as ray:
        asked = provider(server.base_url, ray_url=ray.url, headers={"authorization": "Bearer token"})
        metadata, origins = known(metadata_sources(asked, workload(), environment={"RAY_VERSION": "2.40.0"}))
    assert (metadata.ray_version, origins["ray_version"]) == (version, origin)
    assert all("authorization" not in headers for _, headers in ray.asked)


@pytest.mark.parametrize("broken", [{"declared": ["dtype"]}, {"unconfirmed": "dtype"}, {"unconfirmed": [1]}])
def test_an_info_without_these_keys_is_what_the_system_says(broken: dict[str, Any]) -> None:
    with serving({"/info": Answer(body={"dtype": "float16", **broken})}) as fake:
        metadata, origins = known(metadata_sources(provider(fake.url), workload(), environment={}))
    assert (metadata.dtype, origins["dtype"]) == ("float16", "backend /info")


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
    check_identity(wanted, running("wanted:latest"), provider())
    check_identity(wanted, running(None), provider())
    check_identity(workload(), running("other"), provider())
