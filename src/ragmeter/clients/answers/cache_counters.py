"""What an LLM server's metrics page says of its cache of prompts, in the names of vLLM, SGLang and llama.cpp."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from ragmeter.core.requests.cache_counts import CacheCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counters:
    """asked: counters whose sum is all tokens of prompts. hit: those that were found. made: tokens of answers."""

    source: str
    asked: tuple[str, ...]
    hit: str
    made: str


_VLLM_MADE = "vllm:generation_tokens_total"
_KNOWN = (
    _Counters(
        source="vLLM",
        asked=("vllm:prefix_cache_queries_total",),
        hit="vllm:prefix_cache_hits_total",
        made=_VLLM_MADE,
    ),
    _Counters(
        source="vLLM",
        asked=("vllm:gpu_prefix_cache_queries_total",),
        hit="vllm:gpu_prefix_cache_hits_total",
        made=_VLLM_MADE,
    ),
    _Counters(
        source="SGLang",
        asked=("sglang:prompt_tokens_total",),
        hit="sglang:cached_tokens_total",
        made="sglang:generation_tokens_total",
    ),
    _Counters(
        source="llama.cpp",
        asked=("llamacpp:prompt_tokens_total", "llamacpp:prompt_tokens_cached_total"),
        hit="llamacpp:prompt_tokens_cached_total",
        made="llamacpp:tokens_predicted_total",
    ),
)
_VLLM_CONFIG = "vllm:cache_config_info"


def cache_counts_in(page: str, *, model_id: str | None = None) -> CacheCounts | None:
    """Of a metrics page in Prometheus text; None where it has no such counters or is no such text.

    model_id: of a server with several models, whose counters are meant.
    """
    try:
        samples = [sample for family in text_string_to_metric_families(page) for sample in family.samples]
    except ValueError:
        return None
    for known in _KNOWN:
        found = {name: _total(samples, name, model_id) for name in {*known.asked, known.hit}}
        values = {name: value for name, value in found.items() if value is not None}
        if len(values) == len(found):
            return CacheCounts(
                source=known.source,
                asked_tokens=sum(values[name] for name in known.asked),
                hit_tokens=values[known.hit],
                block_tokens=_block_tokens(samples),
                made_tokens=_total(samples, known.made, model_id),
            )
    return None


def _total(samples: Iterable[Sample], name: str, model_id: str | None) -> float | None:
    """Over all engines; of the model, where some are of it."""
    named = [sample for sample in samples if sample.name == name]
    of_model = [sample for sample in named if sample.labels.get("model_name") == model_id]
    values = [sample.value for sample in of_model or named]
    return sum(values) if values and all(0 <= value < 2**53 for value in values) else None


def _block_tokens(samples: Iterable[Sample]) -> int | None:
    labels: Mapping[str, str] = next((each.labels for each in samples if each.name == _VLLM_CONFIG), {})
    size = labels.get("block_size", "")
    return int(size) if size.isascii() and size.isdecimal() and 0 < int(size) < 2**16 else None
