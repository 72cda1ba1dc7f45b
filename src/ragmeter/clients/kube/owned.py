"""What ragmeter makes in a cluster belongs to one root, and goes with it, whatever happens.

The root is a Job with a deadline and a time to live: where nothing of ours is left to clean up, the cluster does.
"""

import copy
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from ragmeter.clients.kube.api import FORBIDDEN, Cluster, Document
from ragmeter.clients.polling import poll
from ragmeter.core.errors import ClusterError
from ragmeter.jobs.names import RUN_LABEL
from ragmeter.jobs.orders import owner_of

MANAGED: Final = {"app.kubernetes.io/managed-by": "ragmeter"}
LEFTOVERS: Final = ("Job", "Pod", "Service", "ConfigMap")
POLL_S = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """Everything made through it bears the label of the run and has the root as its owner; see `owning`."""

    cluster: Cluster
    run: str
    _made: list[Document] = field(default_factory=list)

    @property
    def selector(self) -> str:
        return f"{RUN_LABEL}={self.run}"

    @property
    def root(self) -> Document | None:
        """The first object; None before it is made."""
        return self._made[0] if self._made else None

    def create(self, document: Document) -> Document:
        """Make it. The first one is the root. Raises ClusterError."""
        marked = _marked(document, self.run)
        if self.root is not None:
            marked["metadata"]["ownerReferences"] = [owner_of(self.root["apiVersion"], self.root["kind"], self.root)]
        made = self.cluster.create(marked)
        self._made.append({**made, "kind": document["kind"], "apiVersion": document["apiVersion"]})
        return made

    def left(self) -> list[str]:
        """What the cluster has of this run and does not yet remove: ``Job/name``."""
        return [
            f"{kind}/{each['metadata']['name']}"
            for kind in LEFTOVERS
            for each in self.cluster.list(kind, selector=self.selector)
            if "deletionTimestamp" not in each["metadata"]
        ]

    def remove(self, *, within_s: float) -> None:
        """Delete the root, and wait until all it owned goes, too. Raises ClusterError naming what does not.

        A pod that is told to end takes its node some time, up to a minute on old kubelets; nobody has to wait for it.
        """
        if self.root is None:
            return
        self.cluster.delete(self.root)
        left: list[str] = []

        def nothing_is_left() -> bool | None:
            left[:] = self.left()
            return True if not left else None

        if poll(nothing_is_left, every_s=POLL_S, deadline=time.monotonic() + within_s) is None:
            names = ", ".join(left)
            raise ClusterError(f"left in namespace {self.cluster.namespace!r}: {names}; delete it by hand")


@contextmanager
def owning(cluster: Cluster, run: str, *, within_s: float = 60) -> Iterator[Owned]:
    """Whatever is made through it goes at the end: after success, an error, and Ctrl-C.

    An error on the way out is told only when there was none before it.
    """
    owned = Owned(cluster=cluster, run=run)
    try:
        yield owned
    except BaseException as error:
        try:
            owned.remove(within_s=within_s)
        except ClusterError as second:
            error.add_note(str(second))
        raise
    owned.remove(within_s=within_s)


@contextmanager
def namespace(cluster: Cluster) -> Iterator[None]:
    """The cluster's namespace, made if it is not there; only one that was made here is deleted at the end.

    A user who may not ask whether it is there works in one that is.
    """
    if _may_be_there(cluster):
        yield
        return
    made = cluster.create(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": cluster.namespace, "labels": dict(MANAGED)}}
    )
    try:
        yield
    finally:
        cluster.delete({**made, "kind": "Namespace"})


def _may_be_there(cluster: Cluster) -> bool:
    try:
        return cluster.get("Namespace", cluster.namespace) is not None
    except ClusterError as error:
        if error.status == FORBIDDEN:
            return True
        raise


def _marked(document: Document, run: str) -> Document:
    """A copy with the labels of the run, on its pods, too."""
    copied = copy.deepcopy(document)
    template = copied.get("spec", {}).get("template")
    for place in [copied, *([template] if template else [])]:
        metadata = place.setdefault("metadata", {})
        metadata["labels"] = {**metadata.get("labels", {}), **MANAGED, RUN_LABEL: run}
    return copied
