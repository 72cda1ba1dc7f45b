"""A run in a pod carries out an order: it is claimed, and what was measured is left where whoever gave it finds it."""

from pathlib import Path
from typing import Final

from ragmeter.clients.kube_api import CONFLICT, connected
from ragmeter.clients.kube_documents import Documents, own_namespace
from ragmeter.core.errors import ClusterError, SchemaError

CLAIM, RAW, RESULT = "claim", "raw", "result"
OUTCOME: Final = "outcome"
"""The note of a result that says how it was judged."""


def claim(order: str, pod: str) -> None:
    """Begin to carry out the order. Raises ClusterError when another pod began it, and outside a pod.

    A cluster may replace a pod that was killed; a load that nobody asked for again must not be sent.
    """
    with connected(None, own_namespace()) as cluster:
        try:
            Documents(cluster=cluster, run=order).keep(CLAIM, pod.encode())
        except ClusterError as error:
            if error.status != CONFLICT:
                raise
            raise ClusterError(
                f"another pod began the order {order} and is gone: give a new one to repeat it"
            ) from error


def fulfil(order: str, *, result: str, raw: Path, outcome: str) -> str | None:
    """Leave the raw record, then the result: where it is, the raw record is, too.

    Returns a sentence when the raw record is too large to be left. Raises ClusterError.
    """
    too_large = None
    with connected(None, own_namespace()) as cluster:
        documents = Documents(cluster=cluster, run=order)
        try:
            documents.keep(RAW, raw.read_bytes())
        except SchemaError as error:
            too_large = f"the samples go with this pod: {error}"
        documents.keep(RESULT, result.encode(), {OUTCOME: outcome})
    return too_large
