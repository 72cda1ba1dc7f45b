"""A RAG service that writes down what it is asked."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ANSWER = (
    b'event: meta\ndata: {"documents": [{"id": "a.md#1"}]}\n\nevent: token\ndata: {"text": "a "}\n\n'
    b'event: token\ndata: {"text": "word"}\n\n'
    b'event: done\ndata: {"token_count": 2, "prompt_tokens": 900, "finish_reason": "stop"}\n\n'
)


@dataclass(slots=True)
class Recording:
    """bodies: of all queries, in their order. failing: so many of the next queries are refused."""

    info: Mapping[str, Any] | None
    failing: int = 0
    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def recording(info: Mapping[str, Any] | None, *, failing: int = 0) -> Iterator[Recording]:
    """info: what it says of itself; None for a service that has no /info."""
    found = Recording(info=info, failing=failing)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            known = self.path == "/readyz" or (self.path == "/info" and info is not None)
            self._answer(
                200 if known else 404, json.dumps(info if self.path == "/info" else {}).encode(), "application/json"
            )

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with lock:
                found.bodies.append(body)
                fails, found.failing = found.failing > 0, max(0, found.failing - 1)
            if fails:
                self._answer(503, b'{"message": "not yet"}', "application/json")
            else:
                self._answer(200, ANSWER, "text/event-stream")

        def _answer(self, status: int, content: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
