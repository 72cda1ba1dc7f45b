"""The counters of the LLM's cache of prompts, read between the phases of a load; and how a run marks its requests."""

import secrets
from collections.abc import Callable, Sequence

import httpx

from ragmeter.clients.answers.cache_counters import cache_counts_in
from ragmeter.core.errors import TargetError
from ragmeter.core.inputs.cache import CacheState, MarkBy
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.requests.cache_counts import CacheCounts
from ragmeter.core.run.metadata import RunMetadata, Source
from ragmeter.core.schedule.plan import Marking
from ragmeter.run.plan.target import llm_client

READ_S = 3.0
MAX_BYTES = 8 * 2**20
"""A metrics page that is longer is none of an LLM server's."""


def cache_counters(provider: Provider, workload: Workload) -> Callable[[], CacheCounts | None]:
    """Reads them at each call, and once at this one; when they could not be read, they are not asked for again."""
    is_there = _read(provider, workload) is not None

    def read() -> CacheCounts | None:
        nonlocal is_there
        found = _read(provider, workload) if is_there else None
        is_there = found is not None
        return found

    return read


def _read(provider: Provider, workload: Workload) -> CacheCounts | None:
    try:
        client = llm_client(provider, workload)
        if client is None:
            return None
        with client, client.stream("GET", "/metrics", timeout=READ_S) as response:
            page = bytearray()
            for piece in response.iter_bytes():
                page += piece
                if len(page) > MAX_BYTES:
                    return None
    except (httpx.HTTPError, TargetError):
        return None
    if not response.is_success:
        return None
    return cache_counts_in(page.decode("utf-8", "replace"), model_id=workload.model_id)


def marking_of(
    workload: Workload, metadata: RunMetadata, sources: Sequence[Source], *, apart: bool = False
) -> Marking | None:
    """How the requests of a run are marked; None where the workload does not ask for it.

    apart: a run that takes turns with others in other cache states gets a mark that all of its requests share.

    A field is sent where the service is known to take it: vLLM, a service that says so under /info, or one whose
    description has a place for it. Strict servers refuse a field that they do not know.
    """
    caches = workload.caches
    is_cold = caches is not None and caches.kv is CacheState.COLD
    if not is_cold and not apart:
        return None
    by = (caches.by if caches is not None else None) or _known_mark(workload, metadata, sources)
    return Marking(by=by, shared=None if is_cold else secrets.token_hex(8))


def _known_mark(workload: Workload, metadata: RunMetadata, sources: Sequence[Source]) -> MarkBy:
    if workload.described is not None:
        return "cache_salt" if "cache_salt" in workload.described.uses else "nonce"
    if workload.target == "openai":
        return "cache_salt" if metadata.llm_engine == "vllm" else "nonce"
    takes_it = any(source.values.get("takes_cache_salt") is True for source in sources)
    return "cache_salt" if takes_it else "nonce"
