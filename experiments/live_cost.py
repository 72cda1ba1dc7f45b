"""What `--bench-live` does to the clock: ``python -m experiments.live_cost [ROUNDS]``.

The same load is sent to a ground-truth server with the live page and without, in turns, while a reader asks for the
series every second as the page does. Printed are the medians of TTFT and of the gaps between tokens in both, and their
ratio with its range over the rounds.
"""

import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

import httpx

from ragmeter.clients.files import schema
from ragmeter.core.campaign.events import Emit, unheard
from ragmeter.core.inputs.provider import provider_from
from ragmeter.core.inputs.workload import Workload, workload_from
from ragmeter.core.requests.measures import ttft_ms
from ragmeter.core.requests.records import Phase, RequestSample
from ragmeter.core.schedule.phases import phases
from ragmeter.run.processes.living import Live
from ragmeter.run.session.measure import Conditions, measure
from ragmeter.testing import GroundTruthServer, StreamScript

SCRIPT: Final = StreamScript(ttft_ms=40, itl_ms=10, tokens=32)
REQUESTS: Final = 300
USERS: Final = 10


@dataclass(frozen=True, slots=True)
class Seen:
    """Medians in ms."""

    ttft_ms: float
    gap_ms: float


def seen(samples: Sequence[RequestSample]) -> Seen:
    """Of the measured requests."""
    own = [each for each in samples if each.phase is Phase.MEASURED and each.ok]
    gaps = [(each.events_ns[-1] - each.events_ns[0]) / 1e6 / (len(each.events_ns) - 1) for each in own]
    return Seen(median(first for each in own if (first := ttft_ms(each)) is not None), median(gaps))


def _load(requests: int) -> Workload:
    document = {
        "schema": "workload.v1",
        "name": "live",
        "cache": {"kv": "natural"},
        "benchmark": {"requests": requests, "concurrency": USERS, "timeout": 60, "max_output_tokens": 32},
        "prompts": ["What is the time to first token?"],
    }
    made = workload_from(document, path="live.yaml", prompts=(), settings=(), schema=schema("workload.v1"))
    return replace(made, warmup_requests=USERS)


def measured(url: str, workload: Workload, emit: Emit = unheard) -> Seen:
    """One run."""
    document = {"schema": "provider.v1", "name": "mine", "base_url": url}
    provider = provider_from(document, path="mine.yaml", environment={}, base_url=None, schema=schema("provider.v1"))
    conditions = Conditions(
        provider=provider, origin_ns=time.monotonic_ns(), keep=lambda _: None, watch=lambda: None, emit=emit
    )
    samples, _ = measure(workload, phases(workload), conditions)
    return seen(samples)


def watched(url: str, workload: Workload) -> Seen:
    """One run that is shown, and looked at every second."""
    live, over = Live(), threading.Event()
    live.start()
    looking = threading.Thread(target=_look, args=(live.url, over.wait))
    looking.start()
    try:
        return measured(url, workload, live)
    finally:
        over.set()
        looking.join()
        live.close()


def _look(url: str, is_over: Callable[[float], bool]) -> None:
    while not is_over(1.0):
        with suppress(httpx.HTTPError):
            httpx.get(f"{url}series.json", trust_env=False)


def main(rounds: int = 5, requests: int = REQUESTS) -> list[tuple[Seen, Seen]]:
    """Without and with, of each round; printed, too."""
    workload, pairs = _load(requests), []
    with GroundTruthServer(SCRIPT, process=True) as server:
        for number in range(rounds):
            turns = [measured, watched] if number % 2 == 0 else [watched, measured]
            found = {turn: turn(server.base_url, workload) for turn in turns}
            pairs.append((found[measured], found[watched]))
    for name in ("ttft_ms", "gap_ms"):
        ratios = sorted(getattr(shown, name) / getattr(plain, name) for plain, shown in pairs)
        plain, shown = (median(getattr(pair[side], name) for pair in pairs) for side in (0, 1))
        print(
            f"{name}: {plain:.3f} without, {shown:.3f} with; ratio {median(ratios):.4f}, "
            f"{ratios[0]:.4f} to {ratios[-1]:.4f} over {rounds} rounds"
        )
    return pairs


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:]))
