"""A real vLLM on the CPU behind the real backend, measured by the suite and scraped by a real Prometheus.

It is not collected by itself: ``tox -e vllm`` has the packages, which are large, and a checkpoint, whose folder
``RAGMETER_CHECKPOINT`` names. With ``RAGMETER_RECORD`` set, the page that the fast tests replay is written again.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import yaml

from ragmeter.run.local.service import local_service
from ragmeter.run.plan.catalog import load_provider
from tests.backend.collector import Collector, collector
from tests.backend.running import Backend
from tests.grafana.boards import GRAFANA, PanelQuery, panel_queries
from tests.grafana.dimensions import metrics
from tests.grafana.observation import EXPOSITIONS, cluster_config
from tests.grafana.prometheus import Prometheus, prometheus
from tests.grafana.replay import recorded, shape
from tests.grafana.test_panels import check_numbers
from tests.tethered import tethered
from tests.waiting import wait_until

RECORDING: Final = EXPOSITIONS / "vllm.txt"
OLD_NAMES: Final = {"vllm:gpu_cache_usage_perc", "vllm:time_per_output_token_seconds_bucket"} | {
    f"vllm:gpu_prefix_cache_{event}_total" for event in ("hits", "queries")
}
REQUESTS: Final = 60
QUERIES: Final = [query for query in panel_queries() if "vllm:" in query.expr and "DCGM_" not in query.expr]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What is left of the run of the suite.

    tracer: gets vLLM's spans. page: vLLM's metrics while it answered. suite: pytest's exit status.
    """

    prometheus: Prometheus
    tracer: Collector
    llm_url: str
    suite: int
    page: str
    at_s: float


@pytest.fixture(scope="module")
def tracer() -> Iterator[Collector]:
    """vLLM and the backend send it every span at once."""
    with collector() as found, pytest.MonkeyPatch.context() as environment:
        environment.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.url)
        environment.setenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf")
        environment.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
        yield found


@pytest.fixture(scope="module")
def run(tracer: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("vllm")
    embedded = _embedded(f"{tracer.url}/v1/traces")
    provider = load_provider(str(_provider(folder, local=embedded)), environment=os.environ)
    assert provider.local is not None
    rules = sorted((GRAFANA / "rules").glob("*.yaml"))
    with local_service(provider, provider.local, print) as service:
        urls = {"rag-backend": str(service.provider.base_url), "vllm": str(service.provider.llm_url)}
        config = cluster_config({name: url.removeprefix("http://") for name, url in urls.items()})
        with prometheus(folder / "prometheus", config, rules) as server:
            measured = _provider(folder, base_url=urls["rag-backend"], llm_url=urls["vllm"], workload="smoke")
            suite, page = _measure(measured, urls["vllm"])
            yield Run(prometheus=server, tracer=tracer, llm_url=urls["vllm"], suite=suite, page=page, at_s=time.time())


def _provider(folder: Path, **keys: Any) -> Path:
    path = folder / ("embedded.yaml" if "local" in keys else "measured.yaml")
    path.write_text(yaml.safe_dump({"schema": "provider.v1", "name": "vllm-cpu", **keys}), encoding="utf-8")
    return path


def _embedded(traces: str) -> dict[str, Any]:
    arguments = ["--enforce-eager", "--dtype", "bfloat16", "--max-model-len", "2048", "--otlp-traces-endpoint", traces]
    model = os.environ["RAGMETER_CHECKPOINT"]
    return {"engine": "vllm", "model": model, "context_max_chars": 700, "startup_timeout": 600, "args": arguments}


def _measure(provider: Path, llm_url: str) -> tuple[int, str]:
    """Run the suite; its exit status, and the last page of vLLM on which a request was running."""
    command = [sys.executable, "-m", "pytest", "bench", f"--provider={provider}", f"--bench-requests={REQUESTS}"]
    command += [f"--bench-report-dir={provider.parent}"]
    page = ""
    with subprocess.Popen(tethered(command), cwd=GRAFANA.parent) as suite, httpx.Client(trust_env=False) as client:
        while suite.poll() is None:
            seen = client.get(f"{llm_url}/metrics", timeout=30).text
            page = seen if "vllm:num_requests_running{" in seen and _running(seen) else page
            time.sleep(0.2)
    return suite.returncode, page


def _running(page: str) -> bool:
    lines = [line for line in page.splitlines() if line.startswith("vllm:num_requests_running{")]
    return any(float(line.rpartition(" ")[2]) > 0 for line in lines)


def test_the_suite_passes_on_a_real_vllm(run: Run) -> None:
    assert run.suite == pytest.ExitCode.OK


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_a_panel_shows_numbers_of_a_real_vllm(run: Run, query: PanelQuery) -> None:
    check_numbers(run.prometheus.query(query.substituted(".*"), run.at_s), expected=("akamai-lke",))


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_every_metric_is_exposed_unless_it_is_the_name_from_before(run: Run, query: PanelQuery) -> None:
    exposed = run.prometheus.label_values("__name__")
    assert set(metrics(query.substituted(".*"))) - exposed <= OLD_NAMES


def test_the_load_was_seen_by_the_engine(run: Run) -> None:
    asked = "sum(max_over_time(vllm:request_success_total[10m]))"
    ((_, answered),) = run.prometheus.query(asked, run.at_s)
    assert answered >= REQUESTS
    ((_, most),) = run.prometheus.query("max(max_over_time(vllm:num_requests_running[10m]))", run.at_s)
    assert most >= 1


def test_the_spans_of_vllm_lie_below_the_span_of_the_query_that_waits_for_it(run: Run, tmp_path: Path) -> None:
    backend = Backend(data_dir=tmp_path, llm_url=run.llm_url, RAG_TRACING="1")
    try:
        answer = backend.http.post("/query", json={"query": "What is a token?", "k": 0, "max_tokens": 8}).json()
        spans = wait_until(
            lambda: found if {"POST", "llm_request"} <= set(found := run.tracer.trace(answer["trace_id"])) else None, 10
        )
    finally:
        backend.close()
    chat, engine = spans["chat"], spans["llm_request"]
    assert engine.parent == chat.span_id
    assert engine.attributes["gen_ai.usage.completion_tokens"] == chat.attributes["gen_ai.usage.output_tokens"]
    told = ("time_in_queue", "time_in_model_prefill", "time_in_model_decode")
    print({name: engine.attributes[f"gen_ai.latency.{name}"] for name in told})


def test_the_recording_of_the_fast_tests_has_the_names_types_and_labels_of_today(run: Run) -> None:
    page = recorded(run.page)
    if os.environ.get("RAGMETER_RECORD"):
        RECORDING.write_text(page, encoding="utf-8")
    assert shape(page) == shape(RECORDING.read_text(encoding="utf-8")), "RAGMETER_RECORD=1 tox -e vllm writes it again"


LONG: Final = " ".join(
    ["What is the time to first token of a request, and which part of it is the queue of the server?"] * 20
)


@pytest.mark.parametrize(("state", "mark"), [("cold", "cache_salt"), ("warm", None)])
def test_a_declared_cache_state_is_what_vllm_counts(run: Run, state: str, mark: str | None, tmp_path: Path) -> None:
    workload = {
        "schema": "workload.v1",
        "name": "repeating",
        "target": "openai",
        "model": {"model_id": Path(os.environ["RAGMETER_CHECKPOINT"]).name},
        "benchmark": {"requests": 24, "concurrency": 2, "max_output_tokens": 4, "timeout": 300},
        "cache": {"kv": state},
        "prompts": [f"Question {number} of six. {LONG}" for number in range(6)],
    }
    (tmp_path / "repeating.yaml").write_text(yaml.safe_dump(workload), encoding="utf-8")
    provider = _provider(tmp_path, base_url=run.llm_url, workload=str(tmp_path / "repeating.yaml"))
    command = [sys.executable, "-m", "pytest", "bench", f"--provider={provider}", "-m", "north_south"]
    command += [f"--bench-report-dir={tmp_path}", f"--bench-json={tmp_path / 'result.json'}"]
    subprocess.run(tethered(command), cwd=GRAFANA.parent, check=True)
    caches = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))["caches"]
    assert (caches["declared"], caches["marked_by"], caches["repeated_in_run"]) == (state, mark, 18)
    assert [trial["source"] for trial in caches["trials"]] == ["vLLM"]
    ratio = caches["hit_ratio"]["value"]
    assert ratio <= 0.01 if state == "cold" else ratio >= 0.95
