"""Metrics of the RAG backend."""

from grafana.config import BURN_WINDOWS, QUERIES, SERVER_FAULTS, SPAN, WINDOW, Slo
from grafana.queries.promql import mean, quantile, rate, select, total

QUERY_STAGES = 'stage=~"embedding|retrieval|lexical|rerank|inference|total"'
PARTS = 'stage=~"embedding|retrieval|lexical|rerank|inference"'


def requests_per_s() -> str:
    return total(rate("rag_requests_total"), "endpoint")


def queries_per_s(window: str = WINDOW) -> str:
    return total(rate("rag_requests_total", QUERIES, window=window))


def error_ratio(window: str = WINDOW) -> str:
    """Failed by the service's fault. A provider without a failed query has no error series, and a ratio of 0."""
    failed = total(rate("rag_errors_total", QUERIES, SERVER_FAULTS, window=window))
    asked = queries_per_s(window)
    return f"({failed} or 0 * {asked}) / {asked}"


def errors_per_s() -> str:
    """Of the types that occur: the backend has a series for each of a hundred that might."""
    return f"{total(rate('rag_errors_total'), 'endpoint', 'type')} > 0"


def ttft(q: float, window: str = WINDOW) -> str:
    return quantile(q, "rag_ttft_seconds", window=window)


def tpot(q: float, window: str = WINDOW) -> str:
    return quantile(q, "rag_tpot_seconds", window=window)


def latency(q: float, window: str = WINDOW) -> str:
    return quantile(q, "rag_latency_seconds", 'stage="total"', window=window)


def stage_latency(q: float) -> str:
    return quantile(q, "rag_latency_seconds", QUERY_STAGES, labels=("stage",))


def stage_mean() -> str:
    return mean("rag_latency_seconds", PARTS, labels=("stage",))


def ingest_latency(q: float) -> str:
    return quantile(q, "rag_latency_seconds", 'stage="ingest"')


def stream_speed(q: float) -> str:
    return quantile(q, "rag_tokens_per_second")


def output_tokens_per_s(window: str = WINDOW) -> str:
    return total(rate("rag_tokens_total", window=window))


def reasoning_tokens_per_s() -> str:
    return total(rate("rag_reasoning_tokens_total"))


def prompt_tokens_per_s() -> str:
    return total(rate("rag_prompt_tokens_total"))


def chunks_retrieved() -> str:
    return mean("rag_k_retrieved")


def inflight() -> str:
    return total(select("rag_inflight_requests"))


def idle_ratio(window: str = SPAN) -> str:
    """The share of the time at which no query was being served, by the scrapes."""
    return f"avg_over_time(({inflight()} == bool 0)[{window}:])"


def burn_rate(slo: Slo, window: str = BURN_WINDOWS[2]) -> str:
    """1 uses up the error budget in exactly 30 days."""
    bad = select(f"provider:slo_bad:ratio_rate{window}", f'slo="{slo.name}"')
    return f"{bad} / {slo.budget_ratio}"


def running() -> str:
    return select("rag_info")


def memory() -> str:
    """Of the backend's processes: other targets expose the same metric, but no rag_info."""
    resident = select("process_resident_memory_bytes")
    return f"{resident} and on (provider, instance) {running()}"


def cpu() -> str:
    return f"{rate('process_cpu_seconds_total')} and on (provider, instance) {running()}"
