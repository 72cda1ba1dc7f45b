"""Run metadata: every field, who may know it, and what happens when two disagree. Pure: sources are passed in.

Values are observed, when what runs said them of itself, or declared, when somebody typed them: into a provider file, an
environment variable, a manifest. A declared value counts where nothing was observed, and is never believed against it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final


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
    model_revision: str | None = None
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
    vector_store_version: str | None = None
    index_type: str | None = None
    index_parameters: str | None = None
    retrieval_mode: str | None = None
    candidates: int | None = None
    reranker: str | None = None
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
    proxy: str | None = None
    branch: str | None = None
    commit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What one source says. Unknown fields and None are ignored."""

    origin: str
    values: Mapping[str, Any]
    declared: bool = False

    @property
    def label(self) -> str:
        """The origin as a result states it."""
        return f"{DECLARED}{self.origin}" if self.declared else self.origin


DECLARED: Final = "declared in "
"""How the origin of a declared value begins."""


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
    "branch": ("RAG_BRANCH", "GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME"),
    "commit": ("RAG_COMMIT", "GITHUB_SHA", "CI_COMMIT_SHA"),
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
    return Source(origin="the environment", values=found, declared=True)


def declared_fields(origins: Mapping[str, str | None]) -> list[str]:
    """The fields of which a result knows only what somebody typed. origins: see `merge`."""
    return [name for name, label in origins.items() if label is not None and label.startswith(DECLARED)]


def relayed(origin: str, values: Mapping[str, Any], origins: Mapping[str, str | None]) -> tuple[Source, Source]:
    """What another run recorded, as ``origin``: what it observed, and what it was only told."""
    told = declared_fields(origins)
    return (
        Source(origin=origin, values={name: value for name, value in values.items() if name not in told}),
        Source(origin=origin, values={name: value for name, value in values.items() if name in told}, declared=True),
    )


def merge(sources: Sequence[Source]) -> tuple[RunMetadata, dict[str, str | None], tuple[str, ...]]:
    """The metadata, the origin of each field, and a warning for each disagreement.

    sources: the most trustworthy first; those that declare come after those that observed, wherever they stand.
    """
    ranked = sorted(sources, key=lambda source: source.declared)
    values: dict[str, Any] = {}
    origins: dict[str, str | None] = {}
    warnings = []
    for name in (field.name for field in fields(RunMetadata)):
        said = [(source, source.values[name]) for source in ranked if source.values.get(name) is not None]
        origins[name], values[name] = (said[0][0].label, said[0][1]) if said else (None, None)
        warnings += [_disagreement(name, said[0], other) for other in said[1:] if not agree(name, said[0][1], other[1])]
    return RunMetadata(**values), origins, tuple(warnings)


def agree(name: str, seen: Any, said: Any) -> bool:
    """Whether two values of a field are one. A price list names a GPU otherwise than its driver does, and a cluster has
    more types of node than the one that a provider file declares.
    """
    if seen == said:
        return True
    if name == "gpu_model":
        wanted = _words(said)
        return any(model <= wanted or wanted <= model for model in map(_words, str(seen).split(", ")))
    return name in _LISTED and isinstance(seen, str) and str(said) in seen.split(", ")


_LISTED: Final = frozenset({"zone", "node_instance_type"})
"""Fields of which a cluster may have several values, joined with a comma."""


def _words(model: Any) -> frozenset[str]:
    """Of ``NVIDIA-RTX-4000-Ada-Generation`` and of ``NVIDIA RTX 4000 Ada 20 GB``: nvidia, rtx, 4000, ada."""
    without_memory = re.sub(r"\b\d+ ?gi?b\b|generation", "", str(model).lower())
    return frozenset(re.findall(r"[a-z0-9]+", without_memory))


def _disagreement(name: str, first: tuple[Source, Any], other: tuple[Source, Any]) -> str:
    (believed, value), (source, said) = first, other
    if believed.declared:
        return f"{name}: {value!r} is {believed.label}, {said!r} in {source.origin}; the first is recorded"
    if source.declared:
        return f"{name}: {said!r} is {source.label}, but {believed.origin} says {value!r}, which is recorded"
    return f"{name}: {believed.origin} says {value!r}, {source.origin} says {said!r}; the first is recorded"


def _kind(name: str) -> type:
    return int if "int" in str(RunMetadata.__annotations__[name]) else str
