"""Provider files: references to the environment, URLs, headers, the embedded service."""

from typing import Any

import pytest

from ragmeter.clients.files import schema
from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.provider import Provider, provider_from
from ragmeter.core.setting import Setting

OPTION = Setting(key="base_url", value="http://option/", origin="--base-url")


def made(*, environment: dict[str, str] | None = None, base_url: Setting | None = None, **keys: Any) -> Provider:
    document = {"schema": "provider.v1", "name": "mine", "base_url": "http://file", **keys}
    document = {key: value for key, value in document.items() if value is not None}
    return provider_from(
        document, path="mine.yaml", environment=environment or {}, base_url=base_url, schema=schema("provider.v1")
    )


def refusal(**keys: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        made(**keys)
    return str(caught.value)


def test_url_has_no_final_slash_and_defaults_are_filled_in() -> None:
    provider = made(base_url=None, name="mine")
    assert (provider.base_url, provider.workload, provider.local, provider.cost) == (
        "http://file",
        "standard",
        None,
        None,
    )
    assert made(base_url=OPTION).base_url == "http://option"


@pytest.mark.parametrize(
    ("written", "environment", "found"),
    [
        ("${REGION}", {"REGION": "eu"}, "eu"),
        ("${REGION:-us}", {}, "us"),
        ("${REGION:-us}", {"REGION": ""}, "us"),
        ("${REGION:-us}", {"REGION": "eu"}, "eu"),
        ("a-${A}-${B}", {"A": "1", "B": "2"}, "a-1-2"),
        ("${A}", {"A": "${B}"}, "${B}"),
        ("$REGION and $${", {}, "$REGION and $${"),
    ],
)
def test_references_are_resolved_once(written: str, environment: dict[str, str], found: str) -> None:
    assert made(region=written, environment=environment).declared["region"] == found


def test_empty_default_states_nothing() -> None:
    provider = made(region="${REGION:-}", kube_context="${CONTEXT:-}", llm_url="${LLM:-}")
    assert (provider.declared, provider.kube_context, provider.llm_url) == ({}, None, None)


def test_reference_that_is_not_set_is_named_with_its_place() -> None:
    said = refusal(headers={"Authorization": "Bearer ${TOKEN}"})
    assert said == "mine.yaml: $.headers.Authorization: the environment variable TOKEN is not set: export TOKEN=…"
    assert refusal(slo=["errors <= ${MOST}"]).startswith(
        "mine.yaml: $.slo[0]: the environment variable MOST is not set"
    )


def test_url_of_an_option_replaces_that_of_the_file_and_its_references() -> None:
    document = {"schema": "provider.v1", "name": "mine", "base_url": "${NOT_SET}", "local": {}}
    provider = provider_from(document, path="x", environment={}, base_url=OPTION, schema=schema("provider.v1"))
    assert (provider.base_url, provider.local) == ("http://option", None)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("localhost:8000", "'localhost:8000' is not a URL such as http://host:8000 or https://rag.example.com"),
        ("ftp://host", "is not a URL such as"),
        ("http://", "is not a URL such as"),
        ("http://host:port", "Port could not be cast to integer value"),
        ("http://host:99999", "Port out of range"),
        ("http://me:hunter2@host", "a URL with credentials is not allowed: it stands in every report"),
        ("http://me:hunter2@host:99999", "a URL with credentials is not allowed: it stands in every report"),
        ("http://host?key=hunter2", "a URL with a query or fragment is not allowed; use $.headers"),
        ("http://host#x", "a URL with a query or fragment is not allowed; use $.headers"),
    ],
)
def test_url_that_cannot_be_is_refused_with_its_place(url: str, words: str) -> None:
    for place, keys in (
        ("mine.yaml: $.llm_url: ", {"llm_url": url}),
        ("mine.yaml: $.ray_url: ", {"ray_url": url}),
        ("RAG: ", {"base_url": Setting(key="", value=url, origin="RAG")}),
    ):
        said = refusal(**keys)
        assert said.startswith(place)
        assert words in said
        assert "hunter2" not in said


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"X Key": "hunter2"}, "$.headers: 'X Key' is not a header name"),
        ({"": "hunter2"}, "$.headers: '' is not a header name"),
        ({"X-Key": "hunter2\r\nX-Other: 1"}, "$.headers.X-Key: the value has a control character"),
        ({"X-Key": "hunter2\x7f"}, "$.headers.X-Key: the value has a control character"),
    ],
)
def test_header_that_cannot_be_sent_is_refused_without_its_value(headers: dict[str, str], words: str) -> None:
    said = refusal(headers=headers)
    assert words in said
    assert "hunter2" not in said


def test_the_address_of_a_trace_keeps_its_placeholder_beside_references() -> None:
    provider = made(trace_url="${TRACER:-https://tracer.example}/trace/{trace_id}")
    assert provider.trace_url == "https://tracer.example/trace/{trace_id}"


def test_an_address_without_a_place_for_the_trace_is_refused() -> None:
    assert refusal(trace_url="https://tracer.example").startswith("mine.yaml: $.trace_url: ")


def test_headers_are_in_no_representation() -> None:
    assert "hunter2" not in repr(made(headers={"Authorization": "hunter2"}))


def test_what_is_declared_is_what_the_file_states() -> None:
    provider = made(region="us-ord", gpu_model="", gpu_count=0, cluster_label="lke")
    assert provider.declared == {"region": "us-ord", "gpu_count": 0, "cluster_label": "lke"}


def without_url(**keys: Any) -> Provider:
    document = {"schema": "provider.v1", "name": "mine", **keys}
    return provider_from(document, path="mine.yaml", environment={}, base_url=None, schema=schema("provider.v1"))


def test_file_without_a_url_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"mine\.yaml: \$\.base_url: missing; write it there or pass --base-url URL"):
        without_url()


def test_embedded_service_has_defaults() -> None:
    local = without_url(local={}).local
    assert local is not None
    assert (local.engine, local.model, local.threads, local.parallel, local.startup_timeout_s, local.args) == (
        "xllamacpp",
        None,
        1,
        2,
        120.0,
        (),
    )


@pytest.mark.parametrize(
    ("local", "words"),
    [
        ({"engine": "none"}, r"\$\.llm_url: needed with engine none"),
        ({"engine": "vllm"}, r"\$\.local\.model: needed with engine vllm"),
        ({"engine": "ollama"}, r"\$\.local\.engine: 'ollama' is not one of xllamacpp, vllm, none"),
        ({"threads": 0}, r"\$\.local\.threads: 0 is not >= 1"),
    ],
)
def test_embedded_service_that_cannot_start_is_refused(local: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        without_url(local=local)
