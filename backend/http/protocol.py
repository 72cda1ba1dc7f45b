"""HTTP/1.1 of uvicorn, with limits of size and time that it does not have."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..errors import BadRequestError, HeadTooLargeError, OverloadedError, ServiceError, SlowClientError, UrlTooLongError
from .connections import MAX_LINGERING, Connections, peer_of
from .problems import problem_on_the_wire

_MAX_PIPELINED = 16
_LINGER_S = 2.0
_MAX_LINGER_BYTES = 2**20
_LEAST_BYTES_PER_S = 1024
"""Of a body, on average, once it has taken longer than a silence may."""


class GuardedProtocol(HttpToolsProtocol):
    """A connection that is over a limit gets an answer where one can still be sent, and is closed."""

    def __init__(self, *arguments: Any, connections: Connections, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._book = connections
        self._settings = connections.settings
        self.peer = ""
        self._problem: ServiceError | None = None
        self._refused_s: float | None = None
        self._lingered_bytes = 0
        self._opened_s = self._heard_s = self.loop.time()
        self._head_since_s: float | None = None
        self._in_message = False
        self._is_leaving = False
        self._unparsed_bytes = self._head_bytes = self._body_bytes = 0
        self._body_since_s = 0.0
        self._written_s, self._unwritten_bytes = self._opened_s, 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.peer = peer_of(self.client[0]) if self.client else "local"
        try:
            self._book.enter(self)
        except OverloadedError as error:
            self._refuse(error)

    def connection_lost(self, exc: Exception | None) -> None:
        self._book.exit(self)
        if self._refused_s is not None:
            self._book.lingering -= 1
            self._refused_s = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused_s is not None:
            self._lingered_bytes += len(data)
            if self._lingered_bytes > _MAX_LINGER_BYTES:
                self.transport.abort()
            return
        if self._is_leaving:
            return
        self._heard_s = self.loop.time()
        self._unparsed_bytes += len(data)
        if not self._in_message and self._head_since_s is None:
            self._head_since_s = self._heard_s
            self._book.work(self)
        super().data_received(data)
        if self._head_bytes + self._unparsed_bytes > self._settings.max_header_bytes and self._refused_s is None:
            self._refuse(self._head_too_large())

    def on_message_begin(self) -> None:
        self._in_message = True
        self._head_since_s = self._heard_s
        self._head_bytes = self._body_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._head_bytes += len(url)
        if self._head_bytes > self._settings.max_header_bytes:
            self._stop_parsing(
                UrlTooLongError(f"the URL has more than {self._settings.max_header_bytes} bytes (RAG_MAX_HEADER_BYTES)")
            )
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._unparsed_bytes = 0
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > self._settings.max_header_bytes:
            self._stop_parsing(self._head_too_large())
        if len(self.headers) >= self._settings.max_headers:
            self._stop_parsing(
                HeadTooLargeError(
                    f"the request has more than {self._settings.max_headers} header fields (RAG_MAX_HEADERS)"
                )
            )
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._unparsed_bytes = self._head_bytes = 0
        self._head_since_s = None
        self._body_since_s = self._heard_s
        if len(self.pipeline) >= _MAX_PIPELINED:
            self._stop_parsing(BadRequestError(f"more than {_MAX_PIPELINED} requests wait on this connection"))
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unparsed_bytes = 0
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unparsed_bytes = 0
        self._in_message = False
        self._head_since_s = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._is_answering() and self._head_since_s is None:
            self._book.rest(self)

    def send_400_response(self, msg: str) -> None:
        self._refuse(self._problem or BadRequestError(f"this is no HTTP/1.1 request: {msg}"))

    def leave(self) -> None:
        self._is_leaving = True
        self._book.exit(self)
        if self.transport.get_write_buffer_size():  # an answer that nobody takes would keep it open
            self.transport.abort()
        else:
            self.transport.close()

    def check(self, now_s: float) -> None:
        settings = self._settings
        if self._takes_nothing(now_s):
            self.transport.abort()
        elif self._is_answering():
            if self.cycle.more_body and not self.flow.read_paused and self._body_is_slow(now_s):
                self._refuse(
                    SlowClientError(
                        f"no more of the body for {settings.stall_timeout_s:g} s (RAG_STALL_TIMEOUT_SECONDS), "
                        f"or less than {_LEAST_BYTES_PER_S} bytes/s of it"
                    )
                )
        elif self._head_since_s is not None:
            if now_s - self._head_since_s > settings.header_timeout_s:
                self._refuse(
                    SlowClientError(
                        f"no whole request within {settings.header_timeout_s:g} s (RAG_HEADER_TIMEOUT_SECONDS)"
                    )
                )
        elif self._in_message:  # the body of a request that was answered without it
            if now_s - self._body_since_s > settings.stall_timeout_s:
                self.transport.abort()
        elif self.cycle is None and now_s - self._opened_s > settings.idle_timeout_s:
            self.transport.close()  # after an answer uvicorn counts

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _takes_nothing(self, now_s: float) -> bool:
        """Whether bytes have waited for the client all the time that it may take none."""
        unwritten_bytes = self.transport.get_write_buffer_size()
        if not unwritten_bytes or unwritten_bytes != self._unwritten_bytes:
            self._written_s, self._unwritten_bytes = now_s, unwritten_bytes
        return now_s - self._written_s > self._settings.stall_timeout_s

    def _body_is_slow(self, now_s: float) -> bool:
        allowed_s = self._settings.stall_timeout_s
        taken_s = now_s - self._body_since_s
        return now_s - self._heard_s > allowed_s or taken_s > allowed_s + self._body_bytes / _LEAST_BYTES_PER_S

    def _stop_parsing(self, problem: ServiceError) -> None:
        """Within a callback of the parser: what it raises becomes `send_400_response`."""
        self._problem = problem
        raise problem

    def _head_too_large(self) -> HeadTooLargeError:
        return HeadTooLargeError(
            f"the head of the request has more than {self._settings.max_header_bytes} bytes (RAG_MAX_HEADER_BYTES)"
        )

    def _refuse(self, error: ServiceError) -> None:
        """Answers with the error unless another answer is on its way, and reads on for a moment: a socket that is
        closed with unread bytes takes the answer with it.
        """
        if self._refused_s is not None or self.transport.is_closing():
            return
        self._book.exit(self)
        self.connections.discard(self)
        is_answering, self.pipeline = self._is_answering(), type(self.pipeline)()
        if is_answering:
            has_started = self.cycle.response_started
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            self.flow.resume_writing()
            if has_started or not self.cycle.more_body:
                self.transport.abort()
                return
        if self._book.lingering >= MAX_LINGERING:
            self.transport.abort()
            return
        self._book.lingering += 1
        self._refused_s = self.loop.time()
        self.flow.resume_reading()
        self.transport.write(problem_on_the_wire(error))
        self.transport.write_eof()
        self.loop.call_later(_LINGER_S, self.transport.abort)
