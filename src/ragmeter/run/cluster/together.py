"""Several shards of one order at once: they agree on the plan and on the start of each phase, each sends its part, and
each pod makes the record of the whole run from those of all.

They meet in the documents of the order. A start is a moment on the clocks of their machines, which time servers keep
together to milliseconds. The first shard decides it, when all have said that they are ready.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from ragmeter.clients.kube.api import connected
from ragmeter.clients.kube.documents import Documents, own_namespace
from ragmeter.clients.polling import poll
from ragmeter.core.campaign.events import Emit, unheard
from ragmeter.core.client.floor import Calibration
from ragmeter.core.codec import decode, encode
from ragmeter.core.errors import ClusterError
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.run.merging import merged
from ragmeter.core.run.plan import RunEnding, RunPlan
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.schedule.plan import Shard
from ragmeter.run.cluster.results import record_in
from ragmeter.run.cluster.shard import Beginning, run_shard

POLL_S: Final = 0.5
GATHER_S: Final = 180
"""Time for the other pods to come up: their node may still have to pull the image."""
LEAD_S: Final = 5
"""From the agreement to the start: each shard polls and connects in between."""
FINISH_S: Final = 60
INTERRUPTED_FINISH_S: Final = 20
"""Pods of a run that is stopped are stopped together, and have a minute to leave what they measured."""

T = TypeVar("T")


def run_together(
    order: str, plan: RunPlan, provider: Provider, shard: Shard, *, path: Path, emit: Emit = unheard
) -> SavedRun:
    """The record of all shards. path: of this pod's own.

    A pod that dies leaves no record: the run is then interrupted and says which. Raises ClusterError when the others
    do not come up, and what `run_shard` raises.
    """
    with connected(None, own_namespace()) as cluster:
        barrier = Barrier(documents=Documents(cluster=cluster, run=order), shard=shard)
        agreed, at = barrier.open(plan)
        part = Part(provider=provider, calibration=plan.calibration, path=path, emit=emit)
        ending = send_part(barrier, agreed, at, part)
        finish_s = barrier.patience_s() if ending.status == "complete" else INTERRUPTED_FINISH_S
        names = (f"shard-{number}" for number in range(shard.count))
        records = [waited(partial(record_in, barrier.documents, name), finish_s) for name in names]
    whole = merged([record for record in records if record is not None])
    return SavedRun(path=str(path), plan=whole[0], samples=whole[1], ending=whole[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one shard sends over, and where its record goes. emit, halt: as in `measure.Conditions`."""

    provider: Provider
    calibration: Calibration | None
    path: Path
    emit: Emit = unheard
    halt: Callable[[], str | None] = lambda: None


def send_part(barrier: "Barrier", plan: RunPlan, at: datetime, part: Part) -> RunEnding:
    """Send the shard and leave its record for the others. plan, at: as agreed."""
    ending = run_shard(
        replace(plan, calibration=part.calibration),
        part.provider,
        barrier.shard,
        Beginning(at=at, agreed=barrier.next),
        path=part.path,
        emit=part.emit,
        clock=plan.clock,
        halt=part.halt,
    )
    barrier.documents.keep(f"shard-{barrier.shard.number}", part.path.read_bytes())
    return ending


@dataclass(slots=True, kw_only=True)
class Barrier:
    """How one shard agrees with the others. halt: why it should wait no longer, if so."""

    documents: Documents
    shard: Shard
    halt: Callable[[], str | None] = lambda: None
    _began_s: float = 0.0
    _pause_s: float = 0.0

    def open(self, plan: RunPlan | None) -> tuple[RunPlan, datetime]:
        """The plan of the first shard, and when the first phase begins. plan: of this shard; the first needs one.

        Raises ClusterError when the others do not come.
        """
        self._ready(0)
        if self.shard.number == 0 and plan is not None:
            for number in range(self.shard.count):
                if self._others(f"ready-0-{number}", GATHER_S) is None:
                    raise ClusterError(f"pod {number} of {self.shard.count} was not ready in {GATHER_S} s")
            self._start(0, LEAD_S, plan)
        start = self._others("start-0", GATHER_S)
        if start is None:
            raise ClusterError(self.halt() or f"pod 0 of {self.shard.count} gave no start in {GATHER_S} s")
        said = json.loads(start)
        agreed = decode(RunPlan, said["plan"], where="start")
        self._began_s, self._pause_s = time.monotonic(), max(LEAD_S, agreed.workload.cool_down_s)
        return agreed, datetime.fromisoformat(said["at"])

    def next(self, number: int) -> datetime | None:
        """When the phase of this number begins; None when another shard has ended early or does not come."""
        self._ready(number)
        if self.shard.number == 0:
            for other in range(1, self.shard.count):
                if self._phase_of(f"ready-{number}-{other}", other) is None:
                    return None
            self._start(number, self._pause_s)
        start = self._phase_of(f"start-{number}", 0)
        return None if start is None else datetime.fromisoformat(json.loads(start)["at"])

    def patience_s(self) -> float:
        """For shards that are slower."""
        return FINISH_S + time.monotonic() - self._began_s

    def _ready(self, number: int) -> None:
        self.documents.keep(f"ready-{number}-{self.shard.number}", b"")

    def _start(self, number: int, lead_s: float, plan: RunPlan | None = None) -> None:
        said = {"at": (datetime.now(UTC) + timedelta(seconds=lead_s)).isoformat()}
        with_plan = {**said, "plan": encode(plan)} if plan is not None else said
        self.documents.keep(f"start-{number}", json.dumps(with_plan).encode())

    def _others(self, name: str, within_s: float) -> bytes | None:
        return waited(partial(self.documents.find, name), within_s, self.halt)

    def _phase_of(self, name: str, other: int) -> bytes | None:
        """A document of another shard; None once that shard has left its record instead: it has ended."""
        ended = f"shard-{other}"

        def look() -> tuple[bytes | None] | None:
            found = self.documents.find(name)
            return (found,) if found is not None or self.documents.find(ended) is not None else None

        seen = waited(look, self.patience_s(), self.halt)
        return None if seen is None else seen[0]


def waited(look: Callable[[], T | None], within_s: float, halt: Callable[[], str | None] = lambda: None) -> T | None:
    """What is found; None when it is not there in time."""
    return poll(look, every_s=POLL_S, deadline=time.monotonic() + within_s, halt=halt)
