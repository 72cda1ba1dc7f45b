"""How a run marks its requests, so that the caches of the service keep them apart."""

import secrets
from collections.abc import Sequence

from ragmeter.core.inputs.cache import CacheState, MarkBy
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.run.metadata import RunMetadata, Source
from ragmeter.core.schedule.plan import Marking


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
