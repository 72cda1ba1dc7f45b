"""What a side of a comparison was asked and where, and what of it nobody has observed."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ragmeter.core.formatting import number_text
from ragmeter.core.inputs.cache import state_of
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.requests.records import RequestSample
from ragmeter.core.run.metadata import DECLARED, declared_fields
from ragmeter.core.run.plan import RunEnding, RunPlan

_OF_METADATA: Final = (
    "model_id",
    "dtype",
    "llm_engine",
    "vllm_version",
    "backend_image_tag",
    "gpu_model",
    "gpu_count",
    "node_instance_type",
    "node_count",
    "region",
    "docset",
    "docset_hash",
    "client_host",
)
"""The fields of a run's metadata that a reader of a comparison asks for."""


def asked_of(plan: RunPlan) -> dict[str, Any]:
    """What was asked of the service and where it was asked, by name; without what nobody knows."""
    workload = plan.workload
    known = {
        "load": load_words(workload),
        "requests_per_trial": workload.requests,
        "max_output_tokens": workload.max_output_tokens,
        "k": workload.k,
        "cache_state": state_of(workload.caches) or "undeclared",
        **{name: plan.metadata.get(name) for name in _OF_METADATA},
        "docset": plan.metadata.get("docset") or workload.docset,
        "client_place": "inside and outside of the cluster" if plan.vantages else "one place",
        "workload_hash": workload.sha256,
    }
    return {name: value for name, value in known.items() if value is not None}


def load_words(workload: Workload) -> str:
    """``10 concurrent requests``, ``2 requests/s``, ``a search of the capacity``."""
    if workload.search is not None:
        return "a search of the capacity"
    if workload.trace:
        return f"a trace of {len(workload.trace)} requests"
    if workload.rates_per_s:
        return f"a sweep of {', '.join(number_text(rate) for rate in workload.rates_per_s)} requests/s"
    if workload.concurrency is not None:
        return f"{workload.concurrency} concurrent request{'' if workload.concurrency == 1 else 's'}"
    end = "" if workload.end_rate_per_s is None else f" rising to {number_text(workload.end_rate_per_s)}"
    return "an open loop" if workload.rate_per_s is None else f"{number_text(workload.rate_per_s)}{end} requests/s"


def declared_of(plan: RunPlan) -> dict[str, str]:
    """The fields of `asked_of` that somebody typed and nobody observed: who says so, by name."""
    origins = plan.metadata_origins
    return {
        name: (origins[name] or "").removeprefix(DECLARED) for name in declared_fields(origins) if name in _OF_METADATA
    }


def price_doubt(plan: RunPlan) -> str | None:
    """Why the prices may be those of another cluster; None without prices, and where their nodes were counted."""
    if plan.cost is None:
        return None
    counts = [plan.cost.get(name) for name in ("gpu_node_count", "cpu_node_count")]
    seen = plan.metadata.get("node_count")
    if seen is None or None in counts or "node_count" in declared_fields(plan.metadata_origins):
        sheet = f"the price sheet of {plan.cost.get('as_of') or 'an unknown date'}"
        return f"{sheet} was never matched with the cluster: nobody counted its nodes"
    priced = sum(count or 0 for count in counts)
    return None if priced == seen else f"the prices are of {priced} nodes, and the cluster has {seen}"


def seconds_per_trial(ending: RunEnding, trials: Mapping[int, Sequence[RequestSample]], plan: RunPlan) -> float | None:
    """The wall time of a measured trial with what is waited after it, on average; None without a trial."""
    lasted = [(part.ended_ns - part.began_ns) / 1e9 for part in ending.parts if part.name == "measured" and part.whole]
    if not lasted:
        lasted = [
            (max(sample.ended_ns for sample in own) - min(sample.scheduled_ns for sample in own)) / 1e9
            for own in trials.values()
            if own
        ]
    return sum(lasted) / len(lasted) + plan.workload.cool_down_s if lasted else None
