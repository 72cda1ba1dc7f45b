from __future__ import annotations

from pathlib import Path

import pytest

from backend.errors import ConfigurationError
from backend.settings import Settings, describe_settings


def test_defaults_are_those_of_the_contract() -> None:
    settings = Settings.from_environ({})
    assert (settings.top_k, settings.chunk_chars, settings.chunk_overlap) == (5, 800, 120)
    assert (settings.vllm_max_tokens, settings.embedding_model_id) == (512, "all-MiniLM-L6-v2")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("RAG_TOP_K", "five", "RAG_TOP_K: 'five' is not a whole number from 0 to 1000"),
        ("RAG_TOP_K", "-1", "RAG_TOP_K: '-1' is not a whole number from 0 to 1000"),
        ("RAG_TOP_K", "101", "RAG_TOP_K: 101 is more than RAG_MAX_K (100)"),
        ("RAG_CHUNK_OVERLAP", "500", "RAG_CHUNK_OVERLAP: 500 is more than half of RAG_CHUNK_CHARS (800)"),
        ("RAG_INDEX_TYPE", "lsh", "RAG_INDEX_TYPE: 'lsh' is not one of flat, hnsw, ivf"),
        ("RAG_ALLOW_URLS", "maybe", "RAG_ALLOW_URLS: 'maybe' is not 0 or 1"),
        ("VLLM_TEMPERATURE", "nan", "VLLM_TEMPERATURE: 'nan' is not a number from 0 to 2"),
        ("VLLM_EXTRA_BODY", "[]", "VLLM_EXTRA_BODY: '[]' is not a JSON object"),
        ("VLLM_EXTRA_BODY", "{", "VLLM_EXTRA_BODY: '{' is not a JSON object"),
        ("VLLM_EXTRA_BODY", '{"a": NaN}', "VLLM_EXTRA_BODY: '{\"a\": NaN}' is not a JSON object"),
        ("VLLM_EXTRA_BODY", "[" * 2000, "VLLM_EXTRA_BODY: '[[["),
        (
            "VLLM_EXTRA_BODY",
            '{"stream_options": 1}',
            "VLLM_EXTRA_BODY: '{\"stream_options\": 1}' is not a JSON object whose stream_options are an object",
        ),
        ("VLLM_BASE_URL", "vllm:8000", "VLLM_BASE_URL: 'vllm:8000' is not http://HOST:PORT"),
        ("VLLM_BASE_URL", "http://vllm:80000", "VLLM_BASE_URL: 'http://vllm:80000' is not http://HOST:PORT"),
        ("VLLM_BASE_URL", "http://vllm:x", "VLLM_BASE_URL: 'http://vllm:x' is not http://HOST:PORT"),
        ("VLLM_BASE_URL", "http://[::1", "VLLM_BASE_URL: 'http://[::1' is not http://HOST:PORT"),
        ("QDRANT_URL", "http://qdrant:6333", "QDRANT_URL is set, but this build stores vectors in FAISS"),
        (
            "RAG_RERANK_URL",
            "reranker:8080",
            "RAG_RERANK_URL: 'reranker:8080' is not http://HOST:PORT or https://HOST:PORT",
        ),
        ("RAG_RERANK_URL", "http://a:b@reranker", "RAG_RERANK_URL: 'http://a:b@reranker' is not http://HOST:PORT or"),
        ("RAG_RERANK_URL", "http://reranker", "RAG_RERANK_MODEL: needed with RAG_RERANK_URL"),
        ("RAG_TOKEN_FILE", "/no/such/file", "RAG_TOKEN_FILE: '/no/such/file' cannot be read"),
        ("RAG_DOCSET", "../etc", "RAG_DOCSET: '../etc' is not lower-case letters"),
    ],
)
def test_a_wrong_value_is_a_sentence_with_name_value_and_what_is_allowed(name: str, value: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environ({name: value})
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("http://vllm:8000", "http://vllm:8000"),
        ("http://vllm:8000/v1", "http://vllm:8000"),
        ("https://host/api/v1/", "https://host/api"),
    ],
)
def test_the_llm_url_is_taken_with_and_without_v1(given: str, meant: str) -> None:
    assert Settings.from_environ({"VLLM_BASE_URL": given}).vllm_base_url == meant


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("http://reranker:8080", "http://reranker:8080/v1/rerank"),
        ("http://reranker:8080/v1/", "http://reranker:8080/v1/rerank"),
        ("https://api.example.com/v2/rerank", "https://api.example.com/v2/rerank"),
    ],
)
def test_the_url_of_a_reranker_is_that_of_its_endpoint(given: str, meant: str) -> None:
    environ = {"RAG_RERANK_URL": given, "RAG_RERANK_MODEL": "m", "RAG_RERANK_API_KEY": "sesame"}
    settings = Settings.from_environ(environ)
    assert settings.rerank_url == meant
    assert "sesame" not in repr(settings)


def test_an_empty_variable_counts_as_unset() -> None:
    assert Settings.from_environ({"RAG_TOP_K": " "}).top_k == 5


def test_secrets_come_from_files_and_are_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("open-sesame\n", encoding="utf-8")
    settings = Settings.from_environ({"RAG_TOKEN_FILE": str(file), "VLLM_API_KEY": "key-of-llm"})
    assert settings.token == "open-sesame"
    assert "open-sesame" not in repr(settings)
    assert "key-of-llm" not in repr(settings)


def test_an_empty_secret_file_is_an_error_and_not_an_open_door(tmp_path: Path) -> None:
    (tmp_path / "token").touch()
    with pytest.raises(ConfigurationError, match="is empty"):
        Settings.from_environ({"RAG_TOKEN_FILE": str(tmp_path / "token")})


def test_help_names_every_variable_of_the_contract() -> None:
    names = (
        "VLLM_BASE_URL VLLM_MODEL VLLM_MAX_TOKENS VLLM_TEMPERATURE VLLM_TOP_P VLLM_TIMEOUT_SECONDS RAG_TOP_K "
        "RAG_PROVIDER EMBEDDING_MODEL_ID QDRANT_URL"
    )
    described = describe_settings()
    assert [name for name in names.split() if name not in described] == []
