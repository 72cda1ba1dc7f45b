"""Several pods that carry out one order at once: they agree on the plan and its start, each sends its shard, and each
makes the record of the whole run from those of all.

They meet in the documents of the order. The start is a moment on the clocks of their nodes, which a cluster keeps
together to milliseconds.
"""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from ragmeter.clients.kube_api import connected
from ragmeter.clients.kube_documents import Documents, own_namespace
from ragmeter.core.codec import decode, encode
from ragmeter.core.errors import ClusterError
from ragmeter.core.merging import merged
from ragmeter.core.provider import Provider
from ragmeter.core.run import RunPlan, Shard
from ragmeter.core.sides import SavedRun
from ragmeter.run.measure import Observer
from ragmeter.run.order import record_in
from ragmeter.run.shard import Beginning, run_shard

POLL_S: Final = 0.5
GATHER_S: Final = 180
"""Time for the other pods to come up: their node may still have to pull the image."""
LEAD_S: Final = 5
"""From the agreement to the start: each pod polls and connects in between."""
FINISH_S: Final = 60
INTERRUPTED_FINISH_S: Final = 20
"""Pods of a run that is stopped are stopped together, and have a minute to leave what they measured."""

T = TypeVar("T")


def run_together(
    order: str, plan: RunPlan, provider: Provider, shard: Shard, *, path: Path, observer: Observer
) -> SavedRun:
    """The record of all shards. path: of this pod's own.

    A pod that dies leaves no record: the run is then interrupted and says which. Raises ClusterError when the others
    do not come up, and what `run_shard` raises.
    """
    with connected(None, own_namespace()) as cluster:
        documents = Documents(cluster=cluster, run=order)
        agreed, at = _agreed(documents, plan, shard)
        began_s = time.monotonic()
        ending = run_shard(agreed, provider, shard, Beginning(at=at), path=path, observer=observer)
        documents.keep(f"shard-{shard.number}", path.read_bytes())
        took_s = time.monotonic() - began_s
        finish_s = FINISH_S + took_s if ending.status == "complete" else INTERRUPTED_FINISH_S
        names = (f"shard-{number}" for number in range(shard.count))
        records = [_waited(partial(record_in, documents, name), finish_s) for name in names]
    whole = merged([record for record in records if record is not None])
    return SavedRun(path=str(path), plan=whole[0], samples=whole[1], ending=whole[2])


def _agreed(documents: Documents, plan: RunPlan, shard: Shard) -> tuple[RunPlan, datetime]:
    """The plan of the first shard and the moment at which all begin; they are decided when everybody is there."""
    documents.keep(f"ready-{shard.number}", b"")
    if shard.number == 0:
        for number in range(shard.count):
            if _waited(partial(documents.find, f"ready-{number}"), GATHER_S) is None:
                raise ClusterError(f"pod {number} of {shard.count} was not ready in {GATHER_S} s")
        at = datetime.now(UTC) + timedelta(seconds=LEAD_S)
        documents.keep("start", json.dumps({"at": at.isoformat(), "plan": encode(plan)}).encode())
        return plan, at
    start = _waited(partial(documents.find, "start"), GATHER_S)
    if start is None:
        raise ClusterError(f"pod 0 of {shard.count} gave no start in {GATHER_S} s")
    said = json.loads(start)
    return decode(RunPlan, said["plan"], where="start"), datetime.fromisoformat(said["at"])


def _waited(look: Callable[[], T | None], within_s: float) -> T | None:
    """What is found; None when it is not there in time."""
    deadline = time.monotonic() + within_s
    while (found := look()) is None and time.monotonic() < deadline:
        time.sleep(POLL_S)
    return found
