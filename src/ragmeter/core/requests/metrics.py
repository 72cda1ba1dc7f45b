"""The table of every metric: its unit, which way is better, its formula and where the definition comes from.

``METRICS`` is what SLO expressions are checked against; the metric reference and the formulas in a result are made
from it. The symbols of the formulas are those of `ragmeter.core.requests.measures`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from ragmeter.core.requests import measures
from ragmeter.core.requests.metric import Metric, adjusted, length, per_request, phase, stage
from ragmeter.core.requests.quality_metrics import OF_ANSWERS, OF_RETRIEVAL
from ragmeter.core.requests.server_metrics import OF_SERVERS
from ragmeter.core.requests.vantage_metrics import OF_VANTAGE

DEFINITIONS_VERSION = "3"
"""Changes whenever a formula changes: results of different versions are not compared."""

_LATENCIES = (
    per_request(
        "ttft_ms",
        "Time to first token",
        measures.ttft_ms,
        "t_F - t_send",
        "Time to first token: from the first byte sent to the first non-empty answer text. A role-only chunk, a list "
        "of sources or the connection set-up is not in it.",
        "OpenTelemetry gen_ai.client.operation.time_to_first_chunk",
        short="TTFT",
        prometheus="ragmeter_ttft_seconds",
    ),
    per_request(
        "ttft_any_ms",
        "Time to first token of any kind",
        measures.ttft_any_ms,
        "t_A - t_send",
        "Time to the first token of any kind: reasoning text counts, which ttft_ms leaves out. The same as ttft_ms "
        "where a model does not show its reasoning.",
        "vLLM ttft",
    ),
    per_request(
        "ttft_scheduled_ms",
        "Time to first token since the scheduled start",
        measures.ttft_scheduled_ms,
        "t_F - t_sched",
        "Time to first token from the moment the schedule wanted the request sent: holds the wait that coordinated "
        "omission hides, and the connection set-up.",
        "wrk2; guidellm#1048",
    ),
    per_request(
        "e2e_ms",
        "End-to-end latency",
        measures.e2e_ms,
        "t_E - t_send",
        "End-to-end latency: until the stream has ended.",
        "inference-perf request_latency",
        short="e2e",
        prometheus="ragmeter_e2e_seconds",
    ),
    per_request(
        "e2e_scheduled_ms",
        "End-to-end latency since the scheduled start",
        measures.e2e_scheduled_ms,
        "t_E - t_sched",
        "End-to-end latency from the scheduled moment.",
        "wrk2",
    ),
    per_request(
        "tpot_ms",
        "Time per output token",
        measures.tpot_ms,
        "(t_L - t_F) / (N - R - n_F)",
        "Time per output token after the first event. R are the reasoning tokens, which came before the text: by the "
        "usage block, by the events that carried them, or where each event held one token. Unknown when nobody tells "
        "R, with N - R <= n_F, and when all text came at one moment. n_F is 1 where the server does not say how many "
        "tokens an event carries. Without a usage block N is the number of events with text, and this is the mean gap "
        "between events. Not guidellm's TPOT, which holds the TTFT.",
        "inference-perf, vLLM, SGLang, MLPerf: (t_L - t_F) / (N - 1)",
        short="TPOT",
        prometheus="ragmeter_tpot_seconds",
    ),
    Metric(
        name="itl_ms",
        label="Inter-token latency",
        unit="ms",
        better="lower",
        kind="pooled",
        interval="requests as clusters",
        formula="t_i - t_(i-1) of successive text events, pooled over requests",
        definition="Inter-token latency as a reader sees it: one event may carry several tokens, so this is not the "
        "decode speed. The unit of its intervals is a request.",
        source="vLLM itl",
        short="ITL",
        prometheus="ragmeter_itl_seconds",
    ),
    per_request(
        "max_gap_ms",
        "Longest gap",
        measures.max_gap_ms,
        "max(t_i - t_(i-1))",
        "The longest wait between two text events of a request.",
        "arXiv 2507.09019",
    ),
    per_request(
        "stall_ratio",
        "Stalled share",
        measures.stall_ratio,
        "sum of gaps > 5 * median gap, / (t_L - t_F)",
        "Share of a stream's time spent in stalls. Gaps of 0 do not count for the median; unknown below two others.",
        "arXiv 2507.09019",
        unit="ratio",
    ),
    per_request(
        "connect_ms",
        "Connection set-up",
        measures.connect_ms,
        "DNS + TCP + TLS",
        "Set-up of a new connection; unknown for requests on a kept one.",
        short="connect",
    ),
    per_request(
        "time_to_first_source_ms",
        "Time to first source",
        measures.time_to_first_source_ms,
        "t_meta - t_send",
        "Until the list of retrieved passages arrived.",
    ),
    adjusted("ttft_ms", "Time to first token", measures.ttft_ms),
    adjusted("ttft_scheduled_ms", "Time to first token since the scheduled start", measures.ttft_scheduled_ms),
    adjusted("e2e_ms", "End-to-end latency", measures.e2e_ms),
    adjusted("e2e_scheduled_ms", "End-to-end latency since the scheduled start", measures.e2e_scheduled_ms),
)

_STAGES = (
    stage("queue_ms", "Backend queue", "Wait in the backend before work on the request began, as the backend says."),
    stage("embedding_ms", "Embedding", "Embedding of the question, as the backend says."),
    stage("retrieval_ms", "Retrieval", "Search in the vector store, as the backend says."),
    stage(
        "inference_ttft_ms",
        "LLM (queue and prefill)",
        "Until the LLM's first token at the backend: its queue and prefill.",
    ),
)

_STREAMS = (
    per_request(
        "tokens_per_s",
        "Decode speed",
        measures.tokens_per_s,
        "(N - R - n_F) / (t_L - t_F)",
        "Decode speed of one stream, 1000 / tpot_ms.",
        unit="tokens/s",
        better="higher",
    ),
    per_request(
        "e2e_tokens_per_s",
        "Tokens per second of a request",
        measures.e2e_tokens_per_s,
        "N / (t_E - t_send)",
        "What one reader gets per second, the wait for the first token included. Its mean is avg_tokens_per_sec.",
        unit="tokens/s",
        better="higher",
    ),
    length(
        "output_tokens",
        "Output tokens",
        measures.output_tokens,
        "Length of the answer; without a usage block the number of its events with text.",
    ),
    length(
        "reasoning_tokens",
        "Reasoning tokens",
        measures.reasoning_tokens,
        "Output tokens of reasoning, which are no part of the answer's text; unknown where nobody tells.",
    ),
    length(
        "prompt_tokens", "Prompt tokens", measures.prompt_tokens, "Length of the prompt the LLM got, passages included."
    ),
    length(
        "cached_tokens",
        "Cached prompt tokens",
        measures.cached_tokens,
        "Prompt tokens that the LLM had in its prefix cache; unknown where nobody tells.",
    ),
)

_PHASE = (
    phase(
        "output_tokens_per_s",
        "Output throughput",
        "tokens/s",
        "higher",
        "sum of N of successes / duration",
        "Throughput of the whole system; unknown as soon as one success has no token count.",
        source="MLPerf, vLLM output throughput",
        short="throughput",
        prometheus="ragmeter_output_tokens_per_second",
    ),
    phase(
        "requests_per_s",
        "Requests",
        "1/s",
        "higher",
        "successes / duration",
        "Successful requests per second.",
        short="requests",
    ),
    phase(
        "goodput_rps",
        "Goodput",
        "1/s",
        "higher",
        "good requests / duration",
        "Requests per second that succeed and meet every per-request bound of the workload's goodput.",
        source="DistServe, arXiv 2401.09670",
        short="goodput",
    ),
    phase(
        "sent_requests_per_s",
        "Requests sent",
        "1/s",
        "higher",
        "requests sent / duration",
        "Requests per second that were sent, failed ones too.",
    ),
    phase(
        "good_tokens_per_s",
        "Good output throughput",
        "tokens/s",
        "higher",
        "sum of N of good requests / duration",
        "Throughput of what meets every per-request bound; unknown as soon as one good request has no token count.",
    ),
    phase(
        "good_ratio",
        "Good requests",
        "ratio",
        "higher",
        "good requests / all requests sent",
        "Share of requests that succeed and meet every per-request bound; failures are in the denominator. "
        "A request whose metric is unknown does not meet its bound.",
        interval="Wilson",
        short="good",
        prometheus="ragmeter_good_ratio",
    ),
    phase(
        "error_ratio",
        "Errors",
        "ratio",
        "lower",
        "failures / all requests sent",
        "Share of requests that failed. Requests that the client ended itself count on neither side.",
        interval="Wilson",
        short="errors",
        prometheus="ragmeter_error_ratio",
    ),
    phase("errors", "Failed requests", "requests", "lower", "number of failures", "Failed requests.", kind="count"),
    phase(
        "success",
        "Successful requests",
        "requests",
        "higher",
        "number of successes",
        "Successful requests.",
        kind="count",
    ),
)

_COST = (
    phase(
        "usd_per_1m_tokens",
        "USD per 1M tokens",
        "USD",
        "lower",
        "benchmark_run_cost_usd / total_tokens * 1e6",
        "Cost of a million output tokens at this load.",
        short="USD/1M tokens",
        prometheus="ragmeter_million_tokens_cost_usd",
    ),
    phase(
        "usd_per_1m_good_tokens",
        "USD per 1M good tokens",
        "USD",
        "lower",
        "benchmark_run_cost_usd / tokens of good requests * 1e6",
        "Cost of a million output tokens of requests that succeeded and met every per-request bound.",
    ),
    phase(
        "usd_per_request",
        "USD per request",
        "USD",
        "lower",
        "benchmark_run_cost_usd / requests",
        "Cost of a request, failed ones too.",
    ),
    phase(
        "usd_per_successful_request",
        "USD per successful request",
        "USD",
        "lower",
        "benchmark_run_cost_usd / successes",
        "Cost of a request that succeeded.",
    ),
    phase(
        "usd_per_good_request",
        "USD per good request",
        "USD",
        "lower",
        "benchmark_run_cost_usd / good requests",
        "Cost of a request that succeeded and met every per-request bound.",
        short="USD/good req",
    ),
)

OF_TOKENS = frozenset(
    {
        "tpot_ms",
        "tokens_per_s",
        "e2e_tokens_per_s",
        "output_tokens",
        "reasoning_tokens",
        "output_tokens_per_s",
        "good_tokens_per_s",
        "usd_per_1m_tokens",
        "usd_per_1m_good_tokens",
    }
)
"""The metrics that count output tokens: between a run with usage blocks and one without, they are not compared."""

OF_FAILURES = frozenset({"error_ratio", "errors", "success", "good_ratio"})
"""The metrics that failures can only make worse: they are compared whatever has failed."""

METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        metric.name: metric
        for metric in (*_LATENCIES, *_STAGES, *_STREAMS, *_PHASE, *OF_RETRIEVAL, *OF_ANSWERS, *_COST, *OF_SERVERS)
    }
)


def described(name: str) -> Metric | None:
    """The metric of this name, be it one that SLOs judge or not; None for a name that a saved result alone knows."""
    return OF_VANTAGE.get(name) or METRICS.get(name)
