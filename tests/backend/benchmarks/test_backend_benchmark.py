"""The endpoints of benchmarks: who may ask, what is refused before the cluster is, and that no stream waits for it."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
from kubernetes import client

from backend.benchmarks.benchmarks import Benchmarks, build_benchmarks, read_template
from backend.benchmarks.kube import connect
from backend.benchmarks.runs import Runs
from backend.errors import ConfigurationError
from backend.settings import Settings
from tests.backend.fake_llm import FakeLlm
from tests.backend.running import Backend

ENDPOINTS = [
    ("POST", "/benchmark/run"),
    ("DELETE", "/benchmark/run"),
    ("GET", "/benchmark/status"),
    ("GET", "/benchmark/logs"),
    ("GET", "/benchmark/results"),
]


def send(backend: Backend, method: str, path: str, **body: object) -> tuple[int, str]:
    query = {} if method == "POST" else {"job": "rag-benchmark-0"}
    response = backend.http.request(method, path, params=query, json=body if method == "POST" else None)
    return response.status_code, response.json()["message"]


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_benchmarks_are_off_without_an_image(method: str, path: str, fake_service: Backend) -> None:
    assert send(fake_service, method, path) == (403, "benchmarks are off: BENCH_IMAGE names the image of the suite")


def test_every_endpoint_asks_for_the_token(shared_fake: FakeLlm, tmp_path: Path) -> None:
    backend = Backend(data_dir=tmp_path, llm_url=shared_fake.url, RAG_TOKEN="secret")
    try:
        assert [send(backend, *endpoint)[0] for endpoint in ENDPOINTS] == [401] * len(ENDPOINTS)
    finally:
        backend.close()


def test_an_image_outside_a_cluster_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match="BENCH_IMAGE is set, but this is no pod"):
        build_benchmarks(Settings.from_environ({"BENCH_IMAGE": "runner:1.0.0"}))


@pytest.mark.parametrize("job", ["", "a,b=c", "UPPER", "x" * 80, "../secrets"])
def test_a_name_that_no_run_can_have_is_refused(job: str, fake_service: Backend) -> None:
    response = fake_service.http.get("/benchmark/status", params={"job": job})
    assert (response.status_code, response.json()["type"]) == (422, "bad_request")


def test_the_event_loop_goes_on_while_the_cluster_is_asked() -> None:
    """The question is answered by the loop itself: if it stood still, nobody would."""
    kube = connect(client.Configuration(host="http://127.0.0.1:1"), "here")
    benchmarks = Benchmarks(runs=Runs(kube=kube, settings=Settings.from_environ({}), template=read_template()))

    async def ask() -> bool:
        answered = threading.Event()
        asyncio.get_running_loop().call_soon(answered.set)
        return await benchmarks.ask(lambda: answered.wait(60))

    try:
        assert asyncio.run(ask())
    finally:
        benchmarks.close()
