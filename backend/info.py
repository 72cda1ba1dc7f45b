"""What /info reports: versions and settings, for the metadata of a run. null is what nobody knows."""

from __future__ import annotations

import platform
from typing import Any

import faiss
import onnxruntime

from . import __version__
from .errors import LlmError
from .llm import Llm
from .prompt import TEMPLATE_HASH
from .service import Service
from .settings import Settings


async def collect_info(service: Service) -> dict[str, Any]:
    settings = service.settings
    llm = await ask_llm(service.llm)
    return {
        "backend_version": __version__,
        "backend_image_tag": settings.backend_image_tag,
        "replica_id": settings.replica_id,
        "provider": settings.provider,
        "region": settings.region,
        "model_id": service.llm.model_id,
        "dtype": settings.vllm_dtype,
        "quantization": settings.vllm_quantization or llm["quantization"],
        "max_model_len": llm["max_model_len"] or settings.vllm_max_model_len,
        "vllm_version": (llm["version"] if llm["engine"] == "vllm" else None) or settings.vllm_version,
        "vllm_image_tag": settings.vllm_image_tag,
        "ray_version": settings.ray_version,
        "llm": llm,
        "embedding_model_id": service.embedder.model_id,
        "embedding_dimension": service.embedder.dimension,
        "embedding_sha256": service.embedder.sha256,
        "vector_store": "faiss",
        "index": {"type": settings.index_type, "parameters": service.store.recipe.index_parameters},
        "chunking": {"chars": settings.chunk_chars, "overlap": settings.chunk_overlap},
        "docsets": _docsets(service),
        "k": settings.top_k,
        "max_tokens": settings.vllm_max_tokens,
        "context_max_chars": settings.context_max_chars,
        "prompt_template_hash": TEMPLATE_HASH,
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


def _docsets(service: Service) -> dict[str, dict[str, Any]]:
    return {
        snapshot.docset: {
            "documents": len(snapshot.documents),
            "chunks": len(snapshot.chunks),
            "generation": snapshot.generation,
            "hash": snapshot.docset_hash,
        }
        for snapshot in service.store.snapshots()
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
    """What the LLM says about itself: vLLM through /v1/models and /version, llama.cpp through /v1/models and /props."""
    described: dict[str, Any] = {
        "base_url": llm.base_url, "engine": None, "version": None, "max_model_len": None, "quantization": None,
        "model": None, "error": None,
    }  # fmt: skip
    try:
        models = await llm.models()
    except LlmError as error:
        return {**described, "error": str(error)}
    model = next((entry for entry in models if entry.get("id") == llm.requested_model), models[0])
    described["engine"] = model.get("owned_by")
    described["model"] = {key: model.get(key) for key in ("root", "created", "meta") if model.get(key) is not None}
    meta = model.get("meta") or {}
    described["max_model_len"] = model.get("max_model_len") or meta.get("n_ctx")
    described["quantization"] = meta.get("ftype")
    described["version"] = await _ask(llm, "/version", "version")
    if described["version"] is None:
        described["version"] = await _ask(llm, "/props", "build_info")
    return described


async def _ask(llm: Llm, path: str, key: str) -> str | None:
    try:
        value = (await llm.get_json(path)).get(key)
    except LlmError:
        return None  # not every engine has it; what is missing is null in the report
    return None if value is None else str(value)
