"""Settings of the service: one frozen record read from the environment, with errors as sentences."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from . import parsing
from .environment import Env, read, secret_in, variables_of
from .errors import ConfigurationError

_SECRETS = ("vllm_api_key", "token", "postgres_password", "rerank_api_key")
"""Each may come from a file of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    vllm_base_url: Annotated[
        str,
        Env("VLLM_BASE_URL", "http://127.0.0.1:8000", parsing.llm_url, "OpenAI-compatible LLM, with or without /v1"),
    ]
    vllm_model: Annotated[
        str | None, Env("VLLM_MODEL", "", parsing.text, "model to ask for; empty: the first of /v1/models")
    ]
    vllm_api_key: Annotated[str | None, Env("VLLM_API_KEY", "", parsing.text, "bearer token for the LLM")] = field(
        repr=False
    )
    vllm_api_key_file: Annotated[str | None, Env("VLLM_API_KEY_FILE", "", parsing.text, "file that holds VLLM_API_KEY")]
    vllm_max_tokens: Annotated[
        int, Env("VLLM_MAX_TOKENS", "512", parsing.integer(1, 131072), "output tokens when a query names none")
    ]
    vllm_temperature: Annotated[float, Env("VLLM_TEMPERATURE", "0", parsing.number(0, 2), "sampling temperature")]
    vllm_top_p: Annotated[float, Env("VLLM_TOP_P", "1", parsing.number(0, 1), "nucleus sampling")]
    vllm_timeout_s: Annotated[
        float,
        Env(
            "VLLM_TIMEOUT_SECONDS",
            "120",
            parsing.number(0.01, 3600),
            "longest silence of the LLM, before and between tokens",
        ),
    ]
    vllm_extra_body: Annotated[
        dict[str, Any],
        Env(
            "VLLM_EXTRA_BODY",
            "{}",
            parsing.json_object,
            'JSON merged into every LLM request, such as {"ignore_eos": true}',
        ),
    ]
    top_k: Annotated[
        int,
        Env("RAG_TOP_K", "5", parsing.integer(0, 1000), "chunks retrieved when a query names no k; 0: no retrieval"),
    ]
    max_k: Annotated[int, Env("RAG_MAX_K", "100", parsing.integer(0, 1000), "largest k that a query may ask for")]
    docset: Annotated[str, Env("RAG_DOCSET", "default", parsing.docset, "docset when a request names none")]
    context_max_chars: Annotated[
        int,
        Env(
            "RAG_CONTEXT_MAX_CHARS",
            "0",
            parsing.integer(0, 10_000_000),
            "most characters of context in a prompt; 0: all",
        ),
    ]
    chunk_chars: Annotated[
        int, Env("RAG_CHUNK_CHARS", "800", parsing.integer(50, 100_000), "length of a chunk, in characters")
    ]
    chunk_overlap: Annotated[
        int, Env("RAG_CHUNK_OVERLAP", "120", parsing.integer(0, 50_000), "characters that two chunks share")
    ]
    embedding_model_id: Annotated[
        str,
        Env(
            "EMBEDDING_MODEL_ID",
            "all-MiniLM-L6-v2",
            str,
            "all-MiniLM-L6-v2, or a folder with model.onnx and tokenizer.json",
        ),
    ]
    embed_threads: Annotated[
        int,
        Env("RAG_EMBED_THREADS", "0", parsing.integer(0, 256), "threads of the embedder; 0: one per CPU, at most 4"),
    ]
    embed_batch: Annotated[
        int, Env("RAG_EMBED_BATCH", "32", parsing.integer(1, 1024), "most queries embedded together")
    ]
    index_type: Annotated[
        str, Env("RAG_INDEX_TYPE", "flat", parsing.choice("flat", "hnsw", "ivf"), "index: flat (exact), hnsw or ivf")
    ]
    index_parameters: Annotated[
        dict[str, Any],
        Env("RAG_INDEX_PARAMETERS", "{}", parsing.json_object, 'JSON that replaces defaults, such as {"efSearch": 64}'),
    ]
    retrieval_mode: Annotated[
        parsing.Mode,
        Env(
            "RAG_RETRIEVAL_MODE",
            "dense",
            parsing.choice(*parsing.MODES),
            "search when a query names none: dense, lexical or hybrid",
        ),
    ]
    candidates: Annotated[
        int,
        Env(
            "RAG_CANDIDATES",
            "50",
            parsing.integer(1, 1000),
            "chunks that each of two searches brings to a hybrid one, and that are reranked",
        ),
    ]
    rerank: Annotated[bool, Env("RAG_RERANK", "0", parsing.switch, "rerank what is found when a query does not say")]
    rerank_url: Annotated[
        str | None,
        Env("RAG_RERANK_URL", "", parsing.rerank_url, "reranker: http://HOST:PORT[/v1/rerank]; empty: the embedder"),
    ]
    rerank_model: Annotated[str | None, Env("RAG_RERANK_MODEL", "", parsing.text, "model that the reranker has")]
    rerank_api_key: Annotated[
        str | None, Env("RAG_RERANK_API_KEY", "", parsing.text, "bearer token for the reranker")
    ] = field(repr=False)
    rerank_api_key_file: Annotated[
        str | None, Env("RAG_RERANK_API_KEY_FILE", "", parsing.text, "file that holds RAG_RERANK_API_KEY")
    ]
    rerank_timeout_s: Annotated[
        float,
        Env("RAG_RERANK_TIMEOUT_SECONDS", "10", parsing.number(0.01, 600), "deadline of one call of it"),
    ]
    postgres_url: Annotated[
        str | None,
        Env(
            "RAG_POSTGRES_URL",
            "",
            parsing.text,
            "postgresql://USER@HOST:PORT/DATABASE?sslmode=verify-full: vectors are in pgvector; empty: in FAISS",
        ),
    ] = field(repr=False)
    postgres_password: Annotated[str | None, Env("RAG_POSTGRES_PASSWORD", "", parsing.text, "password of its user")] = (
        field(repr=False)
    )
    postgres_password_file: Annotated[
        str | None, Env("RAG_POSTGRES_PASSWORD_FILE", "", parsing.text, "file that holds RAG_POSTGRES_PASSWORD")
    ]
    store_connections: Annotated[
        int, Env("RAG_STORE_CONNECTIONS", "4", parsing.integer(2, 100), "most connections to PostgreSQL")
    ]
    store_timeout_s: Annotated[
        float,
        Env("RAG_STORE_TIMEOUT_SECONDS", "5", parsing.number(0.1, 600), "longest wait for a connection or a search"),
    ]
    qdrant_url: Annotated[
        str | None, Env("QDRANT_URL", "", parsing.text, "refused: vectors are stored in FAISS or PostgreSQL")
    ]
    data_dir: Annotated[
        Path, Env("RAG_DATA_DIR", "~/.local/share/rag-backend", parsing.directory, "where docsets are kept")
    ]
    max_inflight: Annotated[int, Env("RAG_MAX_INFLIGHT", "256", parsing.integer(1, 100_000), "queries served at once")]
    max_queue: Annotated[
        int, Env("RAG_MAX_QUEUE", "64", parsing.integer(0, 100_000), "queries that wait for a place; beyond it: 503")
    ]
    request_timeout_s: Annotated[
        float, Env("RAG_REQUEST_TIMEOUT_SECONDS", "300", parsing.number(0.01, 86400), "deadline of a whole query")
    ]
    max_connections: Annotated[
        int, Env("RAG_MAX_CONNECTIONS", "4096", parsing.integer(8, 1_000_000), "open connections; beyond it: 503")
    ]
    max_peer_connections: Annotated[
        int,
        Env("RAG_MAX_PEER_CONNECTIONS", "1024", parsing.integer(1, 1_000_000), "those of one address; beyond it: 429"),
    ]
    max_header_bytes: Annotated[
        int, Env("RAG_MAX_HEADER_BYTES", "32768", parsing.integer(1024, 2**20), "largest head of a request")
    ]
    max_headers: Annotated[
        int, Env("RAG_MAX_HEADERS", "100", parsing.integer(8, 10_000), "most header fields of a request")
    ]
    max_body_bytes: Annotated[
        int, Env("RAG_MAX_BODY_BYTES", "4194304", parsing.integer(1, 2**30), "largest body of what is no ingest")
    ]
    header_timeout_s: Annotated[
        float,
        Env("RAG_HEADER_TIMEOUT_SECONDS", "10", parsing.number(0.1, 600), "from first byte to whole head of a request"),
    ]
    stall_timeout_s: Annotated[
        float,
        Env(
            "RAG_STALL_TIMEOUT_SECONDS",
            "30",
            parsing.number(0.1, 3600),
            "longest silence within a body, and longest time in which a client takes nothing of its answer",
        ),
    ]
    idle_timeout_s: Annotated[
        float,
        Env("RAG_IDLE_TIMEOUT_SECONDS", "75", parsing.number(0.1, 3600), "time an open connection is kept unused"),
    ]
    max_upload_bytes: Annotated[
        int, Env("RAG_MAX_UPLOAD_BYTES", "67108864", parsing.integer(1, 2**40), "largest body of an ingest")
    ]
    max_documents: Annotated[
        int, Env("RAG_MAX_DOCUMENTS", "2000", parsing.integer(1, 1_000_000), "most documents in one ingest")
    ]
    max_chunks: Annotated[
        int, Env("RAG_MAX_CHUNKS", "500000", parsing.integer(1, 100_000_000), "most chunks in one docset")
    ]
    max_ingests: Annotated[
        int,
        Env("RAG_MAX_INGESTS", "8", parsing.integer(1, 1000), "changes of docsets taken at once; beyond it: 503"),
    ]
    max_text_bytes: Annotated[
        int,
        Env(
            "RAG_MAX_TEXT_BYTES",
            "67108864",
            parsing.integer(1, 2**40),
            "most text of one ingest once it is read, and most that a DOCX may unpack to",
        ),
    ]
    max_pages: Annotated[int, Env("RAG_MAX_PAGES", "5000", parsing.integer(1, 1_000_000), "most pages of a PDF")]
    readers: Annotated[int, Env("RAG_READERS", "2", parsing.integer(1, 64), "processes that read documents")]
    reader_cpu_s: Annotated[
        int, Env("RAG_READER_CPU_SECONDS", "20", parsing.integer(1, 3600), "CPU time to read one document")
    ]
    reader_memory_bytes: Annotated[
        int,
        Env("RAG_READER_MEMORY_BYTES", "536870912", parsing.integer(2**27, 2**40), "memory of a process that reads"),
    ]
    read_timeout_s: Annotated[
        float,
        Env("RAG_READ_TIMEOUT_SECONDS", "120", parsing.number(1, 86400), "time to read all of an ingest"),
    ]
    embed_timeout_s: Annotated[
        float,
        Env("RAG_EMBED_TIMEOUT_SECONDS", "1800", parsing.number(1, 86400), "time to embed all of an ingest"),
    ]
    token: Annotated[str | None, Env("RAG_TOKEN", "", parsing.text, "bearer token that ingest and delete ask for")] = (
        field(repr=False)
    )
    token_file: Annotated[str | None, Env("RAG_TOKEN_FILE", "", parsing.text, "file that holds RAG_TOKEN")]
    allow_urls: Annotated[bool, Env("RAG_ALLOW_URLS", "0", parsing.switch, "ingest may fetch public URLs")]
    url_max_bytes: Annotated[
        int, Env("RAG_URL_MAX_BYTES", "10485760", parsing.integer(1, 2**32), "largest page that is fetched")
    ]
    url_timeout_s: Annotated[
        float, Env("RAG_URL_TIMEOUT_SECONDS", "20", parsing.number(0.1, 600), "deadline of one fetch")
    ]
    log_level: Annotated[
        str,
        Env("RAG_LOG_LEVEL", "info", parsing.choice("debug", "info", "warning", "error"), "least level that is logged"),
    ]
    log_queries: Annotated[bool, Env("RAG_LOG_QUERIES", "0", parsing.switch, "log the text of queries")]
    tracing: Annotated[
        bool, Env("RAG_TRACING", "0", parsing.switch, "send a trace of each query by OTLP, where OTEL_* variables say")
    ]
    drain_delay_s: Annotated[
        float,
        Env(
            "RAG_DRAIN_DELAY_SECONDS",
            "0",
            parsing.number(0, 600),
            "after SIGTERM, time in which /readyz is 503 and queries are still taken",
        ),
    ]
    drain_s: Annotated[
        int,
        Env("RAG_DRAIN_SECONDS", "30", parsing.integer(1, 3600), "after that, time in which open streams may finish"),
    ]
    replica_id: Annotated[
        str,
        Env("RAG_REPLICA_ID", "", parsing.replica, "name of this replica; empty: host and a random part"),
    ]
    provider: Annotated[str | None, Env("RAG_PROVIDER", "", parsing.text, "provider, as /info and rag_info report it")]
    region: Annotated[str | None, Env("RAG_REGION", "", parsing.text, "region, as /info reports it")]
    backend_image_tag: Annotated[
        str | None, Env("BACKEND_IMAGE_TAG", "", parsing.image_tag, "this image or its tag; /info reports the tag")
    ]
    vllm_image_tag: Annotated[
        str | None, Env("VLLM_IMAGE_TAG", "", parsing.image_tag, "the LLM's image or its tag; /info reports the tag")
    ]
    vllm_version: Annotated[
        str | None, Env("VLLM_VERSION", "", parsing.text, "vLLM's version where /version does not tell")
    ]
    vllm_dtype: Annotated[str | None, Env("VLLM_DTYPE", "", parsing.text, "dtype of the model, as /info reports it")]
    vllm_revision: Annotated[
        str | None, Env("VLLM_REVISION", "", parsing.text, "commit or branch of the model, as /info reports it")
    ]
    vllm_tokenizer_revision: Annotated[
        str | None, Env("VLLM_TOKENIZER_REVISION", "", parsing.text, "the same of its tokenizer")
    ]
    vllm_gpu_memory_utilization: Annotated[
        float | None,
        Env("VLLM_GPU_MEMORY_UTILIZATION", "", parsing.optional_share, "share of the GPU's memory that vLLM may take"),
    ]
    vllm_quantization: Annotated[
        str | None, Env("VLLM_QUANTIZATION", "", parsing.text, "quantization of the model, as /info reports it")
    ]
    vllm_max_model_len: Annotated[
        int | None,
        Env("VLLM_MAX_MODEL_LEN", "", parsing.optional_integer, "context length where the LLM does not tell"),
    ]
    ray_version: Annotated[str | None, Env("RAY_VERSION", "", parsing.text, "Ray's version, as /info reports it")]
    bench_image: Annotated[
        str | None,
        Env("BENCH_IMAGE", "", parsing.image, "image of the suite; empty: no benchmarks"),
    ]
    bench_target_url: Annotated[
        str, Env("BENCH_TARGET_URL", "http://rag-backend", parsing.llm_url, "service that a benchmark measures")
    ]
    kube_namespace: Annotated[
        str | None, Env("KUBE_NAMESPACE", "", parsing.text, "namespace of benchmarks; empty: that of this pod")
    ]
    bench_ttl_s: Annotated[
        int, Env("BENCH_TTL_SECONDS", "86400", parsing.integer(0, 31_536_000), "time a Job is kept after its end")
    ]
    bench_keep: Annotated[
        int, Env("BENCH_KEEP", "20", parsing.integer(1, 1000), "ended benchmarks whose results are kept")
    ]
    bench_max_jobs: Annotated[
        int, Env("BENCH_MAX_JOBS", "1", parsing.integer(1, 100), "benchmarks that may run at once")
    ]
    bench_max_pods: Annotated[
        int, Env("BENCH_MAX_PODS", "8", parsing.integer(1, 100), "largest parallelism of a benchmark")
    ]
    bench_max_requests: Annotated[
        int, Env("BENCH_MAX_REQUESTS", "10000", parsing.integer(1, 10_000_000), "most requests of a benchmark")
    ]
    bench_max_concurrency: Annotated[
        int, Env("BENCH_MAX_CONCURRENCY", "256", parsing.integer(1, 100_000), "most requests in flight")
    ]
    bench_max_s: Annotated[
        int, Env("BENCH_MAX_SECONDS", "3600", parsing.integer(1, 86_400), "after it a benchmark is ended")
    ]

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Raises ConfigurationError that names the variable, its value and what is allowed."""
        variables = variables_of(cls)
        values = {field_name: read(environ, env) for field_name, env in variables.items()}
        for secret in _SECRETS:
            file = f"{secret}_file"
            values[secret] = values[secret] or secret_in(values[file], variables[file].name)
        settings = cls(**values)
        settings._check()
        return settings

    def _check(self) -> None:
        if self.qdrant_url:
            raise ConfigurationError(
                "QDRANT_URL is set, but this build stores vectors in FAISS under RAG_DATA_DIR, or in PostgreSQL "
                "(RAG_POSTGRES_URL): unset it"
            )
        if self.chunk_overlap * 2 > self.chunk_chars:
            raise ConfigurationError(
                f"RAG_CHUNK_OVERLAP: {self.chunk_overlap} is more than half of RAG_CHUNK_CHARS ({self.chunk_chars})"
            )
        if self.top_k > self.max_k:
            raise ConfigurationError(f"RAG_TOP_K: {self.top_k} is more than RAG_MAX_K ({self.max_k})")
        if self.rerank_url is not None and self.rerank_model is None:
            raise ConfigurationError("RAG_RERANK_MODEL: needed with RAG_RERANK_URL: it is part of what a run measures")

    @property
    def threads(self) -> int:
        return self.embed_threads or min(4, len(os.sched_getaffinity(0)))


def describe_settings() -> str:
    """One line for each setting: name, meaning, default."""
    variables = list(variables_of(Settings).values())
    width = max(len(env.name) for env in variables)
    return "\n".join(f"  {env.name:<{width}}  {env.meaning}{_default(env)}" for env in variables)


def _default(env: Env) -> str:
    return f" (default {env.default})" if env.default else ""
