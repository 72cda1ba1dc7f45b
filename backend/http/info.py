"""What /info reports: versions and settings, for the metadata of a run. null is what nobody knows.

What the LLM and this process say of themselves is observed; what the environment states is declared. A declared value
is reported where nothing was observed, and named in ``unconfirmed``. ``declared`` holds all of them, so that a reader
sees the ones that are wrong.
"""

from __future__ import annotations

import asyncio
import math
import platform
import re
import sys
from typing import Any

import faiss
import onnxruntime
from prometheus_client.parser import text_string_to_metric_families

from .. import __version__
from ..errors import LlmError
from ..llm.client import Llm
from ..llm.models import shown_name
from ..query.prompt import TEMPLATE_HASH
from ..retrieval.store import Store
from ..service import Service
from ..settings import Settings
from ..strict_json import printable

_MAX_VERSION_CHARS = 100


async def collect_info(service: Service) -> dict[str, Any]:
    settings = service.settings
    llm = await ask_llm(service.llm)
    return {
        "backend_version": __version__,
        "replica_id": settings.replica_id,
        **stated(observed(llm), declared(settings)),
        "llm": llm,
        "embedding_model_id": service.embedder.model_id,
        "embedding_dimension": service.embedder.dimension,
        "embedding_sha256": service.embedder.sha256,
        "vector_store": service.store.identity.name,
        "vector_store_version": service.store.identity.version,
        "index": {"type": settings.index_type, "parameters": service.store.recipe.index_parameters},
        "chunking": {"chars": settings.chunk_chars, "overlap": settings.chunk_overlap},
        "docsets": await asyncio.to_thread(_docsets, service.store),
        "k": settings.top_k,
        "retrieval": {
            "mode": settings.retrieval_mode,
            "candidates": settings.candidates,
            "rerank": settings.rerank,
            "reranker": service.pipeline.reranker.identity.text,
        },
        "max_tokens": settings.vllm_max_tokens,
        "context_max_chars": settings.context_max_chars,
        "prompt_template_hash": TEMPLATE_HASH,
        "takes_cache_salt": True,
        "sampling": {
            "temperature": settings.vllm_temperature,
            "top_p": settings.vllm_top_p,
            "extra_body": settings.vllm_extra_body,
        },
        "limits": _limits(settings),
        "runtime": {
            "python": platform.python_version(),
            "faiss": faiss.__version__,
            "onnxruntime": onnxruntime.__version__,
            "embed_threads": settings.threads,
        },
    }


def observed(llm: dict[str, Any]) -> dict[str, Any]:
    """What runs, as it says itself. Of Ray only a process that it has loaded itself into can tell: a replica of Ray
    Serve.
    """
    return {
        "model_id": None if llm["id"] is None else shown_name(llm["id"]),
        "quantization": llm["quantization"],
        "max_model_len": llm["max_model_len"],
        "vllm_version": llm["version"] if llm["engine"] == "vllm" else None,
        "prefix_caching": llm["prefix_caching"],
        "kv_cache_dtype": llm["kv_cache_dtype"],
        "gpu_memory_utilization": _share(llm["gpu_memory_utilization"]),
        "ray_version": getattr(sys.modules.get("ray"), "__version__", None),
    }


def _share(text: str | None) -> float | None:
    try:
        share = math.nan if text is None else float(text)
    except ValueError:
        return None  # vLLM writes None
    return share if 0 <= share <= 1 else None


def declared(settings: Settings) -> dict[str, Any]:
    """What somebody wrote into the environment."""
    return {
        "provider": settings.provider,
        "region": settings.region,
        "backend_image_tag": settings.backend_image_tag,
        "vllm_image_tag": settings.vllm_image_tag,
        "model_id": None if settings.vllm_model is None else shown_name(settings.vllm_model),
        "model_revision": settings.vllm_revision,
        "tokenizer_revision": settings.vllm_tokenizer_revision,
        "dtype": settings.vllm_dtype,
        "quantization": settings.vllm_quantization,
        "max_model_len": settings.vllm_max_model_len,
        "gpu_memory_utilization": settings.vllm_gpu_memory_utilization,
        "vllm_version": settings.vllm_version,
        "ray_version": settings.ray_version,
    }


def stated(seen: dict[str, Any], written: dict[str, Any]) -> dict[str, Any]:
    """Each field once, what was seen before what was written; ``declared`` and ``unconfirmed`` beside them."""
    known = {name: value for name, value in seen.items() if value is not None}
    claims = {name: value for name, value in written.items() if value is not None}
    unconfirmed = [name for name in claims if name not in known]
    return {**dict.fromkeys((*seen, *written)), **claims, **known, "declared": claims, "unconfirmed": unconfirmed}


def _docsets(store: Store) -> dict[str, dict[str, Any]]:
    return {
        docset.name: {
            "documents": docset.documents,
            "chunks": docset.chunks,
            "generation": docset.generation,
            "hash": docset.hash,
        }
        for docset in store.docsets()
    }


def _limits(settings: Settings) -> dict[str, float | int]:
    return {
        "max_inflight": settings.max_inflight,
        "max_queue": settings.max_queue,
        "max_k": settings.max_k,
        "request_timeout_s": settings.request_timeout_s,
        "llm_silence_timeout_s": settings.vllm_timeout_s,
    }


async def ask_llm(llm: Llm) -> dict[str, Any]:
    """What the LLM says about itself: vLLM through /v1/models, /version and /metrics, llama.cpp through /v1/models and
    /props.
    """
    described: dict[str, Any] = {
        "base_url": llm.base_url, "engine": None, "id": None, "version": None, "max_model_len": None,
        "quantization": None, "model": None, "error": None, **dict.fromkeys(_CACHE_FACTS),
    }  # fmt: skip
    try:
        models = await llm.models()
    except LlmError as error:
        return {**described, "error": str(error)}
    model = models[0]
    described["engine"] = model.engine
    described["id"] = model.id
    described["model"] = model.details
    described["max_model_len"] = model.max_model_len
    described["quantization"] = model.quantization
    described["version"] = await _ask(llm, "/version", "version")
    if described["version"] is None:
        described["version"] = await _ask(llm, "/props", "build_info")
    return {**described, **await _cache_facts(llm)}


_CACHE_FACTS = {
    "prefix_caching": "enable_prefix_caching",
    "kv_cache_dtype": "cache_dtype",
    "gpu_memory_utilization": "gpu_memory_utilization",
}
"""Name in /info: label of vLLM's metric vllm:cache_config_info."""


async def _cache_facts(llm: Llm) -> dict[str, str]:
    """How vLLM was started, as its metrics tell; nothing of another engine."""
    try:
        page = (await llm.get("/metrics")).decode("utf-8", "replace")
    except LlmError:
        return {}
    found = re.search(r"^vllm:cache_config_info\{.*$", page, re.MULTILINE)
    labels = _labels(found[0]) if found else {}
    return {name: labels[label] for name, label in _CACHE_FACTS.items() if label in labels}


def _labels(line: str) -> dict[str, str]:
    """Of one sample in Prometheus text; none where it is no such text."""
    try:
        return next((sample.labels for family in text_string_to_metric_families(line) for sample in family.samples), {})
    except ValueError:
        return {}


async def _ask(llm: Llm, path: str, key: str) -> str | None:
    try:
        value = (await llm.get_json(path)).get(key)
    except LlmError:
        return None  # not every engine has it; what is missing is null in the report
    return printable(value[:_MAX_VERSION_CHARS]) if isinstance(value, str) else None
