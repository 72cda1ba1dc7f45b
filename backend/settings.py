"""Settings of the service: one frozen record read from the environment, with errors as sentences."""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .errors import ConfigurationError

DOCSET_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)


def _env(name: str, default: str, parse: Callable[[str], Any], text: str, *, secret: bool = False) -> Any:
    """A field of Settings that is read from the environment variable `name`; an empty variable counts as unset."""
    return field(repr=not secret, metadata={"env": name, "default": default, "parse": parse, "text": text})


def _text(value: str) -> str | None:
    return value or None


def _integer(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        number = int(value) if re.fullmatch(r"-?\d+", value) else None
        if number is None or not low <= number <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return number

    return parse


def _number(low: float, high: float) -> Callable[[str], float]:
    def parse(value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not low <= number <= high:
            raise ValueError(f"a number from {low:g} to {high:g}")
        return number

    return parse


def _switch(value: str) -> bool:
    switches = {"0": False, "false": False, "no": False, "off": False, "1": True, "true": True, "yes": True, "on": True}
    if value.lower() not in switches:
        raise ValueError("0 or 1")
    return switches[value.lower()]


def _choice(*allowed: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in allowed:
            raise ValueError("one of " + ", ".join(allowed))
        return value

    return parse


def _docset(value: str) -> str:
    if not DOCSET_NAME.fullmatch(value):
        raise ValueError("lower-case letters, digits, '.', '_' and '-', at most 63, starting with a letter or digit")
    return value


def _llm_url(value: str) -> str:
    """The LLM's address up to and without `/v1`."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.username:
        raise ValueError("http://HOST:PORT or https://HOST:PORT, with or without /v1, without user name or query")
    return value.rstrip("/").removesuffix("/v1").rstrip("/")


def _object(value: str) -> dict[str, Any]:
    try:
        parsed = json.loads(value)
    except json.JSONDecodeError as error:
        raise ValueError(f"a JSON object ({error})") from None
    if not isinstance(parsed, dict):
        raise ValueError("a JSON object")
    return parsed


def _directory(value: str) -> Path:
    return Path(value).expanduser().absolute()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    vllm_base_url: str = _env(
        "VLLM_BASE_URL", "http://127.0.0.1:8000", _llm_url, "OpenAI-compatible LLM, with or without /v1"
    )
    vllm_model: str | None = _env("VLLM_MODEL", "", _text, "model to ask for; empty: the first of /v1/models")
    vllm_api_key: str | None = _env("VLLM_API_KEY", "", _text, "bearer token for the LLM", secret=True)
    vllm_api_key_file: str | None = _env("VLLM_API_KEY_FILE", "", _text, "file that holds VLLM_API_KEY")
    vllm_max_tokens: int = _env("VLLM_MAX_TOKENS", "512", _integer(1, 131072), "output tokens when a query names none")
    vllm_temperature: float = _env("VLLM_TEMPERATURE", "0", _number(0, 2), "sampling temperature")
    vllm_top_p: float = _env("VLLM_TOP_P", "1", _number(0, 1), "nucleus sampling")
    vllm_timeout_s: float = _env(
        "VLLM_TIMEOUT_SECONDS", "120", _number(0.01, 3600), "longest silence of the LLM, before and between tokens"
    )
    vllm_extra_body: dict[str, Any] = _env(
        "VLLM_EXTRA_BODY", "{}", _object, 'JSON merged into every LLM request, such as {"ignore_eos": true}'
    )
    top_k: int = _env("RAG_TOP_K", "5", _integer(0, 1000), "chunks retrieved when a query names no k; 0: no retrieval")
    max_k: int = _env("RAG_MAX_K", "100", _integer(0, 1000), "largest k that a query may ask for")
    docset: str = _env("RAG_DOCSET", "default", _docset, "docset when a request names none")
    context_max_chars: int = _env(
        "RAG_CONTEXT_MAX_CHARS", "0", _integer(0, 10_000_000), "most characters of context in a prompt; 0: no limit"
    )
    chunk_chars: int = _env("RAG_CHUNK_CHARS", "800", _integer(50, 100_000), "length of a chunk, in characters")
    chunk_overlap: int = _env("RAG_CHUNK_OVERLAP", "120", _integer(0, 50_000), "characters that two chunks share")
    embedding_model_id: str = _env(
        "EMBEDDING_MODEL_ID",
        "all-MiniLM-L6-v2",
        str,
        "all-MiniLM-L6-v2, or a folder with model.onnx and tokenizer.json",
    )
    embed_threads: int = _env(
        "RAG_EMBED_THREADS", "0", _integer(0, 256), "threads of the embedder; 0: one per CPU, at most 4"
    )
    embed_batch: int = _env("RAG_EMBED_BATCH", "32", _integer(1, 1024), "most queries embedded together")
    index_type: str = _env("RAG_INDEX_TYPE", "flat", _choice("flat", "hnsw"), "FAISS index: flat or hnsw")
    qdrant_url: str | None = _env("QDRANT_URL", "", _text, "refused: this build stores vectors in FAISS")
    data_dir: Path = _env("RAG_DATA_DIR", "~/.local/share/rag-backend", _directory, "where docsets are kept")
    max_inflight: int = _env("RAG_MAX_INFLIGHT", "256", _integer(1, 100_000), "queries served at once")
    max_queue: int = _env("RAG_MAX_QUEUE", "64", _integer(0, 100_000), "queries that wait for a place; beyond it: 503")
    request_timeout_s: float = _env(
        "RAG_REQUEST_TIMEOUT_SECONDS", "300", _number(0.01, 86400), "deadline of a whole query"
    )
    max_upload_bytes: int = _env("RAG_MAX_UPLOAD_BYTES", "67108864", _integer(1, 2**40), "largest body of an ingest")
    max_documents: int = _env("RAG_MAX_DOCUMENTS", "2000", _integer(1, 1_000_000), "most documents in one ingest")
    max_chunks: int = _env("RAG_MAX_CHUNKS", "500000", _integer(1, 100_000_000), "most chunks in one docset")
    token: str | None = _env("RAG_TOKEN", "", _text, "bearer token that ingest and delete ask for", secret=True)
    token_file: str | None = _env("RAG_TOKEN_FILE", "", _text, "file that holds RAG_TOKEN")
    allow_urls: bool = _env("RAG_ALLOW_URLS", "0", _switch, "ingest may fetch public URLs")
    url_max_bytes: int = _env("RAG_URL_MAX_BYTES", "10485760", _integer(1, 2**32), "largest page that is fetched")
    url_timeout_s: float = _env("RAG_URL_TIMEOUT_SECONDS", "20", _number(0.1, 600), "deadline of one fetch")
    log_level: str = _env(
        "RAG_LOG_LEVEL", "info", _choice("debug", "info", "warning", "error"), "least level that is logged"
    )
    log_queries: bool = _env("RAG_LOG_QUERIES", "0", _switch, "log the text of queries")
    drain_delay_s: float = _env(
        "RAG_DRAIN_DELAY_SECONDS",
        "0",
        _number(0, 600),
        "after SIGTERM, time in which /readyz is 503 and queries are still taken",
    )
    drain_s: int = _env(
        "RAG_DRAIN_SECONDS", "30", _integer(1, 3600), "after that, time in which open streams may finish"
    )
    replica_id: str = _env(
        "RAG_REPLICA_ID",
        "",
        lambda value: value or _random_replica(),
        "name of this replica; empty: host and a random part",
    )
    provider: str | None = _env("RAG_PROVIDER", "", _text, "provider, as /info and rag_info report it")
    region: str | None = _env("RAG_REGION", "", _text, "region, as /info reports it")
    backend_image_tag: str | None = _env("BACKEND_IMAGE_TAG", "", _text, "tag of this image, as /info reports it")
    vllm_image_tag: str | None = _env("VLLM_IMAGE_TAG", "", _text, "tag of the LLM's image, as /info reports it")
    vllm_version: str | None = _env("VLLM_VERSION", "", _text, "vLLM's version where /version does not tell")
    vllm_dtype: str | None = _env("VLLM_DTYPE", "", _text, "dtype of the model, as /info reports it")
    vllm_quantization: str | None = _env(
        "VLLM_QUANTIZATION", "", _text, "quantization of the model, as /info reports it"
    )
    vllm_max_model_len: int | None = _env(
        "VLLM_MAX_MODEL_LEN",
        "",
        lambda value: _integer(1, 100_000_000)(value) if value else None,
        "context length where the LLM does not tell",
    )
    ray_version: str | None = _env("RAY_VERSION", "", _text, "Ray's version, as /info reports it")

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Raises ConfigurationError that names the variable, its value and what is allowed."""
        values = {spec.name: _read(environ, spec.metadata) for spec in fields(cls)}
        values["vllm_api_key"] = values["vllm_api_key"] or _secret(values["vllm_api_key_file"], "VLLM_API_KEY_FILE")
        values["token"] = values["token"] or _secret(values["token_file"], "RAG_TOKEN_FILE")
        settings = cls(**values)
        settings._check()
        return settings

    def _check(self) -> None:
        if self.qdrant_url:
            raise ConfigurationError(
                "QDRANT_URL is set, but this build stores vectors in FAISS under RAG_DATA_DIR: unset it"
            )
        if self.chunk_overlap * 2 > self.chunk_chars:
            raise ConfigurationError(
                f"RAG_CHUNK_OVERLAP: {self.chunk_overlap} is more than half of RAG_CHUNK_CHARS ({self.chunk_chars})"
            )
        if self.top_k > self.max_k:
            raise ConfigurationError(f"RAG_TOP_K: {self.top_k} is more than RAG_MAX_K ({self.max_k})")

    @property
    def threads(self) -> int:
        return self.embed_threads or min(4, len(os.sched_getaffinity(0)))


def _read(environ: Mapping[str, str], spec: Mapping[str, Any]) -> Any:
    value = environ.get(spec["env"], "").strip() or spec["default"]
    try:
        return spec["parse"](value)
    except ValueError as error:
        raise ConfigurationError(f"{spec['env']}: {value!r} is not {error}") from None


def _secret(path: str | None, name: str) -> str | None:
    if path is None:
        return None
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{name}: {path!r} cannot be read: {error}") from error
    if not text:
        raise ConfigurationError(f"{name}: {path!r} is empty")
    return text


def _random_replica() -> str:
    return f"{socket.gethostname()}-{secrets.token_hex(3)}"


def describe_settings() -> str:
    """One line for each setting: name, meaning, default."""
    specs = [spec.metadata for spec in fields(Settings)]
    width = max(len(spec["env"]) for spec in specs)
    return "\n".join(
        f"  {spec['env']:<{width}}  {spec['text']}" + (f" (default {spec['default']})" if spec["default"] else "")
        for spec in specs
    )
