"""The measured system before the load: is it there, is it ready, and what does it say of itself?"""

import os
import platform
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from ragmeter.clients.answers.llm import MODELS_PATH, llm_facts, ray_facts
from ragmeter.clients.answers.told import READ_CHARS, excerpt
from ragmeter.clients.connection.control import reaching
from ragmeter.clients.connection.tls_files import HTTP_1, HTTP_2
from ragmeter.clients.kube.facts import cluster_facts, image_facts
from ragmeter.clients.tokens.held import authorized
from ragmeter.core.errors import ConfigError, TargetError
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.run.metadata import RunMetadata, Source, environment_source
from ragmeter.core.urls import unused_proxy
from ragmeter.run.plan.refusals import credentials_hint, of_scheme, said_of, wants_tls, with_tls

TIMEOUT_S = 10
NOT_FOUND = 404
OF_EACH_REQUEST = ("k", "docset", "max_output_tokens", "dataset")
"""Fields that every request of a run states. What a service has under these names is its default for others."""


def reach(provider: Provider, workload: Workload) -> None:
    """Return when the service is ready. Raises TargetError with file, URL and reason.

    Target ``rag`` asks /readyz (/healthz of a backend without it), ``openai`` asks /v1/models. A described target asks
    what its description says; where that says nothing, any HTTP answer will do.
    """
    provider = authorized(provider)
    with client_of(provider) as client:
        if workload.described is not None:
            return _reach_described(client, workload.described.ready, provider)
        if workload.target == "openai":
            return _check_success(_answer(client, MODELS_PATH, provider), provider)
        response = _answer(client, "/readyz", provider)
        if response.status_code == NOT_FOUND:
            response = _answer(client, "/healthz", provider)
        return _check_success(response, provider)


def _reach_described(client: httpx.Client, ready: str | None, provider: Provider) -> None:
    if ready == "none":
        return
    response = _answer(client, ready or "/", provider)
    if ready is not None:
        _check_success(response, provider)


def client_of(provider: Provider) -> httpx.Client:
    """For control calls to the service, where the clock does not matter. Raises TargetError for a bad file of TLS."""
    return _client(provider, str(provider.base_url), authorized(provider).headers, http2=provider.http2)


def _client(provider: Provider, url: str, headers: Mapping[str, str], *, http2: bool = False) -> httpx.Client:
    """It takes the way that the load takes. A final /v1, as OpenAI clients write it, is left out."""
    try:
        way = reaching(url, tls=provider.tls, proxies=provider.proxies, protocols=HTTP_2 if http2 else HTTP_1)
    except ConfigError as error:
        raise TargetError(f"{provider.path}: {error}") from error
    return httpx.Client(base_url=url.removesuffix("/v1"), headers=dict(headers), timeout=TIMEOUT_S, **way)


def _check_success(response: httpx.Response, provider: Provider) -> None:
    if not response.is_success:
        said = excerpt(provider.secrets.mask(response.text[:READ_CHARS]))
        if wants_tls(response.content):
            raise TargetError(f"{provider.path}: {provider.base_url}: {with_tls(str(provider.base_url))}")
        hint = credentials_hint(response.status_code, provider)
        raise TargetError(f"{provider.path}: {response.url}: HTTP {response.status_code}: {said}{hint}")


def _answer(client: httpx.Client, path: str, provider: Provider) -> httpx.Response:
    where = f"{provider.path}: {provider.base_url}"
    try:
        response = client.get(path)
    except httpx.TimeoutException as error:
        raise TargetError(f"{where}{path}: no answer within {TIMEOUT_S} s") from error
    except httpx.HTTPError as error:
        via, hint = by_proxy(provider), hint_of_proxy(provider)
        if not via and (words := of_scheme(error, str(provider.base_url))):
            raise TargetError(f"{where}: {provider.secrets.mask(words)}{hint}") from None
        said = provider.secrets.mask(said_of(error))
        raise TargetError(f"{where}{path}: cannot be reached{via}: {said}{hint}") from None
    return response


def by_proxy(provider: Provider) -> str:
    """For a message that the service cannot be reached: through whom; empty without a proxy."""
    via = provider.proxies.to(str(provider.base_url))
    return "" if via is None else f" through the proxy {via}"


def hint_of_proxy(provider: Provider) -> str:
    """For the end of that message; see `unused_proxy`."""
    url = str(provider.base_url)
    return "" if provider.proxies.to(url) else unused_proxy(urlsplit(url).scheme, os.environ)


def metadata_sources(provider: Provider, workload: Workload, *, environment: Mapping[str, str]) -> list[Source]:
    """Ask everybody who may know, the most trustworthy first; see `ragmeter.core.run.metadata.merge`.

    Raises TargetError when /info or the kube context of the provider file does not work.
    """
    provider = authorized(provider)
    info = _info(provider) if workload.target == "rag" else {}
    return [
        Source(origin="this run", values=_run_facts(provider, workload)),
        Source(origin="backend /info", values=observed_info(info, workload)),
        Source(origin="LLM", values=provider.secrets.mask_all(_llm(provider, workload))),
        Source(origin="Ray", values=provider.secrets.mask_all(_ray(provider))),
        Source(origin="Kubernetes", values=kubernetes_facts(provider)),
        Source(origin="the backend's environment", values=declared_info(info), declared=True),
        environment_source(environment),
        Source(origin=provider.path, values=provider.declared, declared=True),
    ]


def kubernetes_facts(provider: Provider) -> dict[str, Any]:
    """Of the nodes, and of the pods where the provider's context may list them. Raises ClusterError."""
    if provider.kube_context is None:
        return {}
    images = image_facts(provider.kube_context, provider.service_namespace, provider.netprobe.service_pods)
    return {**cluster_facts(provider.kube_context), **images}


def llm_client(provider: Provider, workload: Workload) -> httpx.Client | None:
    """To the service itself where it lists models, else to the LLM behind it, where its address is known; the service's
    headers go to itself alone. Raises TargetError for a bad file of TLS.
    """
    if workload.target == "openai" or (workload.described is not None and workload.described.models is not None):
        return client_of(provider)
    return None if provider.llm_url is None else _client(provider, provider.llm_url, {})


def _llm(provider: Provider, workload: Workload) -> dict[str, Any]:
    models = workload.described.models if workload.described else None
    client = llm_client(provider, workload)
    if client is None:
        return {}
    with client:
        return llm_facts(client, model_id=workload.model_id, models_path=models or MODELS_PATH)


def _ray(provider: Provider) -> dict[str, Any]:
    """What the dashboard of a Ray cluster says of it; nothing without ``ray_url``."""
    if provider.ray_url is None:
        return {}
    with _client(provider, provider.ray_url, {}) as client:
        return ray_facts(client)


def _run_facts(provider: Provider, workload: Workload) -> dict[str, Any]:
    via = provider.proxies.to(str(provider.base_url))
    asked = workload.described.uses if workload.described else ("k", "docset") if workload.target == "rag" else ()
    return {
        "provider": provider.name,
        "k": workload.k if "k" in asked else None,
        "docset": workload.docset if "docset" in asked else None,
        "retrieval_mode": workload.retrieval_mode,
        "dataset": workload.manifest.get("prompts_file"),
        "max_output_tokens": workload.max_output_tokens,
        "cost_config_path": provider.path if provider.cost else None,
        "client_host": platform.platform(),
        "client_python": platform.python_version(),
        "client_cpus": os.cpu_count(),
        "proxy": via and str(via),
    }


def _info(provider: Provider) -> dict[str, Any]:
    """GET /info; a backend without it (the predecessor's) says nothing. Raises TargetError."""
    with client_of(provider) as client:
        response = _answer(client, "/info", provider)
    if response.status_code == NOT_FOUND:
        return {}
    try:
        document = response.json()
    except ValueError:
        document = None
    if not response.is_success or not isinstance(document, dict):
        raise TargetError(f"{provider.path}: {provider.base_url}/info: HTTP {response.status_code}, not a JSON object")
    return dict(provider.secrets.mask_all(document))


def observed_info(info: Mapping[str, Any], workload: Workload) -> dict[str, Any]:
    """The fields of `RunMetadata` that /info tells of what runs: not those that are only declared to the backend, and
    not its defaults, which each request replaces.
    """
    untold = {*OF_EACH_REQUEST, *_names(info.get("unconfirmed"))}
    if workload.retrieval_mode is not None:
        untold.add("retrieval_mode")
    told = {**info, **_deeper(info, workload.docset), **_searched(info, workload)}
    return {name: value for name, value in told.items() if name not in untold}


def declared_info(info: Mapping[str, Any]) -> dict[str, Any]:
    """What the backend's environment states, right or wrong. The name of the provider is this run's."""
    declared = info.get("declared")
    known = declared if isinstance(declared, dict) else {}
    return {name: value for name, value in known.items() if name != "provider"}


def _names(listed: Any) -> list[str]:
    return [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []


def _deeper(info: Mapping[str, Any], docset: str) -> dict[str, Any]:
    """What /info has under other names than `RunMetadata`, or deeper."""

    def part(*path: str) -> Any:
        found: Any = info
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        return found

    return {
        "llm_engine": part("llm", "engine"),
        "index_type": part("index", "type"),
        "index_parameters": _written(part("index", "parameters")),
        "retrieval_mode": part("retrieval", "mode"),
        "chunk_chars": part("chunking", "chars"),
        "chunk_overlap": part("chunking", "overlap"),
        "docset_hash": part("docsets", docset, "hash"),
        "documents": part("docsets", docset, "documents"),
        "chunks": part("docsets", docset, "chunks"),
    }


def _searched(info: Mapping[str, Any], workload: Workload) -> dict[str, Any]:
    """How this run's requests are searched: by what they say, else by the service's defaults. Nothing of a service that
    does not tell.
    """
    defaults = info.get("retrieval")
    if not isinstance(defaults, dict):
        return {}
    reranks = defaults.get("rerank") if workload.rerank is None else workload.rerank
    candidates = defaults.get("candidates") if workload.candidates is None else workload.candidates
    mode = workload.retrieval_mode or defaults.get("mode")
    return {
        "reranker": None if reranks is None else defaults.get("reranker") if reranks else "none",
        "candidates": candidates if reranks or mode == "hybrid" else None,
    }


def _written(parameters: Any) -> str | None:
    """As one text, so that two runs are compared by it: ``M=32 efSearch=128 metric=inner_product``."""
    if not isinstance(parameters, dict):
        return None
    return " ".join(f"{name}={value}" for name, value in sorted(parameters.items()))


def _is_same(wanted: str, found: str) -> bool:
    """A name without a tag is that of the newest, as engines that have tags take it."""
    return found in {wanted, f"{wanted}:latest"}


def check_identity(workload: Workload, metadata: RunMetadata, provider: Provider) -> None:
    """Raises TargetError when the service runs another model or dtype than the manifest demands."""
    for key, wanted, found in (
        ("model_id", workload.model_id, metadata.model_id),
        ("dtype", workload.dtype, metadata.dtype),
    ):
        if wanted is not None and found is not None and not _is_same(wanted, found):
            raise TargetError(
                f"{workload.path}: $.model.{key}: the manifest demands {wanted!r}, {provider.name} runs {found!r}"
            )
