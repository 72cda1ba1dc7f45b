"""Metrics that the servers tell of themselves while a load runs: see `ragmeter.core.figures.observe`."""

from typing import Final, Literal

from ragmeter.core.requests.metric import Better, Metric, phase

_READ: Final = "The values are of readings a second apart: what came and went between two of them is not in it."
_BUCKETS: Final = (
    "By the server's histogram, over its requests of the phase, those of others included: a percentile is known "
    "between the bounds of its bucket, and there is no minimum or maximum."
)


def _observed(
    kind: Literal["gauge", "histogram"],
    name: str,
    label: str,
    unit: str,
    better: Better | None,
    definition: str,
    short: str | None = None,
) -> Metric:
    is_gauge = kind == "gauge"
    return Metric(
        name=name,
        label=label,
        unit=unit,
        better=better,
        kind=kind,
        interval="none" if is_gauge else "buckets",
        formula="of the readings of the phase" if is_gauge else "growth of the server's histogram over the phase",
        definition=f"{definition} {_READ if is_gauge else _BUCKETS}",
        source="the servers' metrics pages",
        short=short,
    )


def _phase(name: str, label: str, unit: str, better: Better, formula: str, definition: str, short: str) -> Metric:
    return phase(name, label, unit, better, formula, definition, source="the servers' metrics pages", short=short)


OF_SERVERS: Final = (
    _observed(
        "gauge",
        "llm_running",
        "Running requests of the LLM",
        "requests",
        None,
        "Requests that the LLM servers work on, of all replicas together.",
        "LLM running",
    ),
    _observed(
        "gauge",
        "llm_waiting",
        "Waiting requests of the LLM",
        "requests",
        "lower",
        "Requests in the queues of the LLM servers, of all replicas together.",
        "LLM waiting",
    ),
    _observed(
        "gauge",
        "kv_cache_usage_ratio",
        "KV cache in use",
        "ratio",
        "lower",
        "Share of the KV cache that is in use, of the fullest engine at each moment.",
        "KV in use",
    ),
    _observed(
        "gauge",
        "service_running",
        "Running requests of the service",
        "requests",
        None,
        "Queries that the RAG service works on, of all replicas together.",
        "service running",
    ),
    _observed("histogram", "llm_queue_ms", "LLM queue", "ms", "lower", "Wait in the queue of the LLM server."),
    _observed("histogram", "llm_prefill_ms", "LLM prefill", "ms", "lower", "Prefill of a prompt in the LLM server."),
    _observed(
        "histogram",
        "llm_ttft_ms",
        "TTFT by the LLM",
        "ms",
        "lower",
        "From the arrival of a request at the LLM server to its first token.",
    ),
    _observed("histogram", "llm_decode_ms", "LLM decode", "ms", "lower", "Decode of an answer in the LLM server."),
    _observed(
        "histogram",
        "llm_batch_tokens",
        "Batch of the LLM",
        "tokens",
        None,
        "Tokens of one step of the LLM's engine, which are its batch.",
    ),
    _phase(
        "prefix_hit_ratio",
        "Prefix cache hits",
        "ratio",
        "higher",
        "tokens found in the prefix cache / tokens looked up",
        "By the counters of the LLM servers, over all trials and replicas, requests of others included.",
        "prefix hits",
    ),
    _phase(
        "llm_prompt_tokens_per_s",
        "Prompt throughput of the LLM",
        "tokens/s",
        "higher",
        "growth of the counter of prompt tokens / seconds between its readings",
        "Prompt tokens as the LLM servers count them, those from the prefix cache included.",
        "LLM prompt throughput",
    ),
    _phase(
        "llm_output_tokens_per_s",
        "Output throughput of the LLM",
        "tokens/s",
        "higher",
        "growth of the counter of generated tokens / seconds between its readings",
        "Output tokens as the LLM servers count them: of failed and foreign requests, too.",
        "LLM output throughput",
    ),
    phase(
        "preemptions",
        "Preemptions",
        "requests",
        "lower",
        "growth of the counter of preemptions",
        "Requests that lost their place in the batch for want of KV cache, of all trials and replicas.",
        kind="count",
        source="the servers' metrics pages",
    ),
)
