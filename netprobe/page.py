"""The page that Prometheus scrapes."""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from netprobe.serve import listening

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
REQUEST_TIMEOUT_S = 10


def page(port: int, text: Callable[[], str]) -> ThreadingHTTPServer:
    """A server of ``/metrics`` with what text() returns at that moment; it listens already."""

    class Metrics(BaseHTTPRequestHandler):
        timeout = REQUEST_TIMEOUT_S

        def do_GET(self) -> None:
            if self.path != "/metrics":
                self.send_error(404)
                return
            body = text().encode()
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            """A line for each scrape would tell nothing."""

    server = ThreadingHTTPServer(("", 0), Metrics, bind_and_activate=False)
    server.socket.close()
    server.socket = listening(port)
    return server
