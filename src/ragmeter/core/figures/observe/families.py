"""What each server calls what it tells, over its versions: one row for each quantity, its names from new to old.

vLLM 0.6 to 0.32, SGLang, TGI, llama.cpp, Triton with TensorRT-LLM, trtllm-serve, and the RAG backend. Ollama tells
nothing of the kind. A rate that a server has averaged since its start is none of these: it is not of the load.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_MS_PER_S: Final = 1e3


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One metric of a page, without the suffix ``_total``. labels: those by which it is told from its siblings."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A kind of server. rows: by quantity, alternatives from new to old; what stands in one of them is added up."""

    name: str
    rows: Mapping[str, tuple[tuple[Series, ...], ...]]


def _named(*names: str, factor: float = 1.0) -> tuple[tuple[Series, ...], ...]:
    return tuple((Series(name=name, factor=factor),) for name in names)


def _labelled(name: str, label: str, *values: str) -> tuple[tuple[Series, ...], ...]:
    return tuple((Series(name=name, labels={label: value}),) for value in values)


def _seconds(*names: str) -> tuple[tuple[Series, ...], ...]:
    return _named(*names, factor=_MS_PER_S)


_STARTED: Final = {"started_s": _named("process_start_time_seconds")}

VLLM: Final = Family(
    name="vLLM",
    rows={
        "llm_running": _named("vllm:num_requests_running"),
        "llm_waiting": _named("vllm:num_requests_waiting"),
        "kv_cache_usage_ratio": _named("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"),
        "prompt_tokens": _named("vllm:prompt_tokens"),
        "generation_tokens": _named("vllm:generation_tokens"),
        "prefix_asked_tokens": _named("vllm:prefix_cache_queries", "vllm:gpu_prefix_cache_queries"),
        "prefix_hit_tokens": _named("vllm:prefix_cache_hits", "vllm:gpu_prefix_cache_hits"),
        "preemptions": _named("vllm:num_preemptions"),
        "llm_queue_ms": _seconds("vllm:request_queue_time_seconds", "vllm:time_in_queue_requests"),
        "llm_prefill_ms": _seconds("vllm:request_prefill_time_seconds"),
        "llm_ttft_ms": _seconds("vllm:time_to_first_token_seconds"),
        "llm_decode_ms": _seconds("vllm:request_decode_time_seconds"),
        "llm_batch_tokens": _named("vllm:iteration_tokens_total"),
        **_STARTED,
    },
)
SGLANG: Final = Family(
    name="SGLang",
    rows={
        "llm_running": _named("sglang:num_running_reqs"),
        "llm_waiting": _named("sglang:num_queue_reqs"),
        "kv_cache_usage_ratio": _named("sglang:token_usage"),
        "prompt_tokens": _named("sglang:prompt_tokens"),
        "generation_tokens": _named("sglang:generation_tokens"),
        "prefix_asked_tokens": _named("sglang:prompt_tokens"),
        "prefix_hit_tokens": _named("sglang:cached_tokens"),
        "preemptions": _named("sglang:num_retracted_requests"),
        "llm_queue_ms": _seconds("sglang:queue_time_seconds"),
        "llm_ttft_ms": _seconds("sglang:time_to_first_token_seconds"),
        **_STARTED,
    },
)
TGI: Final = Family(
    name="TGI",
    rows={
        "llm_running": _named("tgi_batch_current_size"),
        "llm_waiting": _named("tgi_queue_size"),
        "prompt_tokens": _named("tgi_request_input_length_sum"),
        "generation_tokens": _named("tgi_request_generated_tokens_sum"),
        "llm_queue_ms": _seconds("tgi_request_queue_duration"),
    },
)
_LLAMA_CACHED: Final = Series(name="llamacpp:prompt_tokens_cached")
_LLAMA_COMPUTED: Final = Series(name="llamacpp:prompt_tokens")
LLAMA_CPP: Final = Family(
    name="llama.cpp",
    rows={
        "llm_running": _named("llamacpp:requests_processing"),
        "llm_waiting": _named("llamacpp:requests_deferred"),
        "kv_cache_usage_ratio": _named("llamacpp:kv_cache_usage_ratio"),
        "prompt_tokens": ((_LLAMA_COMPUTED, _LLAMA_CACHED),),
        "generation_tokens": _named("llamacpp:tokens_predicted"),
        "prefix_asked_tokens": ((_LLAMA_COMPUTED, _LLAMA_CACHED),),
        "prefix_hit_tokens": ((_LLAMA_CACHED,),),
    },
)
TRITON: Final = Family(
    name="Triton",
    rows={
        "llm_running": _labelled("nv_trt_llm_request_metrics", "request_type", "scheduled", "active"),
        "llm_waiting": _labelled("nv_trt_llm_request_metrics", "request_type", "waiting"),
        "kv_cache_usage_ratio": _labelled("nv_trt_llm_kv_cache_block_metrics", "kv_cache_block_type", "fraction"),
    },
)
TRTLLM_SERVE: Final = Family(
    name="trtllm-serve",
    rows={
        "llm_running": _named("trtllm_num_requests_running"),
        "llm_waiting": _named("trtllm_num_requests_waiting"),
        "kv_cache_usage_ratio": _named("trtllm_kv_cache_utilization"),
        "llm_queue_ms": _seconds("trtllm_request_queue_time_seconds"),
        "llm_ttft_ms": _seconds("trtllm_time_to_first_token_seconds"),
        **_STARTED,
    },
)
BACKEND: Final = Family(
    name="RAG backend",
    rows={
        "service_running": _named("rag_inflight_requests"),
        **_STARTED,
    },
)

FAMILIES: Final = (VLLM, SGLANG, LLAMA_CPP, TGI, TRITON, TRTLLM_SERVE, BACKEND)
BLOCK_CONFIG: Final = "vllm:cache_config_info"
"""Of vLLM: its labels tell how the cache of prompts is set up."""
