"""Somebody else's RAG that sends spans with the SDK of OpenTelemetry: ``python -m tests.run.traced_rag PORT URL``.

It rewrites the query, searches, reranks and streams an answer as OpenAI does; each step is a sleep. Each span is as
long as what it measures itself, which ``GET /told`` says by the id of the trace, in ms.
"""

import asyncio
import json
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

TOKENS = 4
Told = dict[str, dict[str, float]]


def app_of(url: str) -> FastAPI:
    """url: of the receiver."""
    provider = TracerProvider(resource=Resource.create({"service.name": "their-rag"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{url}/v1/traces"), schedule_delay_millis=100))
    tracer = provider.get_tracer("their-rag")
    app, told = FastAPI(), Told()

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> StreamingResponse:
        context = TraceContextTextMapPropagator().extract(dict(request.headers))
        root = tracer.start_span("POST /v1/chat/completions", context, SpanKind.SERVER)
        return StreamingResponse(answer(root, time.time_ns()), media_type="text/event-stream")

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [{"id": "m", "object": "model"}]}

    @app.get("/told")
    async def all_told() -> Told:
        return told

    @contextmanager
    def step(root: Span, lengths: dict[str, float], name: str, **attributes: str) -> Iterator[None]:
        named = {key.replace("__", "."): value for key, value in attributes.items()}
        began_ns = time.time_ns()
        span = tracer.start_span(name, set_span_in_context(root), attributes=named, start_time=began_ns)
        yield
        ended_ns = time.time_ns()
        span.end(ended_ns)
        lengths[name] = (ended_ns - began_ns) / 1e6

    async def answer(root: Span, began_ns: int) -> AsyncIterator[str]:
        lengths: dict[str, float] = defaultdict(float)
        with step(root, lengths, "rewrite query"):
            await asyncio.sleep(0.02)
        with step(root, lengths, "fuse two searches"):
            await asyncio.sleep(0.03)
        with step(root, lengths, "bge", openinference__span__kind="RERANKER"):
            await asyncio.sleep(0.04)
        asked_ns = time.time_ns()
        call = tracer.start_span("chat m", set_span_in_context(root), SpanKind.CLIENT, start_time=asked_ns)
        call.set_attribute("gen_ai.operation.name", "chat")
        await asyncio.sleep(0.05)
        first_ns = time.time_ns()
        call.set_attribute("gen_ai.response.time_to_first_chunk", (first_ns - asked_ns) / 1e9)
        for number in range(TOKENS):
            yield event({"choices": [{"index": 0, "delta": {"content": f" word{number}"}}]})
            await asyncio.sleep(0.01)
        ended_ns = time.time_ns()
        call.end(ended_ns)
        with step(root, lengths, "guard"):
            await asyncio.sleep(0.01)
        usage = {"prompt_tokens": 5, "completion_tokens": TOKENS, "total_tokens": 5 + TOKENS}
        yield event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        yield event({"choices": [], "usage": usage})
        yield "data: [DONE]\n\n"
        told[f"{root.get_span_context().trace_id:032x}"] = {
            **lengths,
            "first": (first_ns - began_ns) / 1e6,
            "until the first token": (first_ns - asked_ns) / 1e6,
            "chat": (ended_ns - asked_ns) / 1e6,
        }
        root.end()

    return app


def event(document: dict[str, Any]) -> str:
    return f"data: {json.dumps({'id': 'x', 'object': 'chat.completion.chunk', 'model': 'm', **document})}\n\n"


if __name__ == "__main__":
    uvicorn.run(app_of(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
