"""OpenTelemetry spans of the stages of a query, under the GenAI semantic conventions. Off unless ``RAG_TRACING`` is on.

A query's spans are made when it is over, from the moments that were measured anyhow. That of the LLM begins when it is
asked, because the span's id goes along as the W3C header ``traceparent``: the LLM's own spans join the trace below it.
Where they go, and how many, is set by OpenTelemetry's own variables, such as ``OTEL_EXPORTER_OTLP_ENDPOINT``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import ConfigurationError
from ..settings import Settings
from .moments import QueryMoments

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer
    from starlette.types import Scope

_FLUSH_MS = 3000
_OUTCOME_OK = "ok"


@dataclass(frozen=True, slots=True)
class Traces:
    """Where traces of queries begin."""

    provider: TracerProvider
    tracer: Tracer
    settings: Settings

    def begin(self, scope: Scope) -> QueryTrace:
        """Part of the caller's trace if the request has a W3C ``traceparent``."""
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        carrier = {str(name, "latin-1"): str(value, "latin-1") for name, value in scope["headers"]}
        epoch_ns = time.time_ns() - time.perf_counter_ns()
        root = self.tracer.start_span(
            f"{scope['method']} {scope['path']}",
            context=TraceContextTextMapPropagator().extract(carrier),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": scope["method"], "http.route": scope["path"]},
            start_time=scope["arrival_ns"] + epoch_ns,
        )
        trace_id = f"{root.get_span_context().trace_id:032x}" if root.is_recording() else None
        return QueryTrace(tracer=self.tracer, settings=self.settings, root=root, trace_id=trace_id, epoch_ns=epoch_ns)

    def close(self) -> None:
        self.provider.force_flush(_FLUSH_MS)
        self.provider.shutdown()


@dataclass(slots=True, kw_only=True)
class QueryTrace:
    """The trace of one query.

    trace_id: in hexadecimal; None when the sampler leaves this query out. epoch_ns: Unix time at 0 of the clock that
    timed it. generation: of the LLM; None until it is asked.
    """

    tracer: Tracer
    settings: Settings
    root: Span
    trace_id: str | None
    epoch_ns: int
    generation: Span | None = None

    def ask(self, *, model_id: str, max_tokens: int, asked_ns: int) -> dict[str, str]:
        """The LLM is asked: headers for it, also in a trace that is left out, so that the LLM leaves it out, too."""
        from opentelemetry.trace import SpanKind, set_span_in_context
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self.generation = self.tracer.start_span(
            f"chat {model_id}",
            context=set_span_in_context(self.root),
            kind=SpanKind.CLIENT,
            attributes=_asked(self.settings, model_id, max_tokens),
            start_time=asked_ns + self.epoch_ns,
        )
        headers: dict[str, str] = {}
        TraceContextTextMapPropagator().inject(headers, set_span_in_context(self.generation))
        return headers

    def end(self, query: QueryMoments, outcome: str) -> None:
        """Write the spans of the stages that were reached, and end."""
        if not self.root.is_recording():
            return
        for stage in _retrieval_stages(query, self.settings.embedding_model_id):
            self._child(stage)
        if self.generation is not None:
            self.generation.set_attributes(_answered(query))
            self._end(self.generation, _OUTCOME_OK if query.ended_ns else outcome, query.ended_ns)
        self.root.set_attributes({"rag.request_id": query.request_id, "rag.k": query.k})
        self._end(self.root, outcome, None)

    def _end(self, span: Span, outcome: str, ended_ns: int | None) -> None:
        from opentelemetry.trace import StatusCode

        if outcome != _OUTCOME_OK:
            span.set_attribute("error.type", outcome)
            span.set_status(StatusCode.ERROR)
        span.end((ended_ns or time.perf_counter_ns()) + self.epoch_ns)

    def _child(self, stage: _Stage) -> None:
        from opentelemetry.trace import set_span_in_context

        began_ns, ended_ns = stage.began_ns + self.epoch_ns, stage.ended_ns + self.epoch_ns
        within = set_span_in_context(self.root)
        self.tracer.start_span(stage.name, within, attributes=stage.attributes, start_time=began_ns).end(ended_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """Clock readings are perf_counter_ns."""

    name: str
    began_ns: int
    ended_ns: int
    attributes: Mapping[str, Any]


def _retrieval_stages(query: QueryMoments, model: str) -> list[_Stage]:
    """Queue, embedding and retrieval end where the passages were there, and there the reranker begins; only their
    lengths are measured.
    """
    if query.retrieved_ns is None:
        return []
    searched_ms = query.retrieval_ms + (query.lexical_ms or 0.0)
    retrieval_ns = query.retrieved_ns - int(searched_ms * 1e6)
    embedding_ns = retrieval_ns - int(query.embedding_ms * 1e6)
    queue_ns = embedding_ns - int(query.queue_ms * 1e6)
    embedding = {"gen_ai.operation.name": "embeddings", "gen_ai.request.model": model}
    retrieval = {"gen_ai.operation.name": "retrieval", "gen_ai.data_source.id": query.docset}
    stages = [
        _Stage(name="queue", began_ns=queue_ns, ended_ns=embedding_ns, attributes={}),
        _Stage(name=f"embeddings {model}", began_ns=embedding_ns, ended_ns=retrieval_ns, attributes=embedding),
        _Stage(
            name=f"retrieval {query.docset}",
            began_ns=retrieval_ns,
            ended_ns=query.retrieved_ns,
            attributes={**retrieval, "rag.documents": query.documents if query.reranked is None else query.reranked},
        ),
    ]
    if query.rerank_ms is not None:
        kept = {"rag.candidates": query.reranked, "rag.documents": query.documents}
        ended_ns = query.retrieved_ns + int(query.rerank_ms * 1e6)
        stages.append(
            _Stage(
                name=f"rerank {query.reranker}",
                began_ns=query.retrieved_ns,
                ended_ns=ended_ns,
                attributes={"gen_ai.request.model": query.reranker, **kept},
            )
        )
    return stages


def _asked(settings: Settings, model_id: str, max_tokens: int) -> dict[str, Any]:
    """provider.name: whose API it is, not whose model."""
    server = urlsplit(settings.vllm_base_url)
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": model_id,
        "gen_ai.request.stream": True,
        "gen_ai.request.max_tokens": max_tokens,
        "gen_ai.request.temperature": settings.vllm_temperature,
        "gen_ai.request.top_p": settings.vllm_top_p,
        "server.address": server.hostname or "",
        "server.port": server.port or (443 if server.scheme == "https" else 80),
    }


def _answered(query: QueryMoments) -> dict[str, Any]:
    """What is known of the answer."""
    first_s = None
    if query.first_ns is not None and query.asked_ns is not None:
        first_s = (query.first_ns - query.asked_ns) / 1e9
    told = {
        "gen_ai.response.model": query.model_id,
        "gen_ai.response.finish_reasons": None if query.finish_reason is None else [query.finish_reason],
        "gen_ai.response.time_to_first_chunk": first_s,
        "gen_ai.usage.input_tokens": query.prompt_tokens,
        "gen_ai.usage.output_tokens": query.output_tokens,
    }
    return {name: value for name, value in told.items() if value is not None}


def open_traces(settings: Settings, version: str) -> Traces | None:
    """None when tracing is off. Raises ConfigurationError when it is on and its packages are not installed."""
    if not settings.tracing:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise ConfigurationError(f"RAG_TRACING: needs the packages of 'ragmeter[otel]': {error}") from error
    own = {"service.name": "rag-backend", "service.version": version, "service.instance.id": settings.replica_id}
    provider = TracerProvider(resource=Resource.create(own).merge(OTELResourceDetector().detect()))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Traces(provider, provider.get_tracer("ragmeter.backend", version), settings)
