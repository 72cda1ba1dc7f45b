"""What an OpenAI-compatible LLM server, and Ray where it runs the service, say of themselves."""

from typing import Any

import httpx

from ragmeter.clients.answers.told import as_count, as_text
from ragmeter.clients.observe.page import NoMetrics, samples_of
from ragmeter.core.figures.observe.families import BLOCK_CONFIG

cache_labels = {"prefix_caching": "enable_prefix_caching", "kv_cache_dtype": "cache_dtype"}


MODELS_PATH = "/v1/models"


def llm_facts(client: httpx.Client, *, model_id: str | None = None, models_path: str = MODELS_PATH) -> dict[str, Any]:
    """Metadata by field name of `RunMetadata`, from the list of models, /version and /metrics.

    model_id: the model that is asked for, of a server that has several; else the first it lists. What the server does
    not tell is left out; nothing is raised.
    """
    model = _model(_json(client, models_path).get("data"), model_id)
    facts = {
        "model_id": as_text(model.get("id")),
        "llm_engine": as_text(model.get("owned_by")),
        "max_model_len": as_count(model.get("max_model_len")),
        "vllm_version": as_text(_json(client, "/version").get("version")),
        **_cache_facts(client),
    }
    return {name: value for name, value in facts.items() if value is not None}


def ray_facts(client: httpx.Client) -> dict[str, Any]:
    """Metadata by field name, from /api/version of Ray's dashboard. What does not answer says nothing."""
    version = as_text(_json(client, "/api/version").get("ray_version"))
    return {} if version is None else {"ray_version": version}


def _model(listed: Any, model_id: str | None) -> dict[str, Any]:
    models = [model for model in listed if isinstance(model, dict)] if isinstance(listed, list) else []
    wanted = [model for model in models if model.get("id") == model_id]
    return next(iter([*wanted, *models]), {})


def _cache_facts(client: httpx.Client) -> dict[str, str]:
    response = _get(client, "/metrics")
    if response is None:
        return {}
    try:
        samples = samples_of(response.text, buckets=False)
    except NoMetrics:
        return {}
    found = next((sample.labels for sample in samples if sample.name == BLOCK_CONFIG), {})
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
