"""Prometheus metrics of the service, and the windows behind /stats."""

from __future__ import annotations

from collections import deque
from typing import Any, TypeAlias

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import exposition as openmetrics

from ..errors import error_types

STAGES = ("embedding", "retrieval", "lexical", "rerank", "inference", "total", "ingest")
OF_SOME_QUERIES = ("lexical", "rerank")
"""Stages that have no series before a query had them: their mean would be no number on every dashboard."""
STATS = (*STAGES, "ttft")
ENDPOINTS = ("/query", "/query/stream", "/ingest", "/documents", "/delete")

_LATENCY_S = (
    0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1,
    1.25, 1.5, 2, 2.5, 3, 4, 5, 6.5, 8, 10, 12.5, 15, 20, 25, 30, 40, 50, 65, 80, 100, 120,
)  # fmt: skip
_TPOT_S = (
    0.002, 0.004, 0.006, 0.008, 0.01, 0.0125, 0.015, 0.0175, 0.02, 0.025, 0.03, 0.035, 0.04, 0.045, 0.05,
    0.06, 0.07, 0.08, 0.09, 0.1, 0.12, 0.14, 0.16, 0.18, 0.2, 0.3, 0.5, 1, 2,
)  # fmt: skip
_TOKENS_PER_S = (1, 2, 5, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500, 750, 1000)
_K = (0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 75, 100)
_WINDOW = 1000

Exemplar: TypeAlias = dict[str, str] | None
"""Which request an observation is of, for OpenMetrics: at most 128 characters in all."""


class TimingWindow:
    """The last 1,000 durations of a stage: mean and 95th percentile (nearest rank), and how many there ever were."""

    def __init__(self) -> None:
        self._recent_ms: deque[float] = deque(maxlen=_WINDOW)
        self._count = 0

    def add(self, duration_ms: float) -> None:
        self._recent_ms.append(duration_ms)
        self._count += 1

    def summary(self) -> dict[str, float | int | None]:
        ordered = sorted(self._recent_ms)
        if not ordered:
            return {"avg_ms": None, "p95_ms": None, "count": 0}
        rank = max(1, -(-95 * len(ordered) // 100))
        return {
            "avg_ms": round(sum(ordered) / len(ordered), 3),
            "p95_ms": round(ordered[rank - 1], 3),
            "count": self._count,
        }


class Metrics:
    """Made once for a service; the registry is its own, so that two services can live in one process."""

    def __init__(self, *, version: str, model_id: str, provider: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        new: dict[str, Any] = {"registry": self.registry}
        self._requests = Counter("rag_requests", "Requests to user endpoints.", ["endpoint"], **new)
        self._errors = Counter(
            "rag_errors", "User requests that failed, by type of error.", ["endpoint", "type"], **new
        )
        self._latency = Histogram("rag_latency_seconds", "Time spent in a stage.", ["stage"], buckets=_LATENCY_S, **new)
        self._ttft = Histogram(
            "rag_ttft_seconds", "From a request's arrival to its first token sent.", buckets=_LATENCY_S, **new
        )
        self._tpot = Histogram(
            "rag_tpot_seconds", "Time per token of the answer after the first.", buckets=_TPOT_S, **new
        )
        self._speed = Histogram(
            "rag_tokens_per_second", "Output tokens per second of one stream.", buckets=_TOKENS_PER_S, **new
        )
        self._tokens = Counter("rag_tokens", "Output tokens, by the LLM's usage block.", **new)
        self._prompt_tokens = Counter("rag_prompt_tokens", "Prompt tokens, by the LLM's usage block.", **new)
        self._reasoning_tokens = Counter(
            "rag_reasoning_tokens", "Output tokens of reasoning, as far as the LLM tells or shows how many.", **new
        )
        self._k = Histogram("rag_k_retrieved", "Chunks retrieved for a query.", buckets=_K, **new)
        self.inflight = Gauge("rag_inflight_requests", "Queries that are served now.", **new)
        self._info = Gauge(
            "rag_info", "Always 1; the labels tell what runs.", ["version", "model_id", "provider"], **new
        )
        self._identity = {"version": version, "provider": provider}
        self.name_model(model_id)
        self._windows = {stage: TimingWindow() for stage in STATS}
        for endpoint in ENDPOINTS:
            self._requests.labels(endpoint)
            for error_type in error_types():  # a series that begins at 1 hides its first error from rate()
                self._errors.labels(endpoint, error_type)
        for stage in STAGES:
            if stage not in OF_SOME_QUERIES:
                self._latency.labels(stage)

    def name_model(self, model_id: str) -> None:
        self._info.clear()
        self._info.labels(model_id=model_id, **self._identity).set(1)

    def request(self, endpoint: str) -> None:
        self._requests.labels(endpoint).inc()

    def error(self, endpoint: str, error_type: str) -> None:
        self._errors.labels(endpoint, error_type).inc()

    def stage(self, stage: str, duration_ms: float, exemplar: Exemplar = None) -> None:
        self._latency.labels(stage).observe(duration_ms / 1e3, exemplar)
        self._windows[stage].add(duration_ms)

    def first_token(self, ttft_ms: float, exemplar: Exemplar = None) -> None:
        self._ttft.observe(ttft_ms / 1e3, exemplar)
        self._windows["ttft"].add(ttft_ms)

    def retrieved(self, chunks: int) -> None:
        self._k.observe(chunks)

    def answer(
        self,
        *,
        tokens: int | None,
        prompt_tokens: int | None,
        reasoning_tokens: int | None,
        tpot_ms: float | None,
        per_s: float | None,
    ) -> None:
        """What one finished answer took; None is what the LLM did not tell."""
        if tokens is not None:
            self._tokens.inc(tokens)
        if prompt_tokens is not None:
            self._prompt_tokens.inc(prompt_tokens)
        if reasoning_tokens is not None:
            self._reasoning_tokens.inc(reasoning_tokens)
        if tpot_ms is not None:
            self._tpot.observe(tpot_ms / 1e3)
        if per_s is not None:
            self._speed.observe(per_s)

    def stats(self) -> dict[str, dict[str, float | int | None]]:
        return {stage: window.summary() for stage, window in self._windows.items()}

    def render(self) -> bytes:
        """Prometheus text, for a client that does not ask for more."""
        return generate_latest(_WithoutCreated(self.registry))

    def render_openmetrics(self) -> bytes:
        """With the exemplars: of each bucket the latest request that fell into it."""
        page: bytes = openmetrics.generate_latest(_WithoutCreated(self.registry))  # type: ignore[no-untyped-call]
        return page


class _WithoutCreated:
    """Leaves out the `_created` series: a third of the page, and no dashboard reads them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> list[Metric]:
        metrics = list(self._registry.collect())
        for metric in metrics:
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
        return [metric for metric in metrics if metric.samples or not metric.name.endswith("_created")]
