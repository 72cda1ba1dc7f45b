"""Pods that run an order, watched from outside until they have left what they measured."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from ragmeter.clients.kube.api import Cluster, Document
from ragmeter.clients.kube.documents import Documents
from ragmeter.clients.kube.owned import Owned
from ragmeter.clients.polling import poll
from ragmeter.core.cluster.state import failure_reason, has_ended, hopeless_reason, is_ready, waiting_reason
from ragmeter.core.errors import ClusterError
from ragmeter.core.run.saved import SavedRun
from ragmeter.run.cluster.results import FAILURE, RAW, RESULT, record_in

POLL_S: Final = 1.0
WATCH_S: Final = 2.0
STOP_S: Final = 75
"""Longer than the grace period of the template: a pod that is stopped leaves what it measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a cluster a load is sent from.

    image: of the suite, as the nodes know it. begin_s: time for pods to begin.
    """

    context: str
    namespace: str
    image: str
    pods: int
    begin_s: float


@dataclass(slots=True, kw_only=True)
class Carried:
    """An order that pods run."""

    owned: Owned
    place: Place
    say: Callable[[str], None]
    _began: bool = False
    _look_again_s: float = 0.0
    _said: dict[str, str] = field(default_factory=dict)

    @property
    def _cluster(self) -> Cluster:
        return self.owned.cluster

    @property
    def documents(self) -> Documents:
        return Documents(cluster=self._cluster, run=self.owned.run)

    def _pods(self) -> list[Document]:
        return self._cluster.list("Pod", selector=self.owned.selector)

    def wait_for(self, *names: str) -> None:
        """Until the pods have left these documents. Raises ClusterError with the reason when they will not."""
        begin_by = time.monotonic() + self.place.begin_s

        def look() -> bool | None:
            if self._left(names):
                return True
            pods = self._pods()
            self._check(pods, begin_by, names)
            self._tell(pods)
            return None

        poll(look, every_s=POLL_S)

    def _left(self, names: Sequence[str]) -> bool:
        return all(self.documents.find(name) is not None for name in names)

    def hindrance(self) -> str | None:
        """Why the pods will leave no result, if so. Asks the cluster every few seconds, however often it is called."""
        if time.monotonic() < self._look_again_s:
            return None
        self._look_again_s = time.monotonic() + WATCH_S
        try:
            self._check(self._pods(), math.inf, (RESULT,))
        except ClusterError as error:
            return str(error)
        return None

    def _check(self, pods: Sequence[Document], begin_by: float, names: Sequence[str]) -> None:
        """Raises ClusterError for what no waiting cures."""
        for pod in pods:
            if hopeless := hopeless_reason(pod):
                raise ClusterError(f"{_named(pod)} cannot run: {hopeless}")
        to_blame = blamed(pods, self.place.pods)
        if to_blame is not None and not self._left(names):
            why = self._failure() or f"{failure_reason(to_blame)}{self._last_words(to_blame)}"
            raise ClusterError(f"{_named(to_blame)} left no result: {why}")
        self._began = self._began or sum(is_ready(pod) or has_ended(pod) for pod in pods) >= self.place.pods
        if not self._began and time.monotonic() >= begin_by:
            late = next((pod for pod in pods if not is_ready(pod)), None)
            raise ClusterError(f"{_named(late)} did not begin in {self.place.begin_s:g} s: {self._why(late)}")

    def _failure(self) -> str | None:
        """What a pod left instead of a result."""
        found = (self.documents.find(f"{FAILURE}-{number}") for number in range(self.place.pods))
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

        def look() -> bool | None:
            left = self.documents.find(RESULT) is not None
            return left if left or not self._pods() else None

        return poll(look, every_s=POLL_S, deadline=time.monotonic() + STOP_S) or False

    def record(self) -> SavedRun:
        found = record_in(self.documents, RAW)
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


def _named(pod: Document | None) -> str:
    if pod is None:
        return "a pod"
    node = pod["spec"].get("nodeName")
    return f"pod {pod['metadata']['name']}{f' on {node}' if node else ''}"
