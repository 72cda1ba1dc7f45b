"""Answers over HTTP: Server-Sent Events, or one JSON object.

Raw ASGI messages: what passes here passes 10,000 times a second.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

from starlette.types import Receive, Send

from ..errors import CLIENT_GONE, RequestTimeoutError, ServiceError, ShuttingDownError
from ..llm.chunks import Delta
from ..query.pipeline import Answering
from ..telemetry.logs import log


def frame(event: str, payload: dict[str, Any]) -> bytes:
    return f"event: {event}\ndata: {json.dumps(payload)}\n\n".encode()


def token_frame(delta: Delta) -> bytes:
    count = "" if delta.tokens is None else f', "n": {delta.tokens}'
    event = "reasoning" if delta.is_reasoning else "token"
    return f'event: {event}\ndata: {{"text": {_quote(delta.text)}{count}}}\n\n'.encode()


def _quote(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    try:
        quoted.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: JSON can escape it, UTF-8 cannot hold it
        return json.dumps(text)
    return quoted


class Answer:
    """Holds a place for the query, and ends it when its time is up or its client has gone.

    Subclasses say what is sent; an error before that is an HTTP status with a JSON body.
    """

    def __init__(self, endpoint: str, answering: Answering, send: Send) -> None:
        self._endpoint = endpoint
        self._answering = answering
        self._pipeline = answering.pipeline
        self._send = send
        self._started = False
        self._finished = False
        self._gone = False

    async def run(self, receive: Receive) -> None:
        task = asyncio.current_task()
        watch = asyncio.create_task(self._watch(receive, task))
        try:
            await self._serve_in_time()
        except ServiceError as error:
            await self._fail(error)
        except asyncio.CancelledError:
            if self._gone and task is not None:
                task.uncancel()
                self._report(CLIENT_GONE, "the client closed the connection")
                return
            await self._fail(ShuttingDownError())
        except Exception:
            await self._fail(ServiceError("internal error"))
            raise
        finally:
            watch.cancel()

    async def _watch(self, receive: Receive, task: asyncio.Task[Any] | None) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        if self._finished or task is None:  # the server says so after every answer, too
            return
        self._gone = True
        task.cancel()

    async def _serve_in_time(self) -> None:
        limit_s = self._pipeline.settings.request_timeout_s
        deadline = asyncio.timeout(limit_s)
        try:
            async with deadline, self._pipeline.admission.place() as waited_ms:
                self._answering.admission_ms = waited_ms
                await self._answering.retrieve()
                await self._answer()
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise RequestTimeoutError(f"not answered in {limit_s:g} s (RAG_REQUEST_TIMEOUT_SECONDS)") from error
        self._log_request("ok")

    async def _answer(self) -> None:
        raise NotImplementedError

    async def _fail(self, error: ServiceError) -> None:
        self._report(error.type, str(error))
        body = json.dumps(self._answering.describe_error(str(error), error.type)).encode()
        headers = [(b"content-length", str(len(body)).encode())]
        if error.retry_after_s:
            headers.append((b"retry-after", str(error.retry_after_s).encode()))
        await self._start(error.status, b"application/json", headers)
        await self._body(body, more=False)

    def _report(self, error_type: str, message: str) -> None:
        self._pipeline.metrics.error(self._endpoint, error_type)
        self._log_request(error_type, message=message)

    def _log_request(self, outcome: str, **more: Any) -> None:
        answering = self._answering
        if answering.trace is not None:
            answering.trace.end(answering.moments(), outcome)
            more["trace_id"] = answering.trace_id
        if self._pipeline.settings.log_queries:
            more["query"] = answering.query.query
        log(
            "query",
            logging.INFO if outcome == "ok" else logging.WARNING,
            endpoint=self._endpoint,
            outcome=outcome,
            request_id=answering.request_id,
            docset=answering.docset,
            k=answering.k,
            tokens=answering.counts.output_tokens,
            timings=answering.timings(),
            **more,
        )

    async def _start(self, status: int, content_type: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        self._started = True
        identity = [
            (b"content-type", content_type),
            (b"cache-control", b"no-store"),
            (b"x-request-id", self._answering.request_id.encode()),
            (b"x-replica-id", self._pipeline.settings.replica_id.encode("latin-1", "replace")),
        ]
        await self._send({"type": "http.response.start", "status": status, "headers": identity + headers})

    async def _body(self, body: bytes, *, more: bool) -> None:
        self._finished = not more
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    def _server_timing(self) -> tuple[bytes, bytes]:
        """https://www.w3.org/TR/server-timing/"""
        stages = self._answering.stage_timings().items()
        return b"server-timing", ", ".join(f"{name.removesuffix('_ms')};dur={value}" for name, value in stages).encode()


class StreamedAnswer(Answer):
    async def _answer(self) -> None:
        headers = [self._server_timing(), (b"x-accel-buffering", b"no")]
        await self._start(200, b"text/event-stream; charset=utf-8", headers)
        await self._body(frame("meta", self._answering.describe_start()), more=True)
        await self._answering.generate(self._emit, self._finish)

    async def _emit(self, deltas: list[Delta]) -> None:
        await self._body(b"".join([token_frame(delta) for delta in deltas]), more=True)

    async def _finish(self) -> None:
        await self._body(frame("done", self._answering.describe_end()), more=False)

    async def _fail(self, error: ServiceError) -> None:
        if not self._started:
            await super()._fail(error)
            return
        self._report(error.type, str(error))
        await self._body(frame("error", self._answering.describe_error(str(error), error.type)), more=False)


class WholeAnswer(Answer):
    async def _answer(self) -> None:
        self._texts: list[str] = []
        await self._answering.generate(self._emit, self._finish)

    async def _emit(self, deltas: list[Delta]) -> None:
        self._texts.extend(delta.text for delta in deltas if not delta.is_reasoning)

    async def _finish(self) -> None:
        end = self._answering.describe_end()
        usage = {
            "prompt_tokens": end["prompt_tokens"],
            "completion_tokens": end["token_count"],
            "prompt_tokens_details": {"cached_tokens": end["cached_tokens"]},
            "completion_tokens_details": {"reasoning_tokens": end["reasoning_tokens"]},
        }
        answer = {
            "answer": "".join(self._texts),
            **end,
            "documents": self._answering.describe_start()["documents"],
            "usage": usage,
        }
        await self._start(200, b"application/json", [self._server_timing()])
        await self._body(json.dumps(answer).encode(), more=False)
