"""The measured system before the load: is it there, is it ready, and what does it say of itself?"""

import os
import platform
import ssl
from collections.abc import Mapping
from typing import Any

import httpx

from ragmeter.clients.kube import cluster_facts
from ragmeter.clients.llm import llm_facts
from ragmeter.core.errors import TargetError
from ragmeter.core.metadata import RunMetadata, Source, environment_source
from ragmeter.core.provider import Provider
from ragmeter.core.workload import Workload

TIMEOUT_S = 10
NOT_FOUND = 404


def reach(provider: Provider, target: str) -> None:
    """Return when the service is ready. Raises TargetError with file, URL and reason.

    target: ``rag`` asks /readyz (/healthz of a backend without it), ``openai`` asks /v1/models.
    """
    with _client_of(provider) as client:
        if target == "openai":
            return _check_success(_answer(client, "/v1/models", provider), provider)
        response = _answer(client, "/readyz", provider)
        if response.status_code == NOT_FOUND:
            response = _answer(client, "/healthz", provider)
        return _check_success(response, provider)


def _client_of(provider: Provider) -> httpx.Client:
    """For control calls to the service, where the clock does not matter. Raises TargetError for a bad ``ca_file``."""
    return _client(provider, str(provider.base_url), provider.headers)


def _client(provider: Provider, url: str, headers: Mapping[str, str]) -> httpx.Client:
    """Like the load client it obeys no proxy variables. A final /v1, as OpenAI clients write it, is left out."""
    try:
        verify = ssl.create_default_context(cafile=provider.ca_file)
    except OSError as error:
        raise TargetError(f"{provider.path}: $.ca_file: {provider.ca_file}: {error.strerror or error}") from error
    return httpx.Client(
        base_url=url.removesuffix("/v1"), headers=dict(headers), timeout=TIMEOUT_S, verify=verify, trust_env=False
    )


def _check_success(response: httpx.Response, provider: Provider) -> None:
    if not response.is_success:
        said = response.text[:200].strip()
        raise TargetError(f"{provider.path}: {response.url}: HTTP {response.status_code}: {said}")


def _answer(client: httpx.Client, path: str, provider: Provider) -> httpx.Response:
    where = f"{provider.path}: {provider.base_url}"
    try:
        response = client.get(path)
    except httpx.TimeoutException as error:
        raise TargetError(f"{where}{path}: no answer within {TIMEOUT_S} s") from error
    except httpx.HTTPError as error:
        raise TargetError(f"{where}{path}: cannot be reached: {error or type(error).__name__}") from error
    return response


def metadata_sources(provider: Provider, workload: Workload, *, environment: Mapping[str, str]) -> list[Source]:
    """Ask everybody who may know, the most trustworthy first; see `ragmeter.core.metadata.merge`.

    Raises TargetError when /info or the kube context of the provider file does not work.
    """
    return [
        Source(origin="this run", values=_run_facts(provider, workload)),
        Source(origin="backend /info", values=_info(provider, workload.docset) if workload.target == "rag" else {}),
        Source(origin="LLM", values=_llm(provider, workload)),
        Source(origin="Kubernetes", values=cluster_facts(provider.kube_context) if provider.kube_context else {}),
        environment_source(environment),
        Source(origin=provider.path, values=provider.declared),
    ]


def _llm(provider: Provider, workload: Workload) -> dict[str, Any]:
    """The service itself with target openai, else the LLM behind it; the service's headers go to the service alone."""
    if workload.target == "openai":
        client = _client_of(provider)
    elif provider.llm_url is not None:
        client = _client(provider, provider.llm_url, {})
    else:
        return {}
    with client:
        return llm_facts(client, model_id=workload.model_id)


def _run_facts(provider: Provider, workload: Workload) -> dict[str, Any]:
    rag = workload.target == "rag"
    return {
        "provider": provider.name,
        "k": workload.k if rag else None,
        "docset": workload.docset if rag else None,
        "dataset": workload.manifest.get("prompts_file"),
        "max_output_tokens": workload.max_output_tokens,
        "cost_config_path": provider.path if provider.cost else None,
        "client_host": platform.platform(),
        "client_python": platform.python_version(),
        "client_cpus": os.cpu_count(),
    }


def _info(provider: Provider, docset: str) -> dict[str, Any]:
    """GET /info; a backend without it (the predecessor's) says nothing. Raises TargetError."""
    with _client_of(provider) as client:
        response = _answer(client, "/info", provider)
    if response.status_code == NOT_FOUND:
        return {}
    try:
        document = response.json()
    except ValueError:
        document = None
    if not response.is_success or not isinstance(document, dict):
        raise TargetError(f"{provider.path}: {provider.base_url}/info: HTTP {response.status_code}, not a JSON object")
    return {**document, **info_facts(document, docset)}


def info_facts(info: Mapping[str, Any], docset: str) -> dict[str, Any]:
    """The fields of `RunMetadata` that /info has under other names, or deeper."""

    def part(*path: str) -> Any:
        found: Any = info
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        return found

    return {
        "llm_engine": part("llm", "engine"),
        "index_type": part("index", "type"),
        "chunk_chars": part("chunking", "chars"),
        "chunk_overlap": part("chunking", "overlap"),
        "docset_hash": part("docsets", docset, "hash"),
        "documents": part("docsets", docset, "documents"),
        "chunks": part("docsets", docset, "chunks"),
    }


def check_identity(workload: Workload, metadata: RunMetadata, provider: Provider) -> None:
    """Raises TargetError when the service runs another model or dtype than the manifest demands."""
    for key, wanted, found in (
        ("model_id", workload.model_id, metadata.model_id),
        ("dtype", workload.dtype, metadata.dtype),
    ):
        if wanted is not None and found is not None and wanted != found:
            raise TargetError(
                f"{workload.path}: $.model.{key}: the manifest demands {wanted!r}, {provider.name} runs {found!r}"
            )
