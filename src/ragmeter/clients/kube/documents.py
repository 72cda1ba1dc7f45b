"""The documents that pods of a benchmark leave in their cluster, and read of each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ragmeter.clients.kube.api import Cluster
from ragmeter.core.errors import ClusterError, SchemaError
from ragmeter.jobs.documents import DocumentError, content_of, parts_of
from ragmeter.jobs.names import documents_of

NAMESPACE_FILE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """Those of one run, whose order is the ConfigMap of its name."""

    cluster: Cluster
    run: str

    def keep(self, name: str, content: bytes, notes: Mapping[str, str] | None = None) -> None:
        """Write a document that is not there yet. Raises ClusterError, or SchemaError for one that is too large."""
        orders = self.cluster.list("ConfigMap", selector=documents_of(self.run, "order"))
        if not orders:
            raise ClusterError(
                f"there is no order {self.run!r} in namespace {self.cluster.namespace!r}: is it cancelled?"
            )
        try:
            parts = parts_of(orders[0], name, content, notes or {})
        except DocumentError as error:
            raise SchemaError(str(error)) from error
        for part in parts:
            self.cluster.create(part)

    def find(self, name: str) -> bytes | None:
        """A document; None while it is not there as a whole. Raises ClusterError, or SchemaError for a broken one."""
        parts = self.cluster.list("ConfigMap", selector=documents_of(self.run, name))
        try:
            return content_of(parts)
        except DocumentError as error:
            raise SchemaError(str(error)) from error


def own_namespace() -> str:
    """The namespace of this pod. Raises ClusterError where this is none."""
    try:
        return NAMESPACE_FILE.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ClusterError(f"this is no pod of a cluster: {NAMESPACE_FILE}: {error.strerror}") from error
