"""A fake LLM for what a real one does rarely: it hangs, cuts, stalls and lies on request. The real one is tested, too.

Each request runs `script`; the helpers write an OpenAI stream piece by piece.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DEADLINE_S = 60.0
MODELS = b'{"data": [{"id": "fake-model", "max_model_len": 512}]}'
USAGE = {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}


class Reply(BaseHTTPRequestHandler):
    """One request to the fake. `protocol_version` keeps connections, as real servers do."""

    protocol_version = "HTTP/1.1"
    server: FakeServer
    body: dict[str, Any]

    def do_GET(self) -> None:
        if self.path == "/v1/models":
            self.content(self.server.fake.models_status, self.server.fake.models)
        elif self.path in self.server.fake.pages:
            self.content(200, self.server.fake.pages[self.path])
        else:
            self.answer(404, {"error": {"message": f"no {self.path} here"}})

    def do_POST(self) -> None:
        self.body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.fake.requests.append(self.body)
        self.server.fake.headers.append({name.lower(): value for name, value in self.headers.items()})
        try:
            self.server.fake.script(self)
        except (BrokenPipeError, ConnectionResetError):
            self.server.fake.cancelled.set()
            self.close_connection = True

    def answer(self, status: int, body: dict[str, Any]) -> None:
        self.content(status, json.dumps(body).encode())

    def content(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def start(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def raw(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def event(self, payload: dict[str, Any]) -> None:
        self.raw(b"data: " + json.dumps(payload).encode() + b"\n\n")

    def delta(self, delta: dict[str, Any], finish_reason: str | None = None, **more: Any) -> None:
        self.event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}], **more})

    def words(self, *words: str) -> None:
        self.start()
        self.delta({"role": "assistant", "content": ""})
        for word in words:
            self.delta({"content": word})

    def end(self, usage: dict[str, int] | None = USAGE) -> None:
        self.delta({}, "stop")
        if usage is not None:
            self.event({"choices": [], "usage": usage})
        self.raw(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def wait_for_close(self) -> None:
        """Until the caller closes the connection; then says so in `cancelled`."""
        self.connection.settimeout(DEADLINE_S)
        try:
            gone = self.connection.recv(1) == b""
        except ConnectionResetError:
            gone = True
        except TimeoutError:
            gone = False
        if gone:
            self.server.fake.cancelled.set()
        self.close_connection = True

    def cut(self) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Silent."""


class FakeServer(ThreadingHTTPServer):
    daemon_threads = True
    fake: FakeLlm

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that goes away is what these tests are about."""


class FakeLlm:
    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.cancelled = threading.Event()
        self.models_status = 200
        self.models = MODELS
        self.pages: dict[str, bytes] = {}
        self.script: Callable[[Reply], None] = hello
        self._server = FakeServer(("127.0.0.1", 0), Reply)
        self._server.fake = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def reset(self) -> None:
        self.requests.clear()
        self.headers.clear()
        self.cancelled.clear()
        self.models_status = 200
        self.models = MODELS
        self.pages = {}
        self.script = hello

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(DEADLINE_S)


def hello(reply: Reply) -> None:
    reply.words("Hel", "lo", " you")
    reply.end()


def slowly(gate: threading.Event) -> Callable[[Reply], None]:
    """One word, the rest once `gate` is set; signs of life meanwhile, so that nobody gives it up for its silence."""

    def script(reply: Reply) -> None:
        reply.words("Hel")
        until_s = time.monotonic() + DEADLINE_S
        while not gate.wait(0.05) and time.monotonic() < until_s:
            reply.delta({"content": ""})
        reply.delta({"content": "lo"})
        reply.end()

    return script


def wordless(reply: Reply) -> None:
    """Signs of life without a word, until the caller goes away."""
    reply.words()
    until_s = time.monotonic() + DEADLINE_S
    while time.monotonic() < until_s:
        reply.delta({"content": ""})
        time.sleep(0.02)


def drip(reply: Reply) -> None:
    """Words without end, until the caller goes away."""
    reply.words("a")
    until_s = time.monotonic() + DEADLINE_S
    while time.monotonic() < until_s:
        reply.delta({"content": "a"})
        time.sleep(0.02)
