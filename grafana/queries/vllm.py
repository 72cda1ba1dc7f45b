"""Metrics of vLLM, under the names of today or those before."""

from grafana.queries.promql import either, mean, quantile, rate, select, total

ITL = ("vllm:inter_token_latency_seconds", "vllm:time_per_output_token_seconds")


def running() -> str:
    return total(select("vllm:num_requests_running"))


def waiting() -> str:
    return total(select("vllm:num_requests_waiting"))


def kv_cache_ratio() -> str:
    """Of the fullest engine, 0..1 whatever the name says."""
    usage = either(*(select(name) for name in ("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc")))
    return f"max by (provider) ({usage})"


def prefix_hit_ratio() -> str:
    return f"{_prefix('hits')} / {_prefix('queries')}"


def _prefix(event: str) -> str:
    names = (f"vllm:prefix_cache_{event}_total", f"vllm:gpu_prefix_cache_{event}_total")
    return total(either(*(rate(name) for name in names)))


def preemptions_per_s() -> str:
    return total(rate("vllm:num_preemptions_total"))


def ttft(q: float) -> str:
    return quantile(q, "vllm:time_to_first_token_seconds")


def itl(q: float) -> str:
    return quantile(q, ITL)


def e2e(q: float) -> str:
    return quantile(q, "vllm:e2e_request_latency_seconds")


def phase_mean(phase: str) -> str:
    """phase: queue, prefill or decode. The mean, as the lowest bucket of these histograms ends at 0.3 s."""
    return mean(f"vllm:request_{phase}_time_seconds")


def prompt_tokens_per_s() -> str:
    return total(rate("vllm:prompt_tokens_total"))


def generation_tokens_per_s() -> str:
    return total(rate("vllm:generation_tokens_total"))


def finished_per_s() -> str:
    return total(rate("vllm:request_success_total"), "finished_reason")


def prompt_length(q: float) -> str:
    return quantile(q, "vllm:request_prompt_tokens")


def answer_length(q: float) -> str:
    return quantile(q, "vllm:request_generation_tokens")
