"""What makes up one benchmark in the cluster: an order, and a Job or several that carry it out. Pure.

The order is a ConfigMap: the environment of the suite. It owns the Jobs and the documents that their pods leave, so
that all of it goes with the order; the service account of the pods owns the order.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from .schemas import BenchmarkRequest

Document = dict[str, Any]

NAME = "rag-benchmark"
"""Of the service account and of every object's label `app.kubernetes.io/name`; names of runs begin with it."""

RUN_LABEL = "ragmeter.dev/run"
DOCUMENT_LABEL = "ragmeter.dev/document"
LABELS = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/part-of": "ragmeter"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the server decides about every Job. `indexed`: whether the cluster knows Indexed Jobs."""

    image: str
    ttl_s: int
    deadline_s: int
    indexed: bool


def environment(request: BenchmarkRequest, *, provider: str, target_url: str) -> dict[str, str]:
    """Options of the suite by the names of their environment variables."""
    values = {
        "RAGMETER_PROVIDER": provider,
        "RAGMETER_BASE_URL": target_url,
        "RAGMETER_WORKLOAD": request.workload,
        "RAGMETER_REQUESTS": request.requests,
        "RAGMETER_CONCURRENCY": request.concurrency,
        "RAGMETER_WARMUP": request.warmup_requests,
        "RAGMETER_TIMEOUT": request.timeout,
        "RAGMETER_MAX_OUTPUT_TOKENS": request.max_output_tokens,
        "RAGMETER_K": request.k,
        "RAGMETER_DOCSET": request.docset,
        "RAGMETER_TRIALS": request.trials,
        "RAGMETER_SHARDS": request.parallelism,
        "RAGMETER_SHOW_ERRORS": request.show_errors,
    }
    return {name: str(value) for name, value in values.items() if value is not None}


def order(run: str, data: dict[str, str], account: Document) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": run,
            "labels": {**LABELS, RUN_LABEL: run, DOCUMENT_LABEL: "order"},
            "ownerReferences": [owner("v1", "ServiceAccount", account)],
        },
        "data": data,
    }


def jobs(template: Document, made_order: Document, terms: Terms, *, shards: int) -> list[Document]:
    """One Job; for several shards an Indexed one, or one for each where the cluster does not know those."""
    run = made_order["metadata"]["name"]
    by = owner("v1", "ConfigMap", made_order)
    if shards == 1:
        return [_job(template, run, run, by, terms)]
    if terms.indexed:
        whole = _job(template, run, run, by, terms)
        whole["spec"] |= {"completionMode": "Indexed", "completions": shards, "parallelism": shards}
        return [whole]
    made = [_job(template, f"{run}-{index}", run, by, terms) for index in range(shards)]
    for index, each in enumerate(made):
        # The variable that an Indexed Job sets by itself.
        _suite(each)["env"].append({"name": "JOB_COMPLETION_INDEX", "value": str(index)})
    return made


def owner(api_version: str, kind: str, document: Document) -> Document:
    metadata = document["metadata"]
    return {"apiVersion": api_version, "kind": kind, "name": metadata["name"], "uid": metadata["uid"]}


def _job(template: Document, name: str, run: str, by: Document, terms: Terms) -> Document:
    made = copy.deepcopy(template)
    made["metadata"] = {"name": name, "labels": {**LABELS, RUN_LABEL: run}, "ownerReferences": [by]}
    made["spec"] |= {"ttlSecondsAfterFinished": terms.ttl_s, "activeDeadlineSeconds": terms.deadline_s}
    made["spec"]["template"]["metadata"]["labels"][RUN_LABEL] = run
    suite = _suite(made)
    suite["image"] = terms.image
    suite["envFrom"] = [{"configMapRef": {"name": run}}]
    suite["env"] = [{**each, "value": run} if each["name"] == "RAGMETER_ORDER" else each for each in suite["env"]]
    for volume in made["spec"]["template"]["spec"]["volumes"]:
        if volume["name"] == "order":
            volume["configMap"]["name"] = run
    return made


def _suite(job: Document) -> Document:
    suite: Document = job["spec"]["template"]["spec"]["containers"][0]
    return suite
