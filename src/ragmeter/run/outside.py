"""The part of a load that is sent from outside of a cluster, while pods send the rest from inside."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from ragmeter.clients.kube_documents import Documents
from ragmeter.core.provider import Provider
from ragmeter.core.result import Calibration
from ragmeter.core.run import RunEnding, Shard
from ragmeter.run.measure import Observer
from ragmeter.run.store import suffix
from ragmeter.run.together import Meeting, Part, send_part


def send_outside(
    documents: Documents,
    halt: Callable[[], str | None],
    *,
    pods: int,
    provider: Provider,
    calibration: Calibration | None,
    observer: Observer,
) -> RunEnding:
    """Send the last shard beside those of the pods, and leave its record to them.

    provider: where the service is as its users reach it. halt: why the pods cannot go on, if so. Raises ClusterError
    when they give no start, ConfigError when this machine has not their clock, TargetError.
    """
    shard = Shard(number=pods, count=pods + 1, vantage="outside")
    meeting = Meeting(documents=documents, shard=shard, halt=halt)
    plan, at = meeting.open(None)
    with tempfile.TemporaryDirectory(prefix="ragmeter-outside-") as folder:
        path = Path(folder, f"outside{suffix}")
        part = Part(provider=provider, calibration=calibration, path=path, observer=observer, halt=halt)
        return send_part(meeting, plan, at, part)
