"""Documents without a schema are version 1, and say so once."""

from typing import Any

import pytest
import yaml

from ragmeter.clients.files import schema
from ragmeter.core.errors import SchemaError
from ragmeter.core.inputs.provider import provider_from
from ragmeter.core.inputs.unversioned import PROVIDER, WORKLOAD, kind_of
from ragmeter.core.inputs.workload import Workload, workload_from

ORIGINAL = """
name: "standard-rag-benchmark"
version: "1.0"
benchmark: {concurrency: 10, requests: 100, warmup_requests: 10, timeout: 120, max_output_tokens: 512}
retrieval: {k: 5, docset: "default"}
model: {model_id: "Qwen/Qwen3-1.7B", dtype: "float16"}
prompts: ["Explain what this system is and why vLLM matters.", "What are the key features of RAG systems?"]
"""
"""A manifest as users had it before there were schemas, to the letter."""
FLAT = {"concurrency": 5, "requests": 20, "warmup_requests": 2, "timeout": 180, "prompts": ["Why?"]}
"""As the predecessor's client read one."""
SCHEMAS = {name: schema(name) for name in (WORKLOAD, PROVIDER)}


def made(document: Any) -> Workload:
    return workload_from(document, path="old/mine.yaml", prompts=(), settings=(), schema=SCHEMAS[WORKLOAD])


def test_the_users_own_manifest_is_read_literally_with_one_notice() -> None:
    workload = made(yaml.safe_load(ORIGINAL))
    assert (workload.name, workload.version) == ("standard-rag-benchmark", "1.0")
    assert (workload.concurrency, workload.requests, workload.warmup_requests) == (10, 100, 10)
    assert (workload.timeout_s, workload.max_output_tokens) == (120.0, 512)
    assert (workload.k, workload.docset, workload.model_id, workload.dtype) == (
        5,
        "default",
        "Qwen/Qwen3-1.7B",
        "float16",
    )
    assert [prompt.text for prompt in workload.prompts] == [
        "Explain what this system is and why vLLM matters.",
        "What are the key features of RAG systems?",
    ]
    (notice,) = workload.notices
    assert notice == (
        "old/mine.yaml: has no key 'schema' and is read as workload.v1; write 'schema: workload.v1' as its first line"
    )


def test_the_line_changes_nothing_but_the_notice() -> None:
    old, new = made(yaml.safe_load(ORIGINAL)), made(yaml.safe_load(f"schema: workload.v1\n{ORIGINAL}"))
    assert new.notices == ()
    assert (old.sha256, old.manifest) == (new.sha256, new.manifest)


def test_a_flat_manifest_has_its_section_and_its_files_name() -> None:
    workload = made(FLAT)
    assert (workload.name, workload.concurrency, workload.requests, workload.warmup_requests) == ("mine", 5, 20, 2)
    (notice,) = workload.notices
    assert "with requests, concurrency, warmup_requests, timeout below 'benchmark'" in notice


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema": "workload.v2"}, r"\$.schema: 'workload.v2' is not 'workload.v1'"),
        ({"schema": None}, r"\$.schema: None is not 'workload.v1'"),
        ({"benchmrk": {}}, r"\$.benchmrk: unknown key; did you mean 'benchmark'\?"),
        ({"requests": 5}, r"\$.requests: unknown key"),
        ({"prompts": None}, r"\$.prompts: None is not of type array"),
    ],
)
def test_what_is_wrong_stays_wrong(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SchemaError, match=f"old/mine.yaml: {words}"):
        made({**yaml.safe_load(ORIGINAL), **changes})


@pytest.mark.parametrize("base_url", ["http://rag:8000", "http://rag:8000/query/stream"])
def test_a_provider_file_without_schema_is_read_too(base_url: str) -> None:
    provider = provider_from(
        {"name": "mine", "base_url": base_url},
        path="mine.yaml",
        environment={},
        base_url=None,
        schema=SCHEMAS[PROVIDER],
    )
    assert provider.base_url == "http://rag:8000"
    first, *others = provider.notices
    assert first.startswith("mine.yaml: has no key 'schema' and is read as provider.v1")
    assert len(others) == base_url.endswith("stream")


@pytest.mark.parametrize(
    ("document", "name"),
    [
        (yaml.safe_load(ORIGINAL), WORKLOAD),
        (FLAT, WORKLOAD),
        ({"name": "x", "base_url": "http://rag"}, PROVIDER),
        ({"name": "x", "region": "us-ord", "cost": {}}, PROVIDER),
        ({"name": "x"}, None),
        ({"answer": 42}, None),
        ({}, None),
    ],
)
def test_which_file_it_is_is_told_by_its_keys(document: dict[str, Any], name: str | None) -> None:
    assert kind_of(document, SCHEMAS) == name
