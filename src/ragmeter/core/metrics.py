"""The table of every metric: its unit, which way is better, its formula and where the definition comes from.

``METRICS`` is what SLO expressions are checked against; the metric reference and the formulas in a result are made
from it. The symbols of the formulas are those of `ragmeter.core.measures`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from ragmeter.core import measures
from ragmeter.core.measures import Measure
from ragmeter.core.records import RequestSample

DEFINITIONS_VERSION = "1"
"""Changes whenever a formula changes: results of different versions are not compared."""

Kind = Literal["per_request", "pooled", "rate", "count"]
Better = Literal["lower", "higher"]
IntervalKind = Literal["order statistics", "requests as clusters", "Wilson", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric.

    better: None where neither direction is (lengths).
    kind: per_request has one value for each success and pooled several; both are judged through a statistic such as
    p95(...). rate and count have one value for a phase.
    interval: how the uncertainty of its percentiles (or of the rate) is found; with "none" the value is judged.
    measure: of per-request metrics only.
    """

    name: str
    unit: str
    better: Better | None
    kind: Kind
    interval: IntervalKind
    formula: str
    definition: str
    source: str
    measure: Measure | None = None


def metric_formulas() -> dict[str, str]:
    """Formula of every metric by name, as results carry them."""
    return {name: metric.formula for name, metric in METRICS.items()}


def _per_request(
    name: str,
    measure: Measure,
    formula: str,
    definition: str,
    source: str = "ragmeter",
    *,
    unit: str = "ms",
    better: Better | None = "lower",
) -> Metric:
    return Metric(
        name=name,
        unit=unit,
        better=better,
        kind="per_request",
        interval="order statistics",
        formula=formula,
        definition=definition,
        source=source,
        measure=measure,
    )


def _adjusted(name: str, measure: Measure) -> Metric:
    return _per_request(
        f"adj_{name}",
        measures.failures_as_infinite(measure),
        f"{name} of successes, +inf of failures",
        f"Failure-aware {name}: a failed request never answered, so failures push the percentiles up.",
        "aiperf adj_* metrics",
    )


def _stage(name: str, definition: str) -> Metric:
    def measure(sample: RequestSample) -> float | None:
        value: float | None = getattr(sample.timings, name)
        return value

    return _per_request(name, measure, f"timings.{name}", definition, "the backend's stream events")


def _length(name: str, measure: Measure, definition: str) -> Metric:
    usage = "OpenAI API, stream_options.include_usage"
    formula = "as the server's usage block says"
    return _per_request(name, measure, formula, definition, usage, unit="tokens", better=None)


def _phase(
    name: str,
    unit: str,
    better: Better,
    formula: str,
    definition: str,
    *,
    kind: Kind = "rate",
    interval: IntervalKind = "none",
    source: str = "ragmeter",
) -> Metric:
    return Metric(
        name=name,
        unit=unit,
        better=better,
        kind=kind,
        interval=interval,
        formula=formula,
        definition=definition,
        source=source,
    )


_LATENCIES = (
    _per_request(
        "ttft_ms",
        measures.ttft_ms,
        "t_F - t_send",
        "Time to first token: from the first byte sent to the first non-empty answer text. A role-only chunk, a list "
        "of sources or the connection set-up is not in it.",
        "OpenTelemetry gen_ai.client.operation.time_to_first_chunk",
    ),
    _per_request(
        "ttft_scheduled_ms",
        measures.ttft_scheduled_ms,
        "t_F - t_sched",
        "Time to first token from the moment the schedule wanted the request sent: holds the wait that coordinated "
        "omission hides, and the connection set-up.",
        "wrk2; guidellm#1048",
    ),
    _per_request(
        "e2e_ms",
        measures.e2e_ms,
        "t_E - t_send",
        "End-to-end latency: until the stream has ended.",
        "inference-perf request_latency",
    ),
    _per_request(
        "e2e_scheduled_ms",
        measures.e2e_scheduled_ms,
        "t_E - t_sched",
        "End-to-end latency from the scheduled moment.",
        "wrk2",
    ),
    _per_request(
        "tpot_ms",
        measures.tpot_ms,
        "(t_L - t_F) / (N - n_F)",
        "Time per output token after the first event. Unknown without a usage block, with N <= n_F, and when all text "
        "came at one moment. n_F is 1 where the server does not say how many tokens an event carries. "
        "Not guidellm's TPOT, which holds the TTFT.",
        "inference-perf, vLLM, SGLang, MLPerf: (t_L - t_F) / (N - 1)",
    ),
    Metric(
        name="itl_ms",
        unit="ms",
        better="lower",
        kind="pooled",
        interval="requests as clusters",
        formula="t_i - t_(i-1) of successive text events, pooled over requests",
        definition="Inter-token latency as a reader sees it: one event may carry several tokens, so this is not the "
        "decode speed. The unit of its intervals is a request.",
        source="vLLM itl",
    ),
    _per_request(
        "max_gap_ms",
        measures.max_gap_ms,
        "max(t_i - t_(i-1))",
        "The longest wait between two text events of a request.",
        "arXiv 2507.09019",
    ),
    _per_request(
        "stall_ratio",
        measures.stall_ratio,
        "sum of gaps > 5 * median gap, / (t_L - t_F)",
        "Share of a stream's time spent in stalls. Gaps of 0 do not count for the median; unknown below two others.",
        "arXiv 2507.09019",
        unit="ratio",
    ),
    _per_request(
        "connect_ms",
        measures.connect_ms,
        "DNS + TCP + TLS",
        "Set-up of a new connection; unknown for requests on a kept one.",
    ),
    _per_request(
        "time_to_first_source_ms",
        measures.time_to_first_source_ms,
        "t_meta - t_send",
        "Until the list of retrieved passages arrived.",
    ),
    _adjusted("ttft_ms", measures.ttft_ms),
    _adjusted("ttft_scheduled_ms", measures.ttft_scheduled_ms),
    _adjusted("e2e_ms", measures.e2e_ms),
    _adjusted("e2e_scheduled_ms", measures.e2e_scheduled_ms),
)

_STAGES = (
    _stage("queue_ms", "Wait in the backend before work on the request began, as the backend says."),
    _stage("embedding_ms", "Embedding of the question, as the backend says."),
    _stage("retrieval_ms", "Search in the vector store, as the backend says."),
    _stage("inference_ttft_ms", "Until the LLM's first token at the backend: its queue and prefill."),
)

_STREAMS = (
    _per_request(
        "tokens_per_s",
        measures.tokens_per_s,
        "(N - n_F) / (t_L - t_F)",
        "Decode speed of one stream, 1000 / tpot_ms.",
        unit="tokens/s",
        better="higher",
    ),
    _per_request(
        "e2e_tokens_per_s",
        measures.e2e_tokens_per_s,
        "N / (t_E - t_send)",
        "What one reader gets per second, the wait for the first token included. Its mean is avg_tokens_per_sec.",
        unit="tokens/s",
        better="higher",
    ),
    _length("output_tokens", measures.output_tokens, "Length of the answer."),
    _length("prompt_tokens", measures.prompt_tokens, "Length of the prompt the LLM got, passages included."),
)

_PHASE = (
    _phase(
        "output_tokens_per_s",
        "tokens/s",
        "higher",
        "sum of N of successes / duration",
        "Throughput of the whole system; unknown as soon as one success has no token count.",
        source="MLPerf, vLLM output throughput",
    ),
    _phase("requests_per_s", "1/s", "higher", "successes / duration", "Successful requests per second."),
    _phase(
        "goodput_rps",
        "1/s",
        "higher",
        "good requests / duration",
        "Requests per second that succeed and meet every per-request bound of the workload's goodput.",
        source="DistServe, arXiv 2401.09670",
    ),
    _phase(
        "sent_requests_per_s",
        "1/s",
        "higher",
        "requests sent / duration",
        "Requests per second that were sent, failed ones too.",
    ),
    _phase(
        "good_tokens_per_s",
        "tokens/s",
        "higher",
        "sum of N of good requests / duration",
        "Throughput of what meets every per-request bound; unknown as soon as one good request has no token count.",
    ),
    _phase(
        "good_ratio",
        "ratio",
        "higher",
        "good requests / all requests sent",
        "Share of requests that succeed and meet every per-request bound; failures are in the denominator. "
        "A request whose metric is unknown does not meet its bound.",
        interval="Wilson",
    ),
    _phase(
        "error_ratio",
        "ratio",
        "lower",
        "failures / all requests sent",
        "Share of requests that failed. Requests that the client ended itself count on neither side.",
        interval="Wilson",
    ),
    _phase("errors", "requests", "lower", "number of failures", "Failed requests.", kind="count"),
    _phase("success", "requests", "higher", "number of successes", "Successful requests.", kind="count"),
    _phase(
        "recall_at_k",
        "ratio",
        "higher",
        "mean over requests of |relevant passages among the first k| / |relevant passages|",
        "Retrieval quality on labelled questions, under load.",
        interval="Wilson",
        source="Manning et al., Introduction to Information Retrieval, 8.4",
    ),
    _phase(
        "hit_ratio",
        "ratio",
        "higher",
        "requests with a relevant passage among the first k / requests",
        "Share of labelled requests that got at least one relevant passage.",
        interval="Wilson",
    ),
    _phase(
        "usd_per_1m_tokens",
        "USD",
        "lower",
        "benchmark_run_cost_usd / total_tokens * 1e6",
        "Cost of a million output tokens at this load.",
    ),
    _phase(
        "usd_per_1m_good_tokens",
        "USD",
        "lower",
        "benchmark_run_cost_usd / tokens of good requests * 1e6",
        "Cost of a million output tokens of requests that succeeded and met every per-request bound.",
    ),
    _phase(
        "usd_per_request", "USD", "lower", "benchmark_run_cost_usd / requests", "Cost of a request, failed ones too."
    ),
    _phase(
        "usd_per_successful_request",
        "USD",
        "lower",
        "benchmark_run_cost_usd / successes",
        "Cost of a request that succeeded.",
    ),
    _phase(
        "usd_per_good_request",
        "USD",
        "lower",
        "benchmark_run_cost_usd / good requests",
        "Cost of a request that succeeded and met every per-request bound.",
    ),
)

METRICS: Mapping[str, Metric] = MappingProxyType(
    {metric.name: metric for metric in (*_LATENCIES, *_STAGES, *_STREAMS, *_PHASE)}
)
