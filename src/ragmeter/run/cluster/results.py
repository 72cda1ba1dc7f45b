"""A run in a pod runs an order: it is claimed, and what was measured is left where its author finds it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ragmeter.clients.kube.api import CONFLICT, connected
from ragmeter.clients.kube.documents import Documents, own_namespace
from ragmeter.core.errors import ClusterError, SchemaError
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.schedule.plan import Shard
from ragmeter.jobs.names import INDEX_VARIABLE
from ragmeter.run import store

RAW, RESULT = "raw", "result"
FAILURE: Final = "failure"
"""Of a pod that measured nothing: why, in sentences."""
OUTCOME: Final = "outcome"
"""The note of a result that says how it was judged."""


def shard_of(environment: Mapping[str, str], count: int) -> Shard:
    """Which shard of an order for ``count`` pods this pod sends. Raises ClusterError where the cluster did not say."""
    number = environment.get(INDEX_VARIABLE, "0")
    if not number.isdecimal() or int(number) >= count:
        raise ClusterError(f"environment {INDEX_VARIABLE}: {number!r} is not one of {count} pods, counted from 0")
    return Shard(number=int(number), count=count)


def claim(order: str, shard: Shard, pod: str) -> None:
    """Begin the order. Raises ClusterError when another pod began it, and outside a pod.

    A cluster may replace a pod that was killed; a load that nobody asked for again must not be sent.
    """
    with connected(None, own_namespace()) as cluster:
        try:
            Documents(cluster=cluster, run=order).keep(f"claim-{shard.number}", pod.encode())
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


def give_up(order: str, shard: Shard, reasons: str) -> None:
    """Leave why nothing was measured. Raises ClusterError."""
    with connected(None, own_namespace()) as cluster:
        Documents(cluster=cluster, run=order).keep(f"{FAILURE}-{shard.number}", reasons.encode())


def record_in(documents: Documents, name: str) -> SavedRun | None:
    """A raw record that a pod left; None while it is not there. Raises ClusterError, SchemaError."""
    content = documents.find(name)
    if content is None:
        return None
    where = f"{documents.run}: {name}"
    plan, samples, ending = store.parsed(content.decode("utf-8", "replace"), where)
    return SavedRun(path=where, plan=plan, samples=samples, ending=ending)
