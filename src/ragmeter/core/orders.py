"""What makes up one run inside a cluster: an order, and a Job or several that carry it out. Pure.

The order is a ConfigMap: options of the suite by the names of their environment variables, and files that they name.
The Jobs are made of the template k8s/benchmark/run/job.yaml, as the backend makes them.
"""

import base64
import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ragmeter.core.kube_documents import DOCUMENT_LABEL, LABELS
from ragmeter.core.provider import Provider
from ragmeter.core.run import RunPlan
from ragmeter.core.workload import Workload, judging_keys

ACCOUNT: Final = "rag-benchmark"
FOLDER: Final = "/order"
BASELINE: Final = "baseline.raw.jsonl"
INDEX_VARIABLE: Final = "JOB_COMPLETION_INDEX"
"""Which shard a pod sends. An Indexed Job sets it by itself."""

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One workload against the service at ``url``, as pods reach it.

    shards: into how many the load is dealt. settings: further options, by their environment variables. baseline: the
    raw record, without samples, of the run that is to be measured again; pods refuse a service that is another.
    """

    workload: Workload
    provider: Provider
    url: str
    shards: int
    settings: Mapping[str, str] = field(default_factory=dict)
    baseline: str | None = None


def identity_only(plan: RunPlan) -> RunPlan:
    """A plan with what tells whether another run measures the same, and without what makes it large."""
    return replace(
        plan, workload=replace(plan.workload, prompts=(), trace=(), manifest={}), calibration=None, vantages=()
    )


def order_of(run: str, order: Order) -> Document:
    """Its ConfigMap.

    Secrets of the provider file and what judges a run stay here: pods measure, and whoever gave the order judges.
    """
    files = _files(order)
    named = {"RAGMETER_BASELINE": f"{FOLDER}/{BASELINE}"} if BASELINE in files else {}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": run, "labels": {**LABELS, DOCUMENT_LABEL: "order"}},
        "data": {
            "RAGMETER_PROVIDER": f"{FOLDER}/provider.yaml",
            "RAGMETER_WORKLOAD": f"{FOLDER}/workload.yaml",
            "RAGMETER_SHARDS": str(order.shards),
            **named,
            **order.settings,
        },
        "binaryData": {name: _base64(text) for name, text in files.items()},
    }


def _files(order: Order) -> dict[str, str]:
    """JSON is YAML. What is written here is read again by a pod of the same version."""
    workload = order.workload
    manifest = {key: value for key, value in workload.manifest.items() if key not in judging_keys}
    files = {} if order.baseline is None else {BASELINE: order.baseline}
    if "prompts_file" in manifest:
        manifest["prompts_file"] = "prompts.jsonl"
        lines = [json.dumps({"prompt": each.text, "relevant": list(each.relevant)}) for each in workload.prompts]
        files["prompts.jsonl"] = "\n".join(lines)
    inside = {"schema": "provider.v1", "name": order.provider.name, "base_url": order.url}
    return {**files, "workload.yaml": json.dumps(manifest), "provider.yaml": json.dumps(inside)}


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def root_of(template: Document, run: str, *, lasts_s: int) -> Document:
    """A Job to own everything else of a run: it runs nothing, so it is complete at once, and its time to live begins.

    After ``lasts_s`` the cluster deletes it with all that it owns, also when nobody is left who would do so. A Job that
    has begun nothing has no start on clusters of 1.20, and a deadline would never come.
    """
    root = copy.deepcopy(template)
    root["metadata"] = {"name": f"{run}-root"}
    root["spec"] |= {"completions": 0, "parallelism": 0, "ttlSecondsAfterFinished": lasts_s}
    return root


def jobs_of(template: Document, run: str, *, image: str, shards: int, indexed: bool) -> list[Document]:
    """One Job; for several shards an Indexed one, or one for each where the cluster does not know those."""
    if shards == 1:
        return [_job(template, run, run, image, ())]
    if indexed:
        whole = _job(template, run, run, image, ())
        whole["spec"] |= {"completionMode": "Indexed", "completions": shards, "parallelism": shards}
        return [whole]
    return [
        _job(template, f"{run}-{index}", run, image, [{"name": INDEX_VARIABLE, "value": str(index)}])
        for index in range(shards)
    ]


def _job(template: Document, name: str, run: str, image: str, variables: Sequence[Mapping[str, str]]) -> Document:
    made = copy.deepcopy(template)
    made["metadata"] = {"name": name, "labels": dict(LABELS)}
    pod = made["spec"]["template"]["spec"]
    (suite,) = pod["containers"]
    suite["image"] = image
    suite["envFrom"] = [{"configMapRef": {"name": run}}]
    suite["env"] = [{**each, "value": run} if each["name"] == "RAGMETER_ORDER" else each for each in suite["env"]]
    suite["env"] += variables
    for volume in pod["volumes"]:
        if volume["name"] == "order":
            volume["configMap"]["name"] = run
    return made
