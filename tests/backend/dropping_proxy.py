"""A fake that degrades: it stands before the real backend and, from some question on, has it search for no passages.

What a service under pressure does by its load, this one does by the number of the question: a machine that is slow must
not move the step at which it begins.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

import httpx


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def log_message(self, *_: object) -> None:
        """No line on the terminal."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if next(self.server.numbers) >= self.server.served_well:
            body["k"] = 0
        answer = httpx.post(f"{self.server.backend}{self.path}", json=body, timeout=60)
        self.send_response(answer.status_code)
        self.send_header("content-type", answer.headers["content-type"])
        self.send_header("content-length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, backend: str, served_well: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.backend, self.served_well, self.numbers = backend, served_well, count()


@contextmanager
def dropping(backend: str, *, after: int) -> Iterator[str]:
    """The URL of a service that answers the first ``after`` questions as ``backend`` does."""
    server = _Server(backend, after)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(30)
