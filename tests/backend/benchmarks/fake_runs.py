"""Runs of benchmarks on a fake API server."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from kubernetes import client

from backend.benchmarks.benchmarks import read_template
from backend.benchmarks.kube import connect
from backend.benchmarks.runs import Runs
from backend.bodies.benchmark import BenchmarkRequest
from backend.settings import Settings
from ragmeter.jobs import documents as written
from tests.backend.fake_kube import FakeKube

NAMESPACE = "here"


CORE = f"/api/v1/namespaces/{NAMESPACE}"


ENVIRONMENT = {
    "BENCH_IMAGE": "example/runner:1.2.3",
    "BENCH_TTL_SECONDS": "77",
    "BENCH_MAX_SECONDS": "600",
    "BENCH_KEEP": "2",
    "RAG_PROVIDER": "aws-eks",
}


INFO = {
    "docsets": {"default": {}, "faq": {}},
    "limits": {"max_k": 100},
    "k": 2,
    "model_id": "Qwen/Qwen3-1.7B",
    "dtype": "float16",
}


def runs_on(url: str, **environ: str) -> Runs:
    settings = Settings.from_environ({**ENVIRONMENT, **environ})
    return Runs(kube=connect(client.Configuration(host=url), NAMESPACE), settings=settings, template=read_template())


def started(runs: Runs, **body: Any) -> str:
    name: str = runs.start(BenchmarkRequest(**body))["job_name"]
    return name


def end(cluster: FakeKube, *, kind: str = "Complete", **values: str) -> None:
    for job in cluster.named("jobs"):
        job["status"]["conditions"] = [{"type": kind, "status": "True", **values}]


def add_pod(cluster: FakeKube, run: str, name: str, **state: Any) -> None:
    labels = {"ragmeter.dev/run": run}
    cluster.add(f"{CORE}/pods", {"metadata": {"name": name, "labels": labels}, "status": state})


def add_result(cluster: FakeKube, run: str, document: dict[str, Any], *, outcome: str = "PASS", parts: int = 1) -> None:
    """As the pods write it, in at least so many parts."""
    content = json.dumps(document).encode() + b" " * 9
    size = -(-len(gzip.compress(content, mtime=0)) // parts)
    order = cluster.objects[f"{CORE}/configmaps/{run}"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(written, "PART_BYTES", size)
        for part in reversed(written.parts_of(order, "result", content, {"outcome": outcome})):
            cluster.add(f"{CORE}/configmaps", part)
