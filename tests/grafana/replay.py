"""Prometheus pages that are recorded, and served so that they move: for targets that no test machine has."""

import http.server
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

TYPE = re.compile(r"# TYPE (\S+) (counter|histogram)")
SAMPLE = re.compile(r"([^\s{]+)(\{.*\})? (\S+)")
SUFFIX = re.compile(r"_(bucket|sum|count)$")
LEFT_OUT: Final = re.compile(r"(python|http)_|.*_created$")
HEAD: Final = """\
# Recorded by `tox -e vllm` from a vLLM on the CPU, in the middle of a run of the suite. The families of Python, of HTTP
# and of the times of creation are left out. The exporter that serves it multiplies counters and histograms by the
# seconds since its start, and leaves gauges alone.
"""


def recorded(page: str) -> str:
    """The page without what no dashboard reads."""
    families = re.split(r"(?m)^(?=# HELP )", page)
    kept = [family for family in families if family.startswith("# HELP ") and not LEFT_OUT.match(family.split()[2])]
    return HEAD + "".join(kept)


def shape(page: str) -> set[tuple[str, str, tuple[str, ...]]]:
    """Name, type of the family and names of the labels of every sample."""
    return {
        (sample.name, family.type, tuple(sorted(sample.labels)))
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


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
