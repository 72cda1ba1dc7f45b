"""A real Prometheus that has scraped a real backend under load, for three providers at once."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from ragmeter.report.prometheus import prometheus_text
from ragmeter.run.catalog import load_provider
from ragmeter.run.local import local_service
from tests.grafana.prometheus import Prometheus, prometheus
from tests.grafana.replay import replaying
from tests.report.examples import passing

PROVIDERS = ("akamai-lke", "aws-eks", "gcp-gke")
HERE = Path(__file__).resolve().parent
LOAD_S = 12.0
RULES_S = 60.0


@pytest.fixture(scope="session")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """The backend, its embedder and its LLM are real; vLLM and DCGM are recorded pages that move, and say so.

    One backend stands for those of three providers: each is scraped under its own label ``provider``.
    """
    local = load_provider("local", environment=os.environ)
    assert local.local is not None
    with ExitStack() as stack:
        service = stack.enter_context(local_service(local, local.local, lambda _line: None))
        url = str(service.provider.base_url)
        pages = {name: (HERE / "expositions" / f"{name}.txt").read_text(encoding="utf-8") for name in ("vllm", "dcgm")}
        runs = [replace(passing(), run_id=name, run_metadata={"provider": name}) for name in PROVIDERS]
        targets = {name: stack.enter_context(replaying(text)) for name, text in pages.items()}
        targets["runs"] = stack.enter_context(replaying(prometheus_text(runs)))
        targets["rag-backend"] = url.removeprefix("http://")
        rules = sorted((HERE.parents[1] / "grafana" / "rules").glob("*.yaml"))
        server = stack.enter_context(prometheus(tmp_path_factory.mktemp("prometheus") / "run", _config(targets), rules))
        server.wait_until("rag_info", len(PROVIDERS), time.monotonic() + 20)
        _ask_for_a_while(url)
        server.wait_until("provider:slo_bad:ratio_rate1h", 3 * len(PROVIDERS), time.monotonic() + RULES_S)
        yield server


def _config(targets: dict[str, str]) -> dict[str, object]:
    """``provider`` is attached at the scrape, as in grafana/prometheus; a page of runs says it itself."""
    jobs: list[dict[str, object]] = [
        {
            "job_name": f"{name}-{provider}",
            "static_configs": [{"targets": [target], "labels": {"provider": provider}}],
        }
        for name, target in targets.items()
        if name != "runs"
        for provider in PROVIDERS
    ]
    jobs.append({"job_name": "runs", "honor_labels": True, "static_configs": [{"targets": [targets["runs"]]}]})
    timing = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    return {"global": timing, "rule_files": ["rules/*.yaml"], "scrape_configs": jobs}


def _ask_for_a_while(url: str) -> None:
    """Questions, one ingestion and one failing query, over several scrapes."""
    until = time.monotonic() + LOAD_S
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        client.post("/ingest", json={"texts": ["The probe runs before the load."], "docset": "more"}).raise_for_status()
        while time.monotonic() < until:
            body = {"query": "What is TTFT?", "k": 2, "max_tokens": 8}
            answer = client.post(
                "/query/stream", content=json.dumps(body), headers={"content-type": "application/json"}
            )
            assert "event: done" in answer.text, answer.text[-300:]
            assert client.post("/query", json={"query": "x", "docset": "nowhere"}).status_code == 404
