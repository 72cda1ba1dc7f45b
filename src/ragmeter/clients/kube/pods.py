"""Waiting for the pod of a Job, with a deadline and with the reason when it does not come."""

from collections.abc import Callable
from dataclasses import dataclass

from ragmeter.clients.kube.api import Cluster, Document
from ragmeter.clients.polling import poll
from ragmeter.core.cluster.state import (
    failure_reason,
    has_ended,
    hopeless_reason,
    is_ready,
    refusal_reason,
    waiting_reason,
)
from ragmeter.core.errors import ClusterError

POLL_S = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPods:
    """The pods of one Job. Every wait ends by ``deadline`` (``time.monotonic()``) with ClusterError saying why."""

    cluster: Cluster
    job: str
    deadline: float

    def ready(self) -> Document:
        """The pod, once it is ready to serve."""
        pod = self._wait("to be ready", lambda pod: is_ready(pod) or has_ended(pod))
        if has_ended(pod):
            raise ClusterError(f"{self._named(pod)} ended before it served: {failure_reason(pod)}{self._words(pod)}")
        return pod

    def ended(self) -> Document:
        """The pod, once it has succeeded or failed."""
        return self._wait("to end", has_ended)

    def _wait(self, what: str, done: Callable[[Document], bool]) -> Document:
        seen: list[Document] = []

        def look() -> Document | None:
            pod = self._latest()
            if pod is None and seen:
                raise ClusterError(f"{self._named(seen[-1])} was deleted while it was needed")
            if pod is None or not done(pod):
                self._check(pod)
            seen[:] = [] if pod is None else [pod]
            return pod if pod is not None and done(pod) else None

        found = poll(look, every_s=POLL_S, deadline=self.deadline)
        if found is None:
            pod = next(iter(seen), None)
            raise ClusterError(f"{self._named(pod)} had too long {what}: {waiting_reason(pod, self._events(pod))}")
        return found

    def _check(self, pod: Document | None) -> None:
        """Raises ClusterError for what no waiting cures."""
        hopeless = hopeless_reason(pod) if pod else refusal_reason(self._events(None))
        if hopeless:
            raise ClusterError(f"{self._named(pod)} cannot run: {hopeless}")

    def _latest(self) -> Document | None:
        pods = self.cluster.list("Pod", selector=f"job-name={self.job}")
        return max(pods, key=lambda pod: str(pod["metadata"]["creationTimestamp"]), default=None)

    def _events(self, pod: Document | None) -> list[Document]:
        name = pod["metadata"]["name"] if pod else self.job
        return self.cluster.list("Event", fields=f"involvedObject.name={name}")

    def _words(self, pod: Document) -> str:
        said = self.cluster.pod_log(pod["metadata"]["name"], lines=3).strip()
        return f"; it said: {' '.join(said.split())[:300]}" if said else ""

    def _named(self, pod: Document | None) -> str:
        if pod is None:
            return f"pod of Job {self.job}"
        node = pod["spec"].get("nodeName")
        return f"pod {pod['metadata']['name']}{f' on {node}' if node else ''}"
