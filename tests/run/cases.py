"""A workload and a provider for tests that need one and do not care which."""

from dataclasses import replace
from typing import Any

from ragmeter.clients.files import schema
from ragmeter.core.inputs.provider import Provider, provider_from
from ragmeter.core.inputs.workload import Workload, workload_from
from ragmeter.core.run.plan import DeclaredSlo, RunPlan


def workload(**changes: Any) -> Workload:
    """Four requests, two at a time."""
    document = {
        "schema": "workload.v1",
        "name": "tiny",
        "cache": {"kv": "natural"},
        "benchmark": {"requests": 4, "concurrency": 2, "timeout": 10, "max_output_tokens": 16},
        "prompts": ["What is the time to first token?", "Why?"],
    }
    made = workload_from(document, path="tiny.yaml", prompts=(), settings=(), schema=schema("workload.v1"))
    return replace(made, **changes)


def provider(base_url: str = "http://127.0.0.1:1", **changes: Any) -> Provider:
    document = {"schema": "provider.v1", "name": "mine", "base_url": base_url}
    made = provider_from(document, path="mine.yaml", environment={}, base_url=None, schema=schema("provider.v1"))
    return replace(made, **changes)


def plan(**changes: Any) -> RunPlan:
    made = RunPlan(
        run_id="mine-tiny-20260222T101530Z",
        ragmeter_version="0",
        definitions_version="0",
        provider="mine",
        provider_path="mine.yaml",
        workload=workload(),
        slos=(DeclaredSlo(expression="errors <= 0", origin="tiny.yaml"),),
        cost={"as_of": "2026-01-30", "source": "a list", "gpu_node_usd_per_hr": 0.52},
        metadata={"region": "us-ord", "k": 5},
        metadata_origins={"region": "mine.yaml", "zone": None},
        started_at="2026-02-22T10:15:30+00:00",
        clock="user",
        warnings=("a warning",),
    )
    return replace(made, **changes)
