"""A service that repeats the secret of each request, in every place that it has: no file and no line shows it."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from typing import Any
from urllib.parse import quote

import pytest

from tests._pytest.project import Project

SECRET = "s3cr3t/of+mine&that<is>long"
SHAPES = (
    SECRET,
    quote(SECRET, safe=""),
    "s3cr3",
    "is>long",
    base64.b64encode(SECRET.encode()).decode()[:24],
    "3cr3t\\/of",
)

SUITE = """
    import logging

    def test_it(run_workload):
        assert run_workload().requests

    def test_that_repeats_a_header(provider):
        (value,) = provider.headers.values()
        logging.getLogger("httpcore").warning("sent %r", {"authorization": value})
        print(value)
        assert value == "Bearer another"
"""


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    numbers: "count[int]"

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        said = self.headers["authorization"]
        told = {"status": "ok", "model_id": said, "llm_engine": quote(said), said: 1, "declared": {"region": said}}
        self._answer(200, json.dumps(told))

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        said = self.headers["authorization"]
        bare = said.removeprefix("Bearer ")
        meta = {"request_id": bare, "replica_id": said, "model_id": bare, "trace_id": bare, "documents": [{"id": bare}]}
        begun = f"event: meta\ndata: {json.dumps(meta)}\n\n"
        bodies = (
            (401, json.dumps({"error": f"wrong key {said}"})),
            (403, "x" * 180 + bare),
            (307, ""),
            (200, begun + f"event: error\ndata: {json.dumps({'message': quote(bare)})}\n\n"),
            (200, begun + f"event: error\ndata: {base64.b64encode(said.encode()).decode()}\n\n"),
            (200, begun + "event: token\ndata: " + json.dumps({"text": "a", "n": bare}).replace("/", "\\/") + "\n\n"
             + f"event: done\ndata: {json.dumps({'finish_reason': bare, 'token_count': 1})}\n\n"),
        )  # fmt: skip
        status, body = bodies[next(self.numbers) % len(bodies)]
        self._answer(status, body)

    def _answer(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("content-type", "text/event-stream" if body.startswith("event") else "application/json")
        self.send_header("location", f"/elsewhere?key={quote(self.headers['authorization'])}")
        self.send_header("x-request-id", self.headers["authorization"])
        self.send_header("content-length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())


@contextmanager
def echo() -> Iterator[str]:
    handler = type("Echo", (_Echo,), {"numbers": count()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("target", ["rag", "openai"])
def test_no_report_shows_what_a_service_repeats_of_a_secret(project: Project, target: str) -> None:
    project.env(MY_TOKEN=SECRET)
    project.suite(SUITE)
    model: dict[str, Any] = {"target": "openai", "model": {"model_id": "any"}} if target == "openai" else {}
    project.workload(benchmark={"requests": 12, "concurrency": 1}, **model)
    with echo() as url:
        project.provider(base_url=url, headers={"Authorization": "Bearer ${MY_TOKEN}"}, region=None)
        outcome = project.run("--bench-show-errors=12", "-l", "--log-cli-level=DEBUG", "-rA")
    assert outcome.ret == pytest.ExitCode.TESTS_FAILED
    written = {path.name: path.read_text(encoding="utf-8") for path in project.reports.rglob("*") if path.is_file()}
    assert {name.partition(".")[2] for name in written} >= {"raw.jsonl", "json", "html", "xml"}
    written |= {"stdout": outcome.stdout.str(), "stderr": outcome.stderr.str()}
    shown = [(name, shape) for name, text in written.items() for shape in SHAPES if shape in text]
    assert not shown, [
        (name, text[max(0, text.find(shape) - 80) :][:160]) for name, shape in shown for text in [written[name]]
    ]
    assert "wrong key ***" in written["stdout"]
    assert "assert '***' == 'Bearer another'" in written["stdout"]
    said = json.dumps(project.samples())
    assert said.count("***") > 12
    if target == "rag":
        assert project.result()["run_metadata"]["model_id"] == "***"


def test_service_that_refuses_every_request_does_not_show_it_either(project: Project) -> None:
    project.env(MY_TOKEN=SECRET)
    with echo() as url:
        project.provider(base_url=f"{url}/x", headers={"Authorization": "Bearer ${MY_TOKEN}"}, workload="./none.yaml")
        outcome = project.run()
    assert not [shape for shape in SHAPES if shape in outcome.stderr.str() + outcome.stdout.str()]
