"""The LLM server."""

from grafana.boards.board import Board
from grafana.panels import Panel, Query, Unit
from grafana.queries import vllm


def vllm_board() -> Board:
    return Board(
        uid="ragmeter-vllm",
        title="vLLM",
        about="Queue, cache, latency and tokens of vLLM. Metrics that were renamed are found under both names.",
        providers_of="vllm:num_requests_running",
        rows=(("Queue and cache", _queue()), ("Latency", _latency()), ("Tokens", _tokens())),
    )


def _queue() -> tuple[Panel, ...]:
    return (
        Panel(
            title="Requests in the engine",
            about="Waiting requests mean that the batch or the cache is full.",
            unit=Unit.COUNT,
            queries=[
                Query(expr=vllm.running(), legend="running {{provider}}"),
                Query(expr=vllm.waiting(), legend="waiting {{provider}}"),
            ],
        ),
        Panel(
            title="KV cache in use",
            about="Of the fullest engine. Near 1, requests wait or are preempted.",
            unit=Unit.RATIO,
            queries=[Query(expr=vllm.kv_cache_ratio(), legend="{{provider}}")],
        ),
        Panel(
            title="Prefix cache hits",
            about="Share of the prompt tokens looked up that were found.",
            unit=Unit.RATIO,
            queries=[Query(expr=vllm.prefix_hit_ratio(), legend="{{provider}}")],
        ),
        Panel(
            title="Preemptions",
            about="Requests thrown out of the batch for want of cache, to be computed again.",
            unit=Unit.PER_S,
            queries=[Query(expr=vllm.preemptions_per_s(), legend="{{provider}}")],
            width=12,
        ),
        Panel(
            title="Finished requests",
            about="By the reason for the end: stop, length, abort, error.",
            unit=Unit.REQUESTS_PER_S,
            queries=[Query(expr=vllm.finished_per_s(), legend="{{finished_reason}} {{provider}}")],
            width=12,
        ),
    )


def _latency() -> tuple[Panel, ...]:
    quantiles = ((0.5, "p50"), (0.95, "p95"))
    phases = ("queue", "prefill", "decode")
    return (
        Panel(
            title="Time to first token",
            about="From the arrival at vLLM.",
            unit=Unit.SECONDS,
            queries=[Query(expr=vllm.ttft(q), legend=f"{name} {{{{provider}}}}") for q, name in quantiles],
            width=6,
        ),
        Panel(
            title="Inter-token latency",
            about="Between two tokens of a request.",
            unit=Unit.SECONDS,
            queries=[Query(expr=vllm.itl(q), legend=f"{name} {{{{provider}}}}") for q, name in quantiles],
            width=6,
        ),
        Panel(
            title="Latency of requests",
            about="From the arrival at vLLM to the last token.",
            unit=Unit.SECONDS,
            queries=[Query(expr=vllm.e2e(q), legend=f"{name} {{{{provider}}}}") for q, name in quantiles],
            width=6,
        ),
        Panel(
            title="Mean time by phase",
            about="Means, as vLLM's lowest bucket for these ends at 0.3 s.",
            unit=Unit.SECONDS,
            queries=[Query(expr=vllm.phase_mean(phase), legend=f"{phase} {{{{provider}}}}") for phase in phases],
            width=6,
        ),
    )


def _tokens() -> tuple[Panel, ...]:
    return (
        Panel(
            title="Tokens",
            about="Prompt tokens processed, output tokens made.",
            unit=Unit.TOKENS_PER_S,
            queries=[
                Query(expr=vllm.prompt_tokens_per_s(), legend="prompt {{provider}}"),
                Query(expr=vllm.generation_tokens_per_s(), legend="output {{provider}}"),
            ],
            width=12,
        ),
        Panel(
            title="Tokens per request, p95",
            about="Lengths of prompts and answers.",
            unit=Unit.COUNT,
            queries=[
                Query(expr=vllm.prompt_length(0.95), legend="prompt {{provider}}"),
                Query(expr=vllm.answer_length(0.95), legend="output {{provider}}"),
            ],
            width=12,
        ),
    )
