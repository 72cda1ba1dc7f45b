"""How often real runs see an edge where there is none: `python -m experiments.edge_runs`, five minutes for 20 runs.

One server on this machine, without an edge, is asked from two sides that agree on each start, as pods and the client
outside of `--bench-edge` do; a side is a thread here, with load processes of its own. The server plays a few streams at
once, so that requests of both sides queue in it. Every second run is one whose server reports times of its own.
`experiments.edge_truth` simulates the same, many times.
"""

import argparse
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ragmeter.core.compare.edge import Edge, edge_of
from ragmeter.core.run.merging import merged
from ragmeter.core.run.saved import SavedRun
from ragmeter.core.schedule.plan import Shard, Vantage
from ragmeter.run.cluster.shard import Beginning, run_shard
from ragmeter.run.store import read
from ragmeter.testing import GroundTruthServer, StreamScript
from tests.run.cases import plan, provider, workload

SIDES: tuple[Vantage, ...] = ("inside", "outside")
SLOTS, LANES, TRIALS, REQUESTS = 6, 4, 5, 60
STREAM = StreamScript(ttft_ms=40, itl_ms=5, tokens=4)
LEAD_S = 1.0
"""From the agreement to the start of a phase: each side connects in between."""
PATIENCE_S = 120.0


def edge_without_one(number: int, folder: Path) -> Edge:
    """What a run says of the edge that is not there. number: of the run; odd ones ask a server that reports times."""
    load = workload(
        target="rag" if number % 2 else "openai",
        requests=REQUESTS,
        concurrency=SLOTS,
        trials=TRIALS,
        warmup_requests=SLOTS,
        seed=number,
    )
    made = plan(workload=load, run_id=f"edge-{number}")
    with GroundTruthServer(STREAM, process=True, lanes=LANES) as server, ThreadPoolExecutor(len(SIDES)) as sides:
        begun, agreed = _soon(), _meeting()

        def side(which: int) -> SavedRun:
            path = folder / f"{number}-{which}.raw.jsonl"
            shard = Shard(number=which, count=len(SIDES), vantage=SIDES[which])
            run_shard(made, provider(server.base_url), shard, Beginning(at=begun, agreed=agreed), path=path)
            of_side, samples, ending = read(path)
            return SavedRun(path=str(path), plan=of_side, samples=samples, ending=ending)

        whole, samples, ending = merged(list(sides.map(side, range(len(SIDES)))))
    edge = edge_of(samples, whole, ending)
    assert edge is not None, "both sides have measured"
    return edge


def _soon() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=LEAD_S)


def _meeting() -> Callable[[int], datetime]:
    """Both sides come, and both get the same start."""
    starts: list[datetime] = []
    barrier = threading.Barrier(len(SIDES), action=lambda: starts.append(_soon()), timeout=PATIENCE_S)

    def agreed(number: int) -> datetime:
        barrier.wait()
        return starts[number - 1]

    return agreed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    asked = parser.parse_args()
    shown = 0
    with tempfile.TemporaryDirectory(prefix="edge-runs-") as folder:
        for number in range(asked.runs):
            edge = edge_without_one(number, Path(folder))
            shown += not edge.sentence.startswith("no difference is shown")
            print(f"{number}: {'reports' if number % 2 else 'does not report'}: {edge.sentence}", flush=True)
    print(f"an edge is shown in {shown} of {asked.runs} runs")


if __name__ == "__main__":
    main()
