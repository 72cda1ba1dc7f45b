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
    with control_client(provider) as client:
        where = f"{provider.path}: {provider.base_url}"
        if target == "openai":
            return _expect(client.get, "/v1/models", where)
        if _answer(client.get, "/readyz", where).status_code == NOT_FOUND:
            return _expect(client.get, "/healthz", where)
        return _expect(client.get, "/readyz", where)


def control_client(provider: Provider) -> httpx.Client:
    """The client of control calls, where the clock does not matter. Raises TargetError for a bad ``ca_file``."""
    try:
        verify = ssl.create_default_context(cafile=provider.ca_file)
    except OSError as error:
        raise TargetError(f"{provider.path}: $.ca_file: {provider.ca_file}: {error.strerror or error}") from error
    return httpx.Client(
        base_url=str(provider.base_url), headers=dict(provider.headers), timeout=TIMEOUT_S, verify=verify
    )


def _expect(get: Any, path: str, where: str) -> None:
    response = _answer(get, path, where)
    if not response.is_success:
        raise TargetError(f"{where}{path}: HTTP {response.status_code}: {response.text[:200].strip()}")


def _answer(get: Any, path: str, where: str) -> httpx.Response:
    try:
        response: httpx.Response = get(path)
    except httpx.TimeoutException as error:
        raise TargetError(f"{where}{path}: no answer within {TIMEOUT_S} s") from error
    except httpx.HTTPError as error:
        raise TargetError(f"{where}{path}: cannot be reached: {error or type(error).__name__}") from error
    return response


def metadata_sources(provider: Provider, workload: Workload, *, environment: Mapping[str, str]) -> list[Source]:
    """Ask everybody who may know, the most trustworthy first; see `ragmeter.core.metadata.merge`.

    Raises TargetError when /info or the kube context of the provider file does not work.
    """
    llm_url = provider.base_url if workload.target == "openai" else provider.llm_url
    return [
        Source(origin="this run", values=_run_facts(provider, workload)),
        Source(origin="backend /info", values=_info(provider, workload.docset) if workload.target == "rag" else {}),
        Source(origin="LLM", values=llm_facts(llm_url) if llm_url else {}),
        Source(origin="Kubernetes", values=cluster_facts(provider.kube_context) if provider.kube_context else {}),
        environment_source(environment),
        Source(origin=provider.path, values=provider.declared),
    ]


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
    with control_client(provider) as client:
        response = _answer(client.get, "/info", f"{provider.path}: {provider.base_url}")
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
