"""What pods are asked to measure: a workload against a service, as the order of a run. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.workload import Workload, judging_keys
from ragmeter.core.run.plan import RunPlan
from ragmeter.jobs.names import ORDER_FOLDER
from ragmeter.jobs.orders import Document, order_of

BASELINE: Final = "baseline.raw.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One workload against the service at ``url``, as pods reach it.

    shards: into how many parts the load is divided. settings: further options, by their environment variables.
    baseline: the raw record, without samples, of the run that is to be measured again; pods refuse another service.
    """

    workload: Workload
    provider: Provider
    url: str
    shards: int
    settings: Mapping[str, str] = field(default_factory=dict)
    baseline: str | None = None


def _scripts(workload: Workload) -> list[list[dict[str, Any]]]:
    """As a manifest has them itself."""
    turns = iter(each.document() for each in workload.prompts)
    return [[next(turns) for _ in range(count)] for count in (workload.sessions.turns if workload.sessions else ())]


def identity_only(plan: RunPlan) -> RunPlan:
    """A plan with what tells whether another run measures the same, and without what makes it large."""
    return replace(
        plan, workload=replace(plan.workload, prompts=(), trace=(), manifest={}), calibration=None, vantages=()
    )


def config_map_of(run: str, order: Order) -> Document:
    """Secrets of the provider file and what judges a run stay here: pods measure, and this side judges."""
    files = _files(order)
    named = {"RAGMETER_BASELINE": f"{ORDER_FOLDER}/{BASELINE}"} if BASELINE in files else {}
    options = {
        "RAGMETER_PROVIDER": f"{ORDER_FOLDER}/provider.yaml",
        "RAGMETER_WORKLOAD": f"{ORDER_FOLDER}/workload.yaml",
        "RAGMETER_SHARDS": str(order.shards),
        **named,
        **order.settings,
    }
    return order_of(run, options, files)


def _files(order: Order) -> dict[str, str]:
    """JSON is YAML. What is written here is read again by a pod of the same version."""
    workload = order.workload
    manifest = {key: value for key, value in workload.manifest.items() if key not in judging_keys}
    files = {} if order.baseline is None else {BASELINE: order.baseline}
    if "prompts_file" in manifest:
        manifest["prompts_file"] = "prompts.jsonl"
        lines = [json.dumps(each.document()) for each in workload.prompts]
        files["prompts.jsonl"] = "\n".join(lines)
    if workload.sessions is not None:
        manifest["sessions"] = {**manifest["sessions"], "turns": _scripts(workload)}
        manifest["sessions"].pop("file", None)
    inside = {"schema": "provider.v1", "name": order.provider.name, "base_url": order.url}
    return {**files, "workload.yaml": json.dumps(manifest), "provider.yaml": json.dumps(inside)}
