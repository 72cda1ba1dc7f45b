"""The part of a load that is sent from outside of a cluster, while pods send the rest from inside."""

from collections.abc import Callable

from ragmeter.clients.kube.documents import Documents
from ragmeter.core.campaign.events import Emit, unheard
from ragmeter.core.client.floor import Calibration
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.run.plan import RunEnding
from ragmeter.core.schedule.plan import Shard
from ragmeter.run.cluster.together import Barrier, Part, send_part
from ragmeter.run.processes.scratch import scratch_folder
from ragmeter.run.store import suffix


def send_outside(
    documents: Documents,
    halt: Callable[[], str | None],
    *,
    pods: int,
    provider: Provider,
    calibration: Calibration | None,
    emit: Emit = unheard,
) -> RunEnding:
    """Send the last shard beside those of the pods, and leave its record to them.

    provider: where the service is as its users reach it. halt: why the pods cannot go on, if so. Raises ClusterError
    when they give no start, ConfigError when this machine has not their clock, TargetError.
    """
    shard = Shard(number=pods, count=pods + 1, vantage="outside")
    barrier = Barrier(documents=documents, shard=shard, halt=halt)
    plan, at = barrier.open(None)
    with scratch_folder("ragmeter-outside-") as folder:
        path = folder / f"outside{suffix}"
        part = Part(provider=provider, calibration=calibration, path=path, emit=emit, halt=halt)
        return send_part(barrier, plan, at, part)
