"""A process that shows a session while it runs: ``python -m ragmeter.run.processes.live FD``.

It is told over the socket FD what happens, and serves a page with plots, its series and ``/metrics`` on loopback. It
ends when the other end is gone. It sends no load, and nobody waits for it.
"""

import json
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Final

from ragmeter.core.campaign.live import LiveSeries
from ragmeter.run.processes.channel import records, written

HOST: Final = "127.0.0.1"
_POLICY: Final = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Handler)
        self.series = LiveSeries(time.monotonic())
        self.lock = threading.Lock()
        self.page = files("ragmeter.run.processes").joinpath("live.html").read_bytes()

    @property
    def address(self) -> str:
        return f"{HOST}:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """A page of another site that gives this address its own name is told nothing."""
        if self.headers.get("host") not in {self.server.address, f"localhost:{self.server.server_port}"}:
            self.send_error(421)
            return
        now_s = time.monotonic()
        with self.server.lock:
            if self.path == "/":
                self._write("text/html; charset=utf-8", self.server.page)
            elif self.path == "/series.json":
                self._write("application/json", json.dumps(self.server.series.document(now_s)).encode())
            elif self.path == "/metrics":
                self._write("text/plain; version=0.0.4; charset=utf-8", self.server.series.exposition(now_s).encode())
            else:
                self.send_error(404)

    def _write(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        for name, value in (
            ("content-type", kind),
            ("content-length", str(len(body))),
            ("cache-control", "no-store"),
            ("content-security-policy", _POLICY),
            ("x-content-type-options", "nosniff"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server calls it
        """Nothing is logged."""


def main(descriptor: int) -> None:
    """Serve until the parent is gone."""
    sock = socket.socket(fileno=descriptor)
    with _Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sock.sendall(written(f"http://{server.address}/"))
        for told in records(sock):
            now_s = time.monotonic()
            with server.lock:
                for record in told:
                    server.series.take(record, now_s)
        server.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]))
