"""What a workload declares of the caches of the service: the state that its figures are of."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, TypeAlias

from ragmeter.core.errors import ConfigError

MarkBy: TypeAlias = Literal["cache_salt", "nonce"]
"""How a request is kept apart from others in a cache of prompts: a field of its body, or text ahead of its prompt."""


class CacheState(StrEnum):
    """What a measured request finds in a cache.

    COLD: nothing of its prompt: each request is marked as one that nobody asked before. WARM: all of it: every question
    is asked once before it is measured. NATURAL: what the questions of the workload, in their order, leave there.
    """

    COLD = "cold"
    WARM = "warm"
    NATURAL = "natural"


UNDECLARED = "undeclared"
"""The state of a workload that declares none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredCaches:
    """kv: of the cache of prompts (prefixes, keys and values) of the LLM, and of a cache of whole answers ahead of it,
    which cannot be in another state. by: how requests are marked; None leaves it to what the service is known to take.
    """

    kv: CacheState
    by: MarkBy | None = None


def caches_from(effective: Mapping[str, Any], where: str, *, takes_salt: bool = True) -> DeclaredCaches | None:
    """Of a manifest that fits its schema; None where it declares nothing. Raises ConfigError for states that cannot be
    made together. takes_salt: whether the requests have a place for a ``cache_salt``.
    """
    written = effective.get("cache")
    if written is None:
        return None
    kv = CacheState(written["kv"])
    answers = CacheState(written.get("answers", kv))
    if answers is not kv:
        raise ConfigError(
            f"{where}: $.cache.answers: {answers.value!r} cannot be made beside $.cache.kv {kv.value!r}: the mark of a "
            "request and the asking before it reach both caches; write the same state, or leave it out"
        )
    if "by" in written and kv is not CacheState.COLD:
        raise ConfigError(f"{where}: $.cache.by: {written['by']!r} has no meaning with $.cache.kv {kv.value!r}")
    if written.get("by") == "cache_salt" and not takes_salt:
        raise ConfigError(
            f"{where}: $.cache.by: 'cache_salt' has no meaning with a target of your own whose description has no "
            "{cache_salt}; write it where the service takes it, or write 'nonce'"
        )
    body = effective.get("model", {}).get("body", {})
    if kv is CacheState.COLD and "cache_salt" in body:
        raise ConfigError(
            f"{where}: $.model.body.cache_salt: {body['cache_salt']!r} is the same in each request, and $.cache.kv "
            "'cold' needs another one in each"
        )
    return DeclaredCaches(kv=kv, by=written.get("by"))


def state_of(declared: DeclaredCaches | None) -> str:
    """In one word, for the identity of a run."""
    return UNDECLARED if declared is None else declared.kv.value
