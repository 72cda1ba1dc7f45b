"""A run inside a cluster, ordered from outside: Jobs of the shipped template send the load, and their raw record is
fetched. Whatever ends it, nothing of it is left in the cluster.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ragmeter.clients.files import data_dir, read_yaml
from ragmeter.clients.kube_api import Cluster, Document, connected
from ragmeter.clients.kube_documents import Documents
from ragmeter.clients.kube_owned import Owned, owning
from ragmeter.core.errors import ClusterError, ConfigError
from ragmeter.core.kube_state import failure_reason, has_ended, hopeless_reason, is_ready, waiting_reason
from ragmeter.core.orders import ACCOUNT, Order, jobs_of, order_of
from ragmeter.core.provider import Provider
from ragmeter.core.sides import SavedRun
from ragmeter.core.workload import Workload
from ragmeter.run.measure import CTRL_C
from ragmeter.run.order import FAILURE, RAW, RESULT, record_in

POLL_S = 1.0
STOP_S = 75
"""Longer than the grace period of the template: a pod that is stopped leaves what it measured."""
INDEXED_SINCE_MINOR: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a cluster a load is sent from, and to.

    image: of the suite, as the nodes know it. begin_s: time for pods to begin.
    """

    context: str
    namespace: str
    image: str
    pods: int
    begin_s: float


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
        if cluster.get("ServiceAccount", ACCOUNT) is None:
            folder = data_dir("k8s") / "benchmark" / "access"
            raise ClusterError(
                f"Kubernetes {cluster.named}: there is no service account {ACCOUNT} in namespace {place.namespace!r}: "
                f"an administrator prepares it once with `kubectl apply -k {folder}`"
            )


def run_inside(place: Place, run: str, asked: Order, say: Callable[[str], None]) -> SavedRun:
    """What pods measured: the raw record as they left it.

    run: a name that no other run has. Ctrl-C stops the pods and returns what they had measured; when there is nothing,
    KeyboardInterrupt is raised. Raises ClusterError with the reason when pods do not begin, or end without a record.
    """
    with connected(place.context, place.namespace) as cluster, owning(cluster, run, within_s=STOP_S) as owned:
        owned.create(order_of(run, asked))
        template = read_yaml(data_dir("k8s") / "benchmark" / "run" / "job.yaml")
        indexed = cluster.minor_version() >= INDEXED_SINCE_MINOR
        jobs = jobs_of(template, run, image=place.image, shards=place.pods, indexed=indexed)
        made = [owned.create(job) for job in jobs]
        carried = _Carried(owned=owned, place=place, say=say)
        try:
            carried.wait_for_result()
        except KeyboardInterrupt:
            if not carried.stopped(made):
                raise
            return _checked(carried.record(), asked.workload)
        return _checked(_not_by_us(carried.record()), asked.workload)


@dataclass(slots=True, kw_only=True)
class _Carried:
    """An order that pods carry out."""

    owned: Owned
    place: Place
    say: Callable[[str], None]
    _began: bool = False
    _said: dict[str, str] = field(default_factory=dict)

    @property
    def _cluster(self) -> Cluster:
        return self.owned.cluster

    @property
    def _documents(self) -> Documents:
        return Documents(cluster=self._cluster, run=self.owned.run)

    def _pods(self) -> list[Document]:
        return self._cluster.list("Pod", selector=self.owned.selector)

    def wait_for_result(self) -> None:
        begin_by = time.monotonic() + self.place.begin_s
        while self._documents.find(RESULT) is None:
            pods = self._pods()
            self._check(pods, begin_by)
            self._tell(pods)
            time.sleep(POLL_S)

    def _check(self, pods: Sequence[Document], begin_by: float) -> None:
        """Raises ClusterError for what no waiting cures."""
        for pod in pods:
            if hopeless := hopeless_reason(pod):
                raise ClusterError(f"{_named(pod)} cannot run: {hopeless}")
        to_blame = blamed(pods, self.place.pods)
        if to_blame is not None and self._documents.find(RESULT) is None:
            why = self._failure() or f"{failure_reason(to_blame)}{self._last_words(to_blame)}"
            raise ClusterError(f"{_named(to_blame)} left no result: {why}")
        self._began = self._began or sum(is_ready(pod) or has_ended(pod) for pod in pods) >= self.place.pods
        if not self._began and time.monotonic() >= begin_by:
            late = next((pod for pod in pods if not is_ready(pod)), None)
            raise ClusterError(f"{_named(late)} did not begin in {self.place.begin_s:g} s: {self._why(late)}")

    def _failure(self) -> str | None:
        """What a pod left instead of a result."""
        found = (self._documents.find(f"{FAILURE}-{number}") for number in range(self.place.pods))
        return next((reason.decode() for reason in found if reason), None)

    def _why(self, pod: Document | None) -> str:
        name = pod["metadata"]["name"] if pod else self.owned.run
        return waiting_reason(pod, self._cluster.list("Event", fields=f"involvedObject.name={name}"))

    def _last_words(self, pod: Document) -> str:
        said = self._cluster.pod_log(pod["metadata"]["name"], lines=3).strip()
        return f"; it said: {' '.join(said.split())[:300]}" if said else ""

    def _tell(self, pods: Sequence[Document]) -> None:
        """The last line of each pod's log, when it is a new one."""
        for pod in pods:
            name = pod["metadata"]["name"]
            line = self._cluster.pod_log(name, lines=1).strip() if is_ready(pod) else ""
            if line and line != self._said.get(name):
                self._said[name] = line
                self.say(f"{name}: {line}")

    def stopped(self, jobs: Sequence[Document]) -> bool:
        """Stop the pods; whether they left a record of what they had measured."""
        self.say(f"stopping the pods of {self.owned.run}")
        for job in jobs:
            self._cluster.delete({**job, "kind": "Job"})
        deadline = time.monotonic() + STOP_S
        while not (left := self._documents.find(RESULT) is not None) and self._pods() and time.monotonic() < deadline:
            time.sleep(POLL_S)
        return left

    def record(self) -> SavedRun:
        found = record_in(self._documents, RAW)
        if found is None:
            raise ClusterError(f"the raw record of {self.owned.run} was too large to be kept in the cluster")
        return found


def blamed(pods: Sequence[Document], count: int) -> Document | None:
    """The pod that is to blame for a result that is not there, once none is left that may leave it: one that failed,
    else the first. None while one of ``count`` may still.
    """
    if len(pods) < count or not all(map(has_ended, pods)):
        return None
    return next((pod for pod in pods if pod["status"]["phase"] == "Failed"), pods[0])


def _checked(run: SavedRun, workload: Workload) -> SavedRun:
    """With the workload as it is known here. Raises ClusterError when the pods sent another one."""
    if run.plan.workload.sha256 != workload.sha256:
        raise ClusterError(
            f"the pods sent a workload with the hash {run.plan.workload.sha256[:12]}, not {workload.sha256[:12]}: "
            "is their image of another version?"
        )
    return replace(run, plan=replace(run.plan, workload=workload))


def _not_by_us(run: SavedRun) -> SavedRun:
    """A pod takes its end for Ctrl-C, whoever ended it."""
    if run.ending.reason != CTRL_C:
        return run
    reason = "its pods were stopped: evicted, deleted, or longer than their Job may take"
    return replace(run, ending=replace(run.ending, reason=reason))


def _named(pod: Document | None) -> str:
    if pod is None:
        return "a pod"
    node = pod["spec"].get("nodeName")
    return f"pod {pod['metadata']['name']}{f' on {node}' if node else ''}"
