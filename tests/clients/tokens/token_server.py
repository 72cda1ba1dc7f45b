"""A real token endpoint, and a service behind its tokens: each request waits until another token was issued."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

SECRET = "the-secret-of-the-client"
PATIENCE_S = 60
EVENTS = [
    {"choices": [{"delta": {"content": "An answer."}}]},
    {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 3, "completion_tokens": 2}},
]


class TokenServer(ThreadingHTTPServer):
    """issued: tokens in their order. forms: what their clients asked for. asked: the header of each question."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.lasts_s = 2
        self.issued: list[str] = []
        self.forms: list[dict[str, list[str]]] = []
        self.asked: list[str] = []
        self.another = threading.Condition()

    def issue(self) -> str:
        with self.another:
            self.issued.append(f"token-number-{len(self.issued)}-of-the-server")
            self.another.notify_all()
            return self.issued[-1]

    def wait_for_another(self) -> None:
        with self.another:
            before = len(self.issued)
            assert self.another.wait_for(lambda: len(self.issued) > before, PATIENCE_S)


class _Handler(BaseHTTPRequestHandler):
    server: TokenServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_words: Any) -> None: ...

    def _send(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self._send(200, json.dumps({"data": [{"id": "small"}]}).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/v1/chat/completions":
            self._answer()
        else:
            self._token(body)

    def _answer(self) -> None:
        header = self.headers["authorization"]
        self.server.asked.append(header)
        if len(self.server.asked) == 4:
            self._send(500, json.dumps({"error": f"no entry for {header}"}).encode())
            return
        self.server.wait_for_another()
        stream = "".join(f"data: {json.dumps(event)}\n\n" for event in EVENTS) + "data: [DONE]\n\n"
        self._send(200, stream.encode(), "text/event-stream")

    def _token(self, body: bytes) -> None:
        asked = base64.b64decode(self.headers.get("authorization", "").removeprefix("Basic ")).decode()
        if asked != f"load:{SECRET}":
            self._send(401, b'{"error": "invalid_client", "error_description": "who is that?"}')
            return
        self.server.forms.append(parse_qs(body.decode()))
        answers: dict[str, dict[str, object]] = {
            "/token": {"token_type": "bearer", "expires_in": self.server.lasts_s},
            "/page": {"hello": "world"},
            "/mac": {"access_token": "t", "token_type": "mac"},
            "/odd": {"access_token": "t", "token_type": "bearer", "expires_in": "soon"},
        }
        if (answer := answers.get(self.path)) is None:
            self._send(404, b"no such page", "text/plain")
            return
        if self.path == "/token":
            answer["access_token"] = self.server.issue()
        self._send(200, json.dumps(answer).encode())


@contextmanager
def token_server() -> Iterator[TokenServer]:
    """It runs in threads of this process."""
    with TokenServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(30)
