"""What makes up one run in a cluster: an order, and a Job or several that run it.

The order is a ConfigMap: the suite's options by their environment variables, and files that they name. It owns the Jobs
and the documents that their pods leave. Jobs are made of the template k8s/benchmark/run/job.yaml.
"""

import base64
import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ragmeter.jobs.names import DOCUMENT_LABEL, INDEX_VARIABLE, LABELS, RUN_LABEL

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is decided about the Jobs of a run where it is started. None: as the template says.

    shards: into how many parts the load is divided, a pod each. indexed: whether the cluster knows Indexed Jobs.
    """

    image: str
    shards: int = 1
    indexed: bool = True
    ttl_s: int | None = None
    deadline_s: int | None = None


def order_of(
    run: str, options: Mapping[str, str], files: Mapping[str, str], *, by: Mapping[str, str] | None = None
) -> Document:
    """Its ConfigMap. files: texts by their path in the pod's folder of the order. by: a reference to its owner."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {**_metadata(run, run, by), "labels": {**LABELS, RUN_LABEL: run, DOCUMENT_LABEL: "order"}},
        "data": dict(options),
        # Not in `data`, all of which becomes the environment of the suite.
        "binaryData": {_key(path): base64.b64encode(text.encode()).decode("ascii") for path, text in files.items()},
    }


def root_of(template: Document, run: str, *, lasts_s: int) -> Document:
    """A Job to own everything else of a run: it runs nothing, so it is complete at once, and its time to live begins.

    After ``lasts_s`` the cluster deletes it with all that it owns, also when nobody is left who would do so. A Job that
    has begun nothing has no start on clusters of 1.20, and a deadline would never come.
    """
    root = copy.deepcopy(template)
    root["metadata"] = {"name": f"{run}-root"}
    root["spec"] |= {"completions": 0, "parallelism": 0, "ttlSecondsAfterFinished": lasts_s}
    return root


def jobs_of(
    template: Document, run: str, terms: Terms, *, files: Iterable[str] = (), by: Mapping[str, str] | None = None
) -> list[Document]:
    """One Job; for several shards an Indexed one, or one for each where the cluster does not know those.

    files: those of the order, by path. by: a reference to the owner.
    """
    whole = _job(template, run, terms, files)
    if terms.shards == 1:
        return [whole | {"metadata": _metadata(run, run, by)}]
    if terms.indexed:
        whole["spec"] |= {"completionMode": "Indexed", "completions": terms.shards, "parallelism": terms.shards}
        return [whole | {"metadata": _metadata(run, run, by)}]
    return [_shard(whole, index) | {"metadata": _metadata(f"{run}-{index}", run, by)} for index in range(terms.shards)]


def owner_of(api_version: str, kind: str, document: Document) -> dict[str, str]:
    """A reference to an object that the API server has made: what it owns goes with it."""
    made = document["metadata"]
    return {"apiVersion": api_version, "kind": kind, "name": made["name"], "uid": made["uid"]}


def _metadata(name: str, run: str, by: Mapping[str, str] | None) -> Document:
    owners = {} if by is None else {"ownerReferences": [dict(by)]}
    return {"name": name, "labels": {**LABELS, RUN_LABEL: run}, **owners}


def _job(template: Document, run: str, terms: Terms, files: Iterable[str]) -> Document:
    made = copy.deepcopy(template)
    lasts = {"ttlSecondsAfterFinished": terms.ttl_s, "activeDeadlineSeconds": terms.deadline_s}
    made["spec"] |= {key: value for key, value in lasts.items() if value is not None}
    made["spec"]["template"]["metadata"]["labels"][RUN_LABEL] = run
    suite = _suite(made)
    suite["image"] = terms.image
    suite["envFrom"] = [{"configMapRef": {"name": run}}]
    suite["env"] = [{**each, "value": run} if each["name"] == "RAGMETER_ORDER" else each for each in suite["env"]]
    _mount(made, run, files)
    return made


def _shard(whole: Document, index: int) -> Document:
    """A Job of its own, which is told what an Indexed Job tells its pods by itself."""
    made = copy.deepcopy(whole)
    _suite(made)["env"].append({"name": INDEX_VARIABLE, "value": str(index)})
    return made


def _mount(job: Document, run: str, files: Iterable[str]) -> None:
    """The files of the order, each where it belongs: a key of a ConfigMap has no slash."""
    items = [{"key": _key(path), "path": path} for path in files]
    for volume in job["spec"]["template"]["spec"]["volumes"]:
        if volume["name"] == "order":
            volume["configMap"] |= {"name": run, **({"items": items} if items else {})}


def _key(path: str) -> str:
    return path.replace("/", ".")


def _suite(job: Document) -> Document:
    suite: Document = job["spec"]["template"]["spec"]["containers"][0]
    return suite
