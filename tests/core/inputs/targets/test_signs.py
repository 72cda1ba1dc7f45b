"""How services are recognized: the signs of the shipped presets against what the services answer, and bad signs."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ragmeter.core.errors import ConfigError
from ragmeter.core.inputs.targets.signs import BUILT_IN_SIGNS, Values, seen, signs_of
from ragmeter.run.plan.catalog import known, load_target

MODELS = {"object": "list", "data": [{"id": "small", "object": "model"}]}
HAYHOOKS = {"status": "Up!", "pipelines": ["rag"]}


def paths(*named: str, title: str = "FastAPI") -> dict[str, Any]:
    return {"info": {"title": title}, "paths": {path: {"post": {}} for path in named}}


CASES: dict[str, tuple[str, dict[str, Any], dict[str, Values]]] = {
    "nothing": ("127.0.0.1", {}, {}),
    "an OpenAI-compatible server": ("127.0.0.1", {"/v1/models": MODELS}, {"openai": {}}),
    "one without a model": ("127.0.0.1", {"/v1/models": {"object": "list", "data": []}}, {}),
    "the backend": (
        "rag.example.com",
        {"/info": {"vector_store": None, "model_id": "x"}, "/openapi.json": paths("/query/stream", "/readyz")},
        {"rag": {}},
    ),
    "its predecessor": ("rag.example.com", {"/openapi.json": paths("/query/stream", "/healthz")}, {"rag-demo": {}}),
    "TGI": (
        "127.0.0.1",
        {"/info": {"model_id": "x", "max_total_tokens": 2048}, "/v1/models": MODELS},
        {"tgi": {}, "openai": {}},
    ),
    "Ollama": (
        "127.0.0.1",
        {"/api/tags": {"models": [{"name": "x"}]}, "/v1/models": MODELS},
        {"ollama": {}, "openai": {}},
    ),
    "Ollama without a model": ("127.0.0.1", {"/api/tags": {"models": []}}, {}),
    "Open WebUI": (
        "chat",
        {"/api/config": {"status": True, "name": "Chat", "features": {"auth": True}}},
        {"open-webui": {}},
    ),
    "Dify": ("dify", {"/v1/": {"welcome": "Dify OpenAPI", "api_version": "v1"}}, {"dify": {}}),
    "RAGFlow": ("flow", {"/v1/system/healthz": {"db": "ok", "doc_engine": "ok", "storage": "ok"}}, {"ragflow": {}}),
    "R2R": ("r2r", {"/openapi.json": paths("/v3/health", "/v3/retrieval/rag")}, {"r2r": {}}),
    "NVIDIA": ("nv", {"/openapi.json": paths("/v1/generate", title="APIs for NVIDIA RAG Server")}, {"nvidia-rag": {}}),
    "an OpenAPI document without a title": ("nv", {"/openapi.json": {"paths": {}}}, {}),
    "LangServe": (
        "127.0.0.1",
        {"/openapi.json": paths("/rag/stream", "/rag/stream_log", "/rag/c/{config_hash}/stream", "/chat/stream")},
        {"langserve": {"chain": ("rag", "chat")}},
    ),
    "an application that streams": ("127.0.0.1", {"/openapi.json": paths("/rag/stream")}, {}),
    "Hayhooks": ("127.0.0.1", {"/status": HAYHOOKS}, {"hayhooks": {"pipeline": ("rag",)}, "hayhooks-chat": {}}),
    "Hayhooks that says what its pipelines can do": (
        "127.0.0.1",
        {"/status": {**HAYHOOKS, "deployments": [{"name": "rag", "capabilities": ["chat_completion"]}]}},
        {"hayhooks-chat": {}},
    ),
    "Hayhooks without a pipeline": ("127.0.0.1", {"/status": {"status": "Up!", "pipelines": []}}, {}),
    "Anthropic": ("api.anthropic.com", {}, {"anthropic": {}}),
    "Azure": ("Mine.OpenAI.azure.com", {}, {"azure-openai": {}}),
    "Gemini": ("generativelanguage.googleapis.com", {}, {"gemini": {}}),
    "a list where an object is expected": ("127.0.0.1", {"/status": [1], "/info": "up", "/v1/models": None}, {}),
}


def found(host: str, answers: dict[str, Any]) -> dict[str, Values]:
    all_of_them = {name: document_of(path) for name, path in known("target").items()}
    signs = {name: signs_of(each.get("signs", ()), path_of(name), name) for name, each in all_of_them.items()}
    signs |= {name: signs_of(each, "", name) for name, each in BUILT_IN_SIGNS.items()}
    told = {name: [seen(sign, host, answers) for sign in own] for name, own in signs.items()}
    return {
        name: next(v for v in each if v is not None) for name, each in told.items() if any(v is not None for v in each)
    }


def document_of(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def path_of(name: str) -> str:
    return str(load_target(document_of(known("target")[name]), where=name, at="$").document["path"])


@pytest.mark.parametrize(("host", "answers", "expected"), CASES.values(), ids=CASES)
def test_a_service_shows_the_signs_of_what_it_speaks(
    host: str, answers: dict[str, Any], expected: dict[str, Values]
) -> None:
    assert found(host, answers) == expected


PRESET = {"path": "/ask", "body": {"q": "{prompt}"}, "answer": {"text": "t", "end": {"response": True}}}


@pytest.mark.parametrize(
    ("sign", "words"),
    [
        ({"path": "/status", "where": "a ||"}, "$.signs[0].where: 'a ||': no JMESPath expression: it ends too early"),
        ({"path": "/status", "values": {"a": "b["}}, "$.signs[0].values.a: 'b[': no JMESPath expression"),
        ({"where": "a"}, "'path' is a dependency of 'where'"),
        ({"path": "status"}, "$.signs[0].path: 'status' is not like '/status'"),
        ({}, "$.signs[0]: {} should be non-empty"),
        ({"port": 80}, "$.signs[0].port: unknown key; allowed: host, listed, path, values, where"),
    ],
)
def test_a_sign_that_is_none_is_refused_with_its_place(sign: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_target({**PRESET, "signs": [sign]}, where="t.yaml", at="$")
    assert str(refused.value).startswith("t.yaml: $")
    assert words in str(refused.value)


def test_signs_are_neither_handed_on_nor_part_of_what_is_asked() -> None:
    plain = load_target(PRESET, where="t.yaml", at="$")
    with_signs = load_target({**PRESET, "signs": [{"host": "*"}]}, where="t.yaml", at="$")
    assert plain.sha256 == with_signs.sha256
    assert "signs" not in load_target("hayhooks-chat", where="t.yaml").document
