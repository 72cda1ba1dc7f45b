"""Run metadata: every field, who may know it, and what happens when two disagree. Pure: sources are passed in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMetadata:
    """What ran where: the document ``run-metadata.v1``. None: nobody knows."""

    provider: str | None = None
    region: str | None = None
    zone: str | None = None
    cluster_label: str | None = None
    node_instance_type: str | None = None
    node_count: int | None = None
    kubernetes_version: str | None = None
    gpu_model: str | None = None
    gpu_count: int | None = None
    ray_version: str | None = None
    vllm_version: str | None = None
    llm_engine: str | None = None
    model_id: str | None = None
    dtype: str | None = None
    quantization: str | None = None
    max_model_len: int | None = None
    prefix_caching: str | None = None
    kv_cache_dtype: str | None = None
    backend_version: str | None = None
    backend_image_tag: str | None = None
    frontend_image_tag: str | None = None
    vllm_image_tag: str | None = None
    embedding_model_id: str | None = None
    embedding_dimension: int | None = None
    vector_store: str | None = None
    index_type: str | None = None
    chunk_chars: int | None = None
    chunk_overlap: int | None = None
    docset: str | None = None
    docset_hash: str | None = None
    documents: int | None = None
    chunks: int | None = None
    prompt_template_hash: str | None = None
    context_max_chars: int | None = None
    dataset: str | None = None
    k: int | None = None
    max_output_tokens: int | None = None
    timestamp: str | None = None
    cost_config_path: str | None = None
    netprobe_ew_path: str | None = None
    backend_nodes: str | None = None
    llm_nodes: str | None = None
    client_host: str | None = None
    client_python: str | None = None
    client_cpus: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What one source says. Unknown fields and None are ignored."""

    origin: str
    values: Mapping[str, Any]


environment_names: Mapping[str, tuple[str, ...]] = {
    "region": ("RAG_REGION", "REGION"),
    "cluster_label": ("CLUSTER_LABEL", "CLUSTER_NAME"),
    "node_instance_type": ("NODE_INSTANCE_TYPE",),
    "gpu_model": ("GPU_MODEL",),
    "gpu_count": ("GPU_COUNT",),
    "ray_version": ("RAY_VERSION",),
    "vllm_version": ("VLLM_VERSION",),
    "model_id": ("VLLM_MODEL", "MODEL_ID"),
    "dtype": ("VLLM_DTYPE",),
    "quantization": ("VLLM_QUANTIZATION",),
    "max_model_len": ("VLLM_MAX_MODEL_LEN",),
    "backend_image_tag": ("BACKEND_IMAGE_TAG",),
    "frontend_image_tag": ("FRONTEND_IMAGE_TAG",),
    "vllm_image_tag": ("VLLM_IMAGE_TAG",),
}
"""Environment variables that state a field, the first one set wins."""


def environment_source(environment: Mapping[str, str]) -> Source:
    """What the environment states. A count that is not a number is ignored."""
    found: dict[str, Any] = {}
    for name, variables in environment_names.items():
        value = next((environment[variable] for variable in variables if environment.get(variable)), None)
        if value is not None and _kind(name) is int:
            found[name] = int(value) if value.isdecimal() else None
        elif value is not None:
            found[name] = value
    return Source(origin="environment", values=found)


def merge(sources: Sequence[Source]) -> tuple[RunMetadata, dict[str, str | None], tuple[str, ...]]:
    """The metadata, the origin of each field, and a warning for each disagreement.

    sources: the most trustworthy first: what the running system says of itself wins over what a file claims.
    """
    values: dict[str, Any] = {}
    origins: dict[str, str | None] = {}
    warnings = []
    for name in (field.name for field in fields(RunMetadata)):
        said = [(source.origin, source.values[name]) for source in sources if source.values.get(name) is not None]
        origins[name], values[name] = said[0] if said else (None, None)
        warnings += [
            f"{name}: {said[0][0]} says {said[0][1]!r}, {origin} says {value!r}; the first is recorded"
            for origin, value in said[1:]
            if value != said[0][1]
        ]
    return RunMetadata(**values), origins, tuple(warnings)


def _kind(name: str) -> type:
    return int if "int" in str(RunMetadata.__annotations__[name]) else str
