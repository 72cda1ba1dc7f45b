"""Raw records of runs that never ran, with known factors for the run and for each trial."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ragmeter.core.requests.records import RequestSample, TokenSource
from ragmeter.core.run.plan import DeclaredSlo, RunEnding, RunPlan
from ragmeter.core.run.saved import SavedRun
from ragmeter.run.plan.catalog import load_workload
from ragmeter.run.store import SampleLog
from tests.core.samples import sample

PRICES = {
    "as_of": "2026-01-30",
    "source": "list prices",
    "gpu_node_usd_per_hr": 0.52,
    "gpu_node_count": 1,
    "cpu_node_usd_per_hr": 0.036,
    "cpu_node_count": 2,
    "cluster_mgmt_usd_per_hr": 0,
}
METADATA = {
    "docset_hash": "d0",
    "prompt_template_hash": "t0",
    "model_id": "m",
    "dtype": "float16",
    "quantization": "none",
    "llm_engine": "vllm",
    "vllm_version": "0.32.0",
    "gpu_model": "L4",
    "region": "here",
}


def plan_of(provider: str, *, metadata: dict[str, Any] | None = None, **fields: Any) -> RunPlan:
    return RunPlan(
        **{
            "run_id": f"{provider}-1",
            "ragmeter_version": "0",
            "definitions_version": "1",
            "provider": provider,
            "provider_path": f"{provider}.yaml",
            "workload": replace(load_workload("example"), seed=7),
            "slos": (DeclaredSlo(expression="p50(ttft_ms) <= 1000", origin="there.yaml"),),
            "cost": PRICES,
            "metadata": {"provider": provider, **METADATA, **(metadata or {})},
            "metadata_origins": {},
            "started_at": "2026-02-22T10:15:30+00:00",
            "clock": "user",
            **fields,
        }
    )


def samples_of(
    factors: Sequence[float], *, requests: int = 40, ttft_ms: float = 300.0, seed: int = 1
) -> tuple[RequestSample, ...]:
    """One request after the other; a trial's factor stretches every time of that trial."""
    rng = np.random.default_rng(seed)
    found: list[RequestSample] = []
    at_ms = 0.0
    for trial, factor in enumerate(factors):
        for _ in range(requests):
            first = factor * ttft_ms * float(rng.lognormal(0, 0.3))
            gaps = [factor * 20.0 * float(rng.lognormal(0, 0.1)) for _ in range(9)]
            found.append(
                sample(index=len(found), trial=trial, at_ms=at_ms, ttft_ms=first, gaps_ms=gaps, received_bytes=2000)
            )
            at_ms += first + sum(gaps) + 1
        at_ms += 1000
    return tuple(found)


def saved_run(provider: str, factors: Sequence[float], *, requests: int = 40, seed: int = 1, **fields: Any) -> SavedRun:
    return SavedRun(
        path=f"{provider}.raw.jsonl",
        plan=plan_of(provider, **fields),
        samples=samples_of(factors, requests=requests, seed=seed),
        ending=RunEnding(status="complete", client_cpu_ratio=0.1),
    )


def by_deltas(run: SavedRun) -> SavedRun:
    """The same of a service that sends no usage block."""
    samples = tuple(replace(each, token_source=TokenSource.DELTAS) for each in run.samples)
    return replace(run, samples=samples)


def write_raw(folder: Path, run: SavedRun) -> Path:
    """Its raw record, written by the code that writes those of real runs."""
    log = SampleLog(folder / run.path)
    log.plan(run.plan)
    for each in run.samples:
        log.sample(each)
    log.ending(run.ending)
    return log.close()
