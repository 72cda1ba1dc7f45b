"""A run inside a cluster, ordered from outside: Jobs of the shipped template send the load, and their raw record is
fetched. Whatever ends it, nothing of it is left in the cluster.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from ragmeter.clients.files import data_dir, read_yaml
from ragmeter.clients.kube.api import connected
from ragmeter.clients.kube.documents import Documents
from ragmeter.clients.kube.owned import owning
from ragmeter.core.cluster.orders import Order, config_map_of
from ragmeter.core.errors import ClusterError, ConfigError
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.run.plan import CTRL_C, RunEnding
from ragmeter.core.run.saved import SavedRun
from ragmeter.jobs.names import NAME, has_indexed_jobs
from ragmeter.jobs.orders import Terms, jobs_of, root_of
from ragmeter.run.cluster.carried import STOP_S, Carried, Place
from ragmeter.run.cluster.results import RESULT


def context_of(provider: Provider) -> str:
    """Raises ConfigError for a provider whose cluster is not known."""
    if provider.kube_context is None:
        raise ConfigError(
            f"{provider.path}: $.kube_context: missing: --bench-in-cluster needs the context of a kubeconfig; "
            "`kubectl config get-contexts` lists them"
        )
    return provider.kube_context


def check_place(place: Place) -> None:
    """Return when the cluster is ready for runs. Raises ClusterError with what is missing."""
    with connected(place.context, place.namespace) as cluster:
        if cluster.get("ServiceAccount", NAME) is None:
            folder = data_dir("k8s") / "benchmark" / "access"
            raise ClusterError(
                f"Kubernetes {cluster.named}: there is no service account {NAME} in namespace {place.namespace!r}: "
                f"an administrator prepares it once with `kubectl apply -k {folder}`"
            )


OutsideLoad: TypeAlias = Callable[[Documents, Callable[[], str | None]], RunEnding]
"""Sends a shard from here. It is given the documents in which the shards meet, and what says why the pods cannot go on.
"""


def run_inside(
    place: Place, run: str, asked: Order, say: Callable[[str], None], beside: OutsideLoad | None = None
) -> SavedRun:
    """What pods measured: the raw record as they left it.

    run: a name that no other run has. beside: what is sent from here at the same time. Ctrl-C stops the pods and
    returns what they had measured; when there is nothing, KeyboardInterrupt is raised. Raises ClusterError with the
    reason when pods do not begin, or end without a record.
    """
    with connected(place.context, place.namespace) as cluster, owning(cluster, run, within_s=STOP_S) as owned:
        template = read_yaml(data_dir("k8s") / "benchmark" / "run" / "job.yaml")
        lasts_s = template["spec"]["activeDeadlineSeconds"] + math.ceil(place.begin_s) + STOP_S
        owned.create(root_of(template, run, lasts_s=lasts_s))
        owned.create(config_map_of(run, asked))
        indexed = has_indexed_jobs(cluster.minor_version())
        terms = Terms(image=place.image, shards=place.pods, indexed=indexed)
        made = [owned.create(job) for job in jobs_of(template, run, terms)]
        carried = Carried(owned=owned, place=place, say=say)
        try:
            if beside is not None:
                _send(beside, carried)
            carried.wait_for(RESULT)
        except KeyboardInterrupt:
            if not carried.stopped(made):
                raise
            return _checked(by_us(carried.record()), asked.workload)
        return _checked(not_by_us(carried.record()), asked.workload)


def _send(beside: OutsideLoad, carried: Carried) -> None:
    """Once the pods are there, so that a node may take its time for the image. Raises KeyboardInterrupt."""
    carried.wait_for(*(f"ready-0-{pod}" for pod in range(carried.place.pods)))
    if beside(carried.documents, carried.hindrance).reason == CTRL_C:
        raise KeyboardInterrupt


def _checked(run: SavedRun, workload: Workload) -> SavedRun:
    """With the workload as it is known here. Raises ClusterError when the pods sent another one."""
    if run.plan.workload.sha256 != workload.sha256:
        raise ClusterError(
            f"the pods sent a workload with the hash {run.plan.workload.sha256[:12]}, not {workload.sha256[:12]}: "
            "is their image of another version?"
        )
    return replace(run, plan=replace(run.plan, workload=workload))


def by_us(run: SavedRun) -> SavedRun:
    """All shards were stopped together: none of them left the others alone."""
    stopped = [reason for reason in run.ending.not_fit if reason.endswith(CTRL_C)]
    not_fit = tuple(reason for reason in run.ending.not_fit if reason not in stopped)
    reason = CTRL_C if run.ending.status == "interrupted" else None
    return replace(run, ending=replace(run.ending, reason=reason, not_fit=not_fit))


def not_by_us(run: SavedRun) -> SavedRun:
    """A pod takes its end for Ctrl-C, whatever ended it."""
    if not (run.ending.reason or "").endswith(CTRL_C):
        return run
    reason = "its pods were stopped: evicted, deleted, or longer than their Job may take"
    return replace(run, ending=replace(run.ending, reason=reason))
