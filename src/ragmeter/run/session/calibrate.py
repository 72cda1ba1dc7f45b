"""The client before a run: how far off is it, at the load that is asked for, against a server whose times are known?"""

import math
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import httpx

from ragmeter.clients.connection.tls_files import verification
from ragmeter.clients.plugins.registry import PLUGIN
from ragmeter.core.client.floor import Calibration, floor_of
from ragmeter.core.errors import TargetError
from ragmeter.core.inputs.access.proxy import DIRECT
from ragmeter.core.inputs.access.tls import OF_THE_SYSTEM
from ragmeter.core.inputs.provider import Provider
from ragmeter.core.inputs.workload import Workload
from ragmeter.core.requests.records import Phase
from ragmeter.core.run.plan import CTRL_C, RunPlan
from ragmeter.core.schedule.phases import phases
from ragmeter.core.schedule.shards import shared
from ragmeter.run.processes.children import Child
from ragmeter.run.processes.workers import Workers
from ragmeter.run.session.measure import Conditions, measure

STREAM_S = 0.3
FIRST_MS = 50.0
MIN_GAP_MS = 20.0
MAX_EVENTS_PER_S = 5000.0
"""What a server in Python still writes on time. Of more streams each is slower."""
MIN_RATE_PER_S = 10.0
START_S = 30.0
_NOT_OF_PLUGINS = (
    "the client was not calibrated: a plug-in's own client dates the answers, and no server of known times speaks its "
    "protocol"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Streams:
    """What the server plays, and how it is asked."""

    gap_ms: float
    events: int
    workload: Workload


def calibrate(workload: Workload, provider: Provider, workers: Workers, *, clock: str) -> Calibration:
    """Send what the workload sends, as much at once and as often, to a ground-truth server on this machine: a second.

    The first requests are left out: connections and code are cold. Raises TargetError when it did not work out, and
    KeyboardInterrupt.
    """
    streams = _streams(workload)
    with _server(streams) as url:
        conditions = Conditions(
            provider=replace(provider, base_url=url, headers={}, tls=OF_THE_SYSTEM, http2=False, proxies=DIRECT),
            origin_ns=0,
            keep=lambda _sample: None,
            watch=lambda: None,
            clock=clock,
            workers=workers,
        )
        samples, ending = measure(streams.workload, phases(streams.workload), conditions)
        if ending.reason == CTRL_C:
            raise KeyboardInterrupt
        measured = [sample for sample in samples if sample.phase is Phase.MEASURED]
        if ending.reason or not any(sample.ok for sample in measured):
            raise TargetError(ending.reason or f"no request succeeded; the last: {measured[-1].failure}")
        written_ns = _written_ns(url)
    return Calibration(
        requests=len(measured),
        concurrency=streams.workload.concurrency,
        rate_per_s=streams.workload.rate_per_s,
        events_per_s=streams.events * len(measured) / _span_s([(s.scheduled_ns, s.ended_ns) for s in measured]),
        floors=floor_of(measured, written_ns),
        client_cpu_ratio=ending.client_cpu_ratio,
    )


def calibrated(plan: RunPlan, provider: Provider, workers: Workers, *, shards: int = 1) -> RunPlan:
    """The plan with the calibration of this machine's client; one that fails is a warning of the run.

    shards: how many machines send the load: the client is calibrated at its share of it. A shard is calibrated before
    the common start, by the caller, and never between the phases, where the others would wait for it.
    """
    if plan.clock == PLUGIN:
        return replace(plan, warnings=(*plan.warnings, _NOT_OF_PLUGINS))
    try:
        found = calibrate(shared(plan.workload, shards), provider, workers, clock=plan.clock)
    except TargetError as error:
        return replace(plan, warnings=(*plan.warnings, f"the client could not be calibrated: {error}"))
    return replace(plan, calibration=found)


def _streams(workload: Workload) -> _Streams:
    rate = workload.peak_rate_per_s
    at_once = (workload.concurrency or 1) if rate is None else rate * STREAM_S
    gap_ms = max(MIN_GAP_MS, at_once / MAX_EVENTS_PER_S * 1e3)
    asked = _closed(workload) if rate is None else _open(workload, max(rate, MIN_RATE_PER_S))
    asked = replace(_known(asked), trials=1, duration_s=None, timeout_s=START_S, caches=None)
    return _Streams(gap_ms=gap_ms, events=max(2, round(STREAM_S * 1e3 / gap_ms)), workload=asked)


def _known(workload: Workload) -> Workload:
    """With a target that the server speaks: how late the client is does not depend on the words of a stream."""
    workload = replace(workload, sessions=None, leaving=None)
    return replace(workload, target="openai", described=None, model_id="any") if workload.described else workload


def _closed(workload: Workload) -> Workload:
    slots = workload.concurrency or 1
    return replace(workload, requests=max(2 * slots, 8), warmup_requests=slots)


def _open(workload: Workload, rate_per_s: float) -> Workload:
    """Poisson starts for a second, whatever the shape."""
    starts = math.ceil(rate_per_s)
    asked = replace(workload, shape="poisson", rate_per_s=rate_per_s, end_rate_per_s=None, rates_per_s=(), trace=())
    return replace(asked, requests=starts, warmup_requests=max(2, starts // 4))


@contextmanager
def _server(streams: _Streams) -> Iterator[str]:
    """The URL of a ground-truth server in a process of its own."""
    command = [sys.executable, "-m", "ragmeter.testing", f"--ttft-ms={FIRST_MS}", f"--itl-ms={streams.gap_ms}"]
    child = Child("null server", [*command, f"--tokens={streams.events}"], environment=os.environ)
    try:
        yield child.wait_for_url(time.monotonic() + START_S)
    finally:
        child.stop()


def _written_ns(url: str) -> dict[str, list[int]]:
    """By request id, when the server wrote each text event."""
    try:
        truths = httpx.get(f"{url}/truths", verify=verification(url), trust_env=False, timeout=START_S).json()
    except httpx.HTTPError as error:
        raise TargetError(f"the null server did not say what it did: {error or type(error).__name__}") from error
    return {truth["request_id"]: truth["text_ns"] for truth in truths}


def _span_s(spans_ns: list[tuple[int, int]]) -> float:
    return (max(end for _, end in spans_ns) - min(begin for begin, _ in spans_ns)) / 1e9
