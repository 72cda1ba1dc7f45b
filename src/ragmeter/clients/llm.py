"""What an OpenAI-compatible LLM server says of itself."""

from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

TIMEOUT_S = 5
cache_config = "vllm:cache_config_info"
cache_labels = {"prefix_caching": "enable_prefix_caching", "kv_cache_dtype": "cache_dtype"}


def llm_facts(url: str) -> dict[str, Any]:
    """Metadata by field name of `RunMetadata`, from /v1/models, /version and /metrics.

    url: with or without ``/v1``. What the server does not tell is left out; nothing is raised.
    """
    with httpx.Client(base_url=url.removesuffix("/v1"), timeout=TIMEOUT_S) as client:
        model: dict[str, Any] = next(iter(_json(client, "/v1/models").get("data") or ()), {})
        facts = {
            "model_id": model.get("id"),
            "llm_engine": model.get("owned_by"),
            "max_model_len": model.get("max_model_len"),
            "vllm_version": _json(client, "/version").get("version"),
            **_cache_facts(client),
        }
    return {name: value for name, value in facts.items() if value is not None}


def _cache_facts(client: httpx.Client) -> dict[str, str]:
    response = _get(client, "/metrics")
    if response is None:
        return {}
    try:
        families = list(text_string_to_metric_families(response.text))
    except ValueError:
        return {}
    samples = [sample for family in families for sample in family.samples if sample.name == cache_config]
    found = samples[0].labels if samples else {}
    return {name: found[label] for name, label in cache_labels.items() if label in found}


def _json(client: httpx.Client, path: str) -> dict[str, Any]:
    response = _get(client, path)
    try:
        document = response.json() if response is not None else None
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _get(client: httpx.Client, path: str) -> httpx.Response | None:
    try:
        response = client.get(path)
    except httpx.HTTPError:
        return None
    return response if response.is_success else None
