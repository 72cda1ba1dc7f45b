"""Serves a recorded Prometheus page that moves: for targets that no test machine has."""

import http.server
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

TYPE = re.compile(r"# TYPE (\S+) (counter|histogram)")
SAMPLE = re.compile(r"([^\s{]+)(\{.*\})? (\S+)")
SUFFIX = re.compile(r"_(bucket|sum|count)$")


def at_second(text: str, second: int) -> str:
    """The page with counters and histograms multiplied by ``second``: a steady rate. Gauges stay as they are."""
    growing = {name for name, _ in TYPE.findall(text)}
    return "".join(_line(line, growing, second) for line in text.splitlines(keepends=True))


def _line(line: str, growing: set[str], second: int) -> str:
    sample = SAMPLE.fullmatch(line.rstrip("\n"))
    if line.startswith("#") or sample is None:
        return line
    name, labels, value = sample.groups()
    if name not in growing and SUFFIX.sub("", name) not in growing:
        return line
    return f"{name}{labels or ''} {float(value) * second!r}\n"


@contextmanager
def replaying(text: str) -> Iterator[str]:
    """The ``host:port`` of an exporter on loopback, until the block ends."""
    began = time.monotonic()

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = at_second(text, 1 + int(time.monotonic() - began)).encode()
            self.send_response(200)
            self.send_header("content-type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # a Prometheus that ends waits for no answer
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
            """Silent: Prometheus asks every second."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
