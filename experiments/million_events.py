"""A million token events through a whole load process: what they cost in time and memory.

    python million_events.py URL STREAMS REQUESTS

A closed loop, as the suite drives it: requests, times, parsing, and a sample made of each answer, which is passed on
and forgotten. Writes one JSON document.
"""

import asyncio
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

from experiments.stream_truth import Script, pinned, truth_server
from experiments.timed_clients import rss_mb
from ragmeter.core.requests.records import RequestSample
from ragmeter.core.schedule.phases import trial
from ragmeter.run.load.loader import Loader, fast_loop
from tests.run.cases import provider, workload

EVENTS, STREAMS, TOKENS = 1_000_000, 600, 100
SCRIPT = Script(ttft_ms=100, itl_ms=10, tokens=TOKENS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Million:
    """inexact, failed: events and requests. cpu_s, wall_s: of the load. before_mb: memory before, rss_mb: most."""

    events: int
    inexact: int
    failed: int
    cpu_s: float
    wall_s: float
    before_mb: float
    rss_mb: float

    @property
    def rate(self) -> float:
        return self.events / self.wall_s

    @property
    def cpu_us(self) -> float:
        return self.cpu_s / self.events * 1e6

    @property
    def cpu(self) -> float:
        return self.cpu_s / self.wall_s


def a_million() -> Million:
    """In a process of its own."""
    module = [sys.executable, "-m", "experiments.million_events"]
    with truth_server(SCRIPT, prefix=pinned(-1)) as server:
        command = [*pinned(0), *module, server.base_url, str(STREAMS), str(EVENTS // TOKENS)]
        return Million(**json.loads(subprocess.run(command, check=True, capture_output=True, timeout=120).stdout))


class Counted:
    """Counts events, and forgets the samples."""

    def __init__(self) -> None:
        self.events = self.inexact = self.failed = 0

    def started(self) -> None: ...

    def ended(self, sample: RequestSample) -> None:
        self.events += len(sample.events_ns)
        self.inexact += len(sample.inexact_events or ())
        self.failed += not sample.ok


async def main(base_url: str, streams: int, requests: int) -> Million:
    planned = workload(target="openai", model_id="truth", requests=requests, warmup_requests=0, concurrency=streams)
    heard = Counted()
    loader = Loader(planned, provider(base_url), origin_ns=time.monotonic_ns(), listener=heard)
    await loader.connect(streams)
    before_mb = rss_mb()
    (phase,) = trial(planned, 0)
    effort = await loader.prepare(phase).run()
    await loader.aclose()
    return Million(
        events=heard.events,
        inexact=heard.inexact,
        failed=heard.failed,
        cpu_s=effort.cpu_s,
        wall_s=effort.wall_s,
        before_mb=before_mb,
        rss_mb=rss_mb(),
    )


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=fast_loop) as runner:
        json.dump(asdict(runner.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))), sys.stdout)
