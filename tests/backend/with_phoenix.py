"""A real tracer, Arize Phoenix, gets the traces of a run of the suite and gives them back.

It is not collected by itself: ``tox -e tracer`` has the package, which is large.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from playwright.sync_api import sync_playwright

from ragmeter.core.requests.records import RequestSample
from tests.backend.documents import GUIDE
from tests.backend.running import Backend
from tests.backend.suite import run_suite
from tests.programs import program
from tests.tethered import tethered
from tests.waiting import wait_until, wait_until_served

START_S: Final = 600.0
REQUESTS: Final = 12
STAGES: Final = {"queue", "embeddings", "retrieval", "chat"}
Span = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """traces: by their id, the spans that the tracer has, by the first word of their names."""

    tracer_url: str
    samples: list[RequestSample]
    traces: Mapping[str, Mapping[str, Span]]
    page: str


@pytest.fixture(scope="module")
def tracer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("phoenix")
    port, grpc_port = _free_ports(2)
    own = {"WORKING_DIR": str(folder), "HOST": "127.0.0.1", "PORT": str(port), "GRPC_PORT": str(grpc_port)}
    own["TELEMETRY_ENABLED"] = "false"
    environment = os.environ | {f"PHOENIX_{name}": value for name, value in own.items()}
    url = f"http://127.0.0.1:{port}"
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "phoenix.server.main", "serve"]
        server = subprocess.Popen(tethered(command), env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_until_served(server, url, START_S, lambda: (folder / "log").read_text("utf-8", errors="replace")[-3000:])
        yield url
    finally:
        server.terminate()
        server.wait(30)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


@pytest.fixture(scope="module")
def run(tracer: str, real_llm: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("run")
    traced = {"RAG_TRACING": "1", "OTEL_EXPORTER_OTLP_ENDPOINT": tracer, "OTEL_BSP_SCHEDULE_DELAY": "50"}
    backend = Backend(data_dir=folder / "index", llm_url=real_llm, RAG_CONTEXT_MAX_CHARS="300", **traced)
    try:
        backend.ingest({"guide.md": GUIDE})
        address = f"{tracer}/redirects/traces/{{trace_id}}"
        samples = run_suite(folder, backend.url, requests=REQUESTS, trace_url=address)
    finally:
        backend.close()
    ids = {sample.trace_id or "" for sample in samples}
    traces = wait_until(lambda: found if ids <= (found := _traces(tracer)).keys() else None, 30)
    return Run(tracer_url=tracer, samples=samples, traces=traces, page=(folder / "page.html").read_text("utf-8"))


def _traces(url: str) -> dict[str, dict[str, Span]]:
    answer = httpx.get(f"{url}/v1/projects/default/spans", params={"limit": 1000}, trust_env=False, timeout=30)
    found: dict[str, dict[str, Span]] = {}
    for span in answer.json()["data"] if answer.is_success else ():
        found.setdefault(span["context"]["trace_id"], {})[span["name"].partition(" ")[0]] = span
    return found


def test_the_trace_of_every_request_arrives_whole(run: Run) -> None:
    assert len(run.samples) == REQUESTS
    for sample in run.samples:
        spans = run.traces[sample.trace_id or ""]
        root = spans["POST"]
        assert set(spans) == {"POST", *STAGES}
        assert root["parent_id"] is None
        assert {spans[stage]["parent_id"] for stage in STAGES} == {root["context"]["span_id"]}
        assert root["attributes"]["rag.request_id"] == sample.request_id


def test_the_tracer_knows_the_stages_by_the_names_of_the_semantic_conventions(run: Run) -> None:
    for sample in run.samples:
        spans = run.traces[sample.trace_id or ""]
        kinds = {name: spans[name]["span_kind"] for name in ("embeddings", "retrieval", "chat")}
        assert kinds == {"embeddings": "EMBEDDING", "retrieval": "RETRIEVER", "chat": "LLM"}
        assert spans["chat"]["attributes"]["gen_ai.usage.output_tokens"] == sample.output_tokens


def test_a_link_of_the_report_opens_the_trace_in_the_tracer(run: Run) -> None:
    sample = max(run.samples, key=lambda one: one.ended_ns)
    link = f"{run.tracer_url}/redirects/traces/{sample.trace_id}"
    assert f'href="{link}"' in run.page
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(link)
        page.get_by_text("POST /query/stream").first.wait_for(timeout=60_000)
        assert (sample.trace_id or "") in page.url
        if folder := os.environ.get("RAGMETER_PICTURES"):
            page.screenshot(path=str(Path(folder) / "phoenix.png"))
        browser.close()
