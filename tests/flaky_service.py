"""A RAG service that fails a known share of its requests, and answers the others fast."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

GAP_S = 0.005
"""Before each event: text that comes all at once says nothing of the time per token."""

Fails = Callable[[int], int | None]
"""The HTTP status that the n-th question gets, from 0; None for an answer."""


def all_but(answered: int, of: int, status: int = 503) -> Fails:
    """Of each ``of`` questions the first ``answered`` get an answer."""
    return lambda number: None if number % of < answered else status


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "_Server"

    def log_message(self, *_: object) -> None:
        """No line on the terminal."""

    def do_GET(self) -> None:
        self._json(200, {"status": "ok"} if self.path in {"/healthz", "/readyz"} else {})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        status = self.server.fails(next(self.server.numbers))
        if status is not None:
            self._json(status, {"message": "overloaded"})
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for name, data in (("meta", {"documents": []}), *[("token", {"text": "a "})] * 4, ("done", _DONE)):
            time.sleep(GAP_S)
            self._chunk(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())
        self._chunk(b"")

    def _chunk(self, body: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(body), body))

    def _json(self, status: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


_DONE = {"token_count": 4, "prompt_tokens": 8, "finish_reason": "stop", "timings": {"ttft_ms": 0.1}}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, fails: Fails) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fails, self.numbers = fails, count()


@contextmanager
def flaky_service(fails: Fails) -> Iterator[str]:
    """Its URL while it runs."""
    server = _Server(fails)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
